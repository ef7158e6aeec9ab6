#include <algorithm>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"
#include "native/ops/merge.h"

namespace gemmfit::ops {
namespace {

// A part of its input along an axis: several of them split it. A mask over that axis is cut too.
class Slice : public Op {
 public:
  Slice(const Value& spec, const OpEnv& env) {
    in = out = env.in;
    const int64_t axis = axisOf("slice", spec, in);
    const AxisRuns runs(in, axis);
    const int64_t begin = spec.integer("begin", 0), size = spec.integer("size");
    if (begin < 0 || size < 1 || size > runs.length || begin > runs.length - size)
      throw Error("ERR_SPEC", "slice: there are no " + std::to_string(size) + " from " + std::to_string(begin) + " on of the " +
                                  std::to_string(runs.length) + " along its axis");
    out[asSize(axis)] = size;
    outer_ = runs.outer;
    run_ = runs.length * runs.inner;
    first_ = begin * runs.inner;
    count_ = size * runs.inner;
    canAddDx = true;
    flopsPerRow = 4 * static_cast<double>(sizeOf(out));
    const int64_t axes = env.maskSteps > 0 ? maskedAxes("slice", in, env.maskSteps) : 0;
    if (axis >= axes) return;
    mask = Mask::make;
    maskSteps = env.maskSteps / runs.length * size;
    maskRun_ = env.maskSteps / outer_;
    maskFirst_ = maskRun_ / runs.length * begin;
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t r = begin * outer_; r < end * outer_; ++r) std::copy_n(x + r * run_ + first_, count_, y + r * count_);
    if (mask != Mask::make) return;
    const int64_t count = maskSteps / outer_;
    for (int64_t r = begin * outer_; r < end * outer_; ++r) std::copy_n(maskIn + r * maskRun_ + maskFirst_, count, maskOut + r * count);
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (!addsDx) std::fill(dx + begin * outer_ * run_, dx + end * outer_ * run_, 0.0f);
    for (int64_t r = begin * outer_; r < end * outer_; ++r) give(dx + r * run_ + first_, addsDx, dy + r * count_, count_);
  }

 private:
  int64_t outer_ = 1, run_ = 1, first_ = 0, count_ = 1, maskRun_ = 0, maskFirst_ = 0;
};

}  // namespace

// { op: 'slice', axis?, begin?, size }
std::unique_ptr<Op> slice(const Value& spec, const OpEnv& env) { return std::make_unique<Slice>(spec, env); }

}  // namespace gemmfit::ops
