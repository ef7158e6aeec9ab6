#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/activations.h"
#include "native/kernels/elementwise.h"
#include "native/kernels/softmax.h"

namespace gemmfit::ops {
namespace {

// The sigmoid or softmax at the end of a program together with a penalty on what it makes, (l1 sum|y| + l2 sum(y^2)) / rows: one op, so
// that a cross-entropy can still take its input, the logits. The loss then skips it in the backward pass, and only the penalty goes
// through it: `addPenaltyGradient`.
class PenalizedActivation : public Op {
 public:
  PenalizedActivation(const Value& spec, const OpEnv& env)
      : n_(sizeOf(env.in)),
        width_(lastAxis(env.in)),
        l1_(static_cast<float>(spec.number("l1", 0))),
        l2_(static_cast<float>(spec.number("l2", 0))),
        softmax_(spec.text("activation", "") == "softmax") {
    if (!softmax_ && spec.text("activation", "") != "sigmoid")
      throw Error("ERR_SPEC", "penalizedActivation is for sigmoid and softmax along the last axis");
    if (!(l1_ >= 0 && l2_ >= 0)) throw Error("ERR_SPEC", "penalizedActivation: l1 and l2 must be 0 or above");
    sigmoid_.kind = ActivationKind::sigmoid;
    in = out = env.in;
    readsY = true;
    flopsPerRow = 92 * static_cast<double>(n_);
    if (env.training) scratchSpec = {{n_}};
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (softmax_)
      softmaxRows(x + begin * n_, y + begin * n_, (end - begin) * n_ / width_, width_);
    else
      activationForward(sigmoid_, x + begin * n_, y + begin * n_, (end - begin) * n_);
  }

  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (dx) gradient(step, begin, end, dy + begin * n_, dx + begin * n_);
  }

  bool hasPenalty() const override { return l1_ > 0 || l2_ > 0; }
  double penalty(const Step&, int64_t begin, int64_t end) override { return l1l2Sum(l1_, l2_, y + begin * n_, (end - begin) * n_); }

  void addPenaltyGradient(const Step& step, int64_t begin, int64_t end) override {
    float* own = scratch[0] + begin * n_;
    float* all = dx + begin * n_;
    std::fill(own, own + (end - begin) * n_, 0.0f);
    gradient(step, begin, end, own, own);
    for (int64_t i = 0; i < (end - begin) * n_; ++i) all[i] += own[i];
  }

 private:
  // Of the rows: from dy, the gradient of the loss, to that of the input, with the penalty's. `to` may be `from`.
  void gradient(const Step& step, int64_t begin, int64_t end, const float* from, float* to) const {
    const int64_t count = (end - begin) * n_;
    const float* made = y + begin * n_;
    addL1L2Gradient(l1_, l2_, 1.0f / static_cast<float>(step.samples), made, from, to, count);
    if (softmax_)
      softmaxGradient({count / width_, width_, 1}, made, to, to);
    else
      activationBackward(sigmoid_, made, to, to, count);
  }

  int64_t n_, width_;
  float l1_, l2_;
  bool softmax_;
  ActivationFunction sigmoid_;
};

}  // namespace

// { op: 'penalizedActivation', activation: 'sigmoid' or 'softmax', l1?, l2? }
std::unique_ptr<Op> penalizedActivation(const Value& spec, const OpEnv& env) { return std::make_unique<PenalizedActivation>(spec, env); }

}  // namespace gemmfit::ops
