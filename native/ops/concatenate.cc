#include <algorithm>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"
#include "native/ops/merge.h"

namespace gemmfit::ops {
namespace {

// Values side by side along an axis. Masks stand side by side with them where the axis is of steps; else a step counts where all masks
// count it. A value without a mask counts everywhere.
class Concatenate : public Op {
 public:
  Concatenate(const Value& spec, const OpEnv& env) {
    if (env.others.empty()) throw Error("ERR_SPEC", "concatenate needs two inputs or more");
    const int64_t axis = axisOf("concatenate", spec, env.in);
    in = out = env.in;
    canAddDx = true;
    runs_.push_back(AxisRuns(in, axis).length * AxisRuns(in, axis).inner);
    outer_ = AxisRuns(in, axis).outer;
    for (const OpEnv::Other& other : env.others) {
      Shape fits = other.in;
      if (fits.size() == in.size()) fits[asSize(axis)] = in[asSize(axis)];
      if (fits != in)
        throw Error("ERR_SHAPE", "concatenate: samples of shapes " + toString(in) + " and " + toString(other.in) + " do not fit together");
      out[asSize(axis)] += other.in[asSize(axis)];
      runs_.push_back(AxisRuns(other.in, axis).length * AxisRuns(other.in, axis).inner);
    }
    flopsPerRow = 4 * static_cast<double>(sizeOf(out));
    planMasks(env, axis);
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    int64_t at = 0;
    for (size_t k = 0; k < runs_.size(); at += runs_[k++]) {
      const float* from = k == 0 ? x : others[k - 1].x;
      for (int64_t r = begin * outer_; r < end * outer_; ++r) std::copy_n(from + r * runs_[k], runs_[k], y + r * width() + at);
    }
    if (mask == Mask::make) joins_ ? joinMasks(begin, end) : meetMasks(begin, end);
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    int64_t at = 0;
    for (size_t k = 0; k < runs_.size(); at += runs_[k++]) {
      float* to = k == 0 ? dx : others[k - 1].dx;
      const bool adds = k == 0 ? addsDx : others[k - 1].addsDx;
      if (!to) continue;
      for (int64_t r = begin * outer_; r < end * outer_; ++r) give(to + r * runs_[k], adds, dy + r * width() + at, runs_[k]);
    }
  }

 private:
  int64_t width() const { return sizeOf(out) / outer_; }

  void planMasks(const OpEnv& env, int64_t axis) {
    const bool same = std::all_of(env.others.begin(), env.others.end(), [](const OpEnv::Other& o) { return o.sameMask; });
    if (same && env.maskSteps == 0) return;
    masks_.push_back(env.maskSteps);
    for (const OpEnv::Other& other : env.others) masks_.push_back(other.maskSteps);
    int64_t axes = -1;
    for (size_t k = 0; k < masks_.size(); ++k) {
      if (masks_[k] == 0) continue;
      const int64_t covered = maskedAxes("concatenate", k == 0 ? env.in : env.others[k - 1].in, masks_[k]);
      if (axes >= 0 && covered != axes) throw Error("ERR_MASK", "concatenate: its inputs have masks of different axes");
      axes = covered;
    }
    joins_ = axis < axes;
    if (same && !joins_) return;
    mask = Mask::make;
    maskSteps = sizeOf(Shape(out.begin(), out.begin() + axes));
    for (size_t k = 0; k < masks_.size(); ++k) {
      const Shape& shape = k == 0 ? env.in : env.others[k - 1].in;
      counts_.push_back(sizeOf(Shape(shape.begin(), shape.begin() + axes)) / outer_);
    }
  }

  const float* maskOf(size_t k) const { return k == 0 ? maskIn : others[k - 1].mask; }

  void joinMasks(int64_t begin, int64_t end) const {
    const int64_t all = maskSteps / outer_;
    int64_t at = 0;
    for (size_t k = 0; k < counts_.size(); at += counts_[k++])
      for (int64_t r = begin * outer_; r < end * outer_; ++r) {
        float* to = maskOut + r * all + at;
        if (masks_[k] > 0)
          std::copy_n(maskOf(k) + r * counts_[k], counts_[k], to);
        else
          std::fill_n(to, counts_[k], 1.0f);
      }
  }

  void meetMasks(int64_t begin, int64_t end) const {
    for (int64_t i = begin * maskSteps; i < end * maskSteps; ++i) {
      bool counts = true;
      for (size_t k = 0; k < masks_.size(); ++k) counts = counts && (masks_[k] == 0 || maskOf(k)[i] != 0);
      maskOut[i] = counts ? 1.0f : 0.0f;
    }
  }

  int64_t outer_ = 1;
  std::vector<int64_t> runs_;    // of each input: floats from one place of the axes before to the next
  std::vector<int64_t> masks_;   // of each input: numbers of its mask
  std::vector<int64_t> counts_;  // likewise, as runs_, where masks are joined
  bool joins_ = false;
};

}  // namespace

// { op: 'concatenate', axis? }
std::unique_ptr<Op> concatenate(const Value& spec, const OpEnv& env) { return std::make_unique<Concatenate>(spec, env); }

}  // namespace gemmfit::ops
