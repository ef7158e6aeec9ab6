// A dense layer in training whose tasks each have some rows of the kernel, and their part of all three products. The forward product is
// then a sum of one term a task. Where the rows of a batch are few, a kernel's way from the core that updates it to the cores that read
// it takes longer than the products themselves; here each part is read where it was updated, because tasks of a number tend to run on the
// same thread step by step (see Team).
#include "native/engine/paths.h"
#include "native/kernels/gemm/gemm.h"
#include "native/ops/dense.h"

namespace gemmfit::ops {
namespace {

constexpr double kPartFlops = 1.2e6;
constexpr int64_t kMostParts = 8;
constexpr int64_t kRatio = 6;        // rows of the kernel to rows of the batch, from which on terms are little beside the kernel
constexpr int64_t kTileInL1 = 4096;  // floats of a gradient that are still in the first-level cache when the weights are updated

class SplitDense : public DenseBase {
 public:
  SplitDense(const Value& spec, const OpEnv& env, int64_t parts)
      : DenseBase(spec, env), parts_(parts), partRows_(ceilDiv(ceilDiv(width_, parts), 16) * 16), needsDx_(env.needsInputGradient) {
    scratchSpec.push_back({(parts_ - 1) * steps_ * units_, 0, Scratch::forward});
    termStride_ = env.batch * steps_ * units_;
  }

  std::vector<Phase> forwardPhases() const override { return {{Phase::tasks, parts_}, {}}; }
  std::vector<Phase> backwardPhases() const override { return {needsDx_ ? Phase{Phase::tasks, parts_} : Phase{}}; }
  int64_t weightTasks() const override { return parts_; }
  Columns inputColumns(int64_t task) const override { return {from(task), rowsOf(task), steps_ == 1}; }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    took(Path::denseSplit);
    if (phase == 0) {
      const int64_t rows = step.rows * steps_;
      gemm({x + from(begin), rows, rowsOf(begin), width_}, {kernel_ + from(begin) * units_, rowsOf(begin), units_, units_},
           {begin == 0 ? y : term(begin), units_, false, begin == 0 ? bias_ : nullptr}, precision_);
      return;
    }
    const int64_t first = begin * steps_ * units_, last = end * steps_ * units_;
    for (int64_t p = 1; p < parts_; ++p) {
      const float* t = term(p);
      for (int64_t i = first; i < last; ++i) y[i] += t[i];
    }
  }

  void backward(const Step& step, int, int64_t begin, int64_t) override {
    if (!dx) return;
    gemm({dy, step.rows * steps_, units_, units_}, {kernel_ + from(begin) * units_, units_, rowsOf(begin), units_, true},
         {dx + from(begin), width_}, precision_);
  }

  void weightTask(const Step& step, int64_t task) override {
    const int64_t rows = std::max<int64_t>(12, kTileInL1 / units_), last = from(task) + rowsOf(task);
    for (int64_t r = from(task); r < last; r += rows) {
      const int64_t n = std::min(rows, last - r);
      float* g = step.updater->tile(kernelId_, r * units_, n * units_);
      gemm({x + r, n, step.rows * steps_, width_, true}, {dy, step.rows * steps_, units_, units_}, {g, units_}, precision_);
      step.updater->done(kernelId_, r * units_, n * units_, g);
    }
    if (trainsBias_ && task == 0) biasGradient(step);
  }

 private:
  int64_t from(int64_t part) const { return std::min(width_, part * partRows_); }
  int64_t rowsOf(int64_t part) const { return std::min(partRows_, width_ - from(part)); }
  float* term(int64_t part) { return scratch[0] + (part - 1) * termStride_; }

  int64_t parts_, partRows_, termStride_;
  bool needsDx_;
};

}  // namespace

int64_t splitParts(const Value& spec, const OpEnv& env) {
  const int64_t width = std::max<int64_t>(1, lastAxis(env.in)), units = spec.integer("units"), rows = env.batch * (sizeOf(env.in) / width);
  const double flops = 2.0 * static_cast<double>(rows) * static_cast<double>(width) * static_cast<double>(units);
  if (rows < 1 || env.weights.empty() || !env.trainable[0] || width < kRatio * rows || 12 * units > kTileFloats) return 1;
  int64_t parts = 1;
  while (2 * parts <= std::min(kMostParts, width / rows) && static_cast<double>(2 * parts) * kPartFlops <= flops) parts *= 2;
  return parts < 4 ? 1 : parts;
}

std::unique_ptr<Op> splitDense(const Value& spec, const OpEnv& env) {
  return std::make_unique<SplitDense>(spec, env, splitParts(spec, env));
}

}  // namespace gemmfit::ops
