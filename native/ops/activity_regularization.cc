#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/elementwise.h"

namespace gemmfit::ops {
namespace {

// Passes its input on, and adds (l1 sum|x| + l2 sum(x^2)) / samples to the loss of a batch of samples.
class ActivityRegularization : public Op {
 public:
  ActivityRegularization(const Value& spec, const OpEnv& env)
      : n_(sizeOf(env.in)), l1_(static_cast<float>(spec.number("l1", 0))), l2_(static_cast<float>(spec.number("l2", 0))) {
    if (spec.text("regularizer", "l1l2") != "l1l2") throw Error("ERR_SPEC", "an activity regularizer must be made of l1 and l2");
    if (!(l1_ >= 0 && l2_ >= 0)) throw Error("ERR_SPEC", "activityRegularization: l1 and l2 must be 0 or above");
    in = out = env.in;
    identity = inPlace = true;
    readsY = active();
    flopsPerRow = active() ? 12 * static_cast<double>(n_) : 0;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (x != y) std::copy(x + begin * n_, x + end * n_, y + begin * n_);
  }
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    const int64_t at = begin * n_, count = (end - begin) * n_;
    if (!dy) std::fill(dx + at, dx + at + count, 0.0f);
    if (active())
      addL1L2Gradient(l1_, l2_, 1.0f / static_cast<float>(step.samples), y + at, dy ? dy + at : dx + at, dx + at, count);
    else if (dx != dy)
      std::copy(dy + at, dy + at + count, dx + at);
  }
  bool hasPenalty() const override { return active(); }
  double penalty(const Step&, int64_t begin, int64_t end) override { return l1l2Sum(l1_, l2_, y + begin * n_, (end - begin) * n_); }

 private:
  bool active() const { return l1_ > 0 || l2_ > 0; }
  int64_t n_;
  float l1_, l2_;
};

}  // namespace

// { op: 'activityRegularization', l1?, l2? }
std::unique_ptr<Op> activityRegularization(const Value& spec, const OpEnv& env) {
  return std::make_unique<ActivityRegularization>(spec, env);
}

}  // namespace gemmfit::ops
