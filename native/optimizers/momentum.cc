// SGD and Lion: steps along the gradient or along a running sum of gradients. Formulas and defaults: Keras 3.
#include "native/engine/optimizer.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/optimizers/momentum.cc"
#include "hwy/foreach_target.h"
#include "native/optimizers/update-inl.h"

namespace gemmfit {
#ifndef NATIVE_OPTIMIZERS_MOMENTUM_CC_
#define NATIVE_OPTIMIZERS_MOMENTUM_CC_
struct LionScalars {
  float lr, beta1, beta2, c1, c2;  // c: 1 - beta
};
#endif
}  // namespace gemmfit

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

void UpdateSgd(float lr, float* w, const float* g, int64_t n) {
  const V rate = Set(lr);
  UpdateAll<0>([=](V& x, V grad, V*) HWY_ATTR { x = hn::NegMulAdd(rate, grad, x); }, w, g, nullptr, n);
}

void UpdateMomentum(float lr, float momentum, float* w, const float* g, float* const* slot, int64_t n) {
  const V rate = Set(lr), keep = Set(momentum);
  UpdateAll<1>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulSub(keep, state[0], hn::Mul(rate, grad));
        x = hn::Add(x, state[0]);
      },
      w, g, slot, n);
}

void UpdateNesterov(float lr, float momentum, float* w, const float* g, float* const* slot, int64_t n) {
  const V rate = Set(lr), keep = Set(momentum);
  UpdateAll<1>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        const V step = hn::Mul(rate, grad);
        state[0] = hn::MulSub(keep, state[0], step);
        x = hn::Add(x, hn::MulSub(keep, state[0], step));
      },
      w, g, slot, n);
}

void UpdateLion(const LionScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V one = Set(1), rate = Set(s.lr), b1 = Set(s.beta1), b2 = Set(s.beta2), c1 = Set(s.c1), c2 = Set(s.c2);
  UpdateAll<1>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        const V ahead = hn::Add(hn::Mul(b1, state[0]), hn::Mul(c1, grad));
        const V sign = hn::IfThenElse(hn::Gt(hn::Abs(ahead), hn::Zero(D())), hn::CopySign(one, ahead), ahead);  // 0 at 0, NaN at NaN
        x = hn::NegMulAdd(rate, sign, x);
        state[0] = hn::Add(hn::Mul(b2, state[0]), hn::Mul(c2, grad));
      },
      w, g, slot, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(UpdateSgd);
HWY_EXPORT(UpdateMomentum);
HWY_EXPORT(UpdateNesterov);
HWY_EXPORT(UpdateLion);

class Sgd : public Optimizer {
 public:
  explicit Sgd(const Value& spec) : momentum_(static_cast<float>(spec.number("momentum", 0))), nesterov_(spec.flag("nesterov", false)) {}
  int slots() const override { return momentum_ == 0 ? 0 : 1; }  // momentum
  std::unique_ptr<IdleSteps> idleSteps() const override { return momentum_ == 0 ? stepsWithoutEffect() : nullptr; }
  void begin(double lr, int64_t /*t*/) override { lr_ = static_cast<float>(lr); }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    if (momentum_ == 0)
      HWY_DYNAMIC_DISPATCH(UpdateSgd)(lr_, w, g, n);
    else if (nesterov_)
      HWY_DYNAMIC_DISPATCH(UpdateNesterov)(lr_, momentum_, w, g, slot, n);
    else
      HWY_DYNAMIC_DISPATCH(UpdateMomentum)(lr_, momentum_, w, g, slot, n);
  }

 private:
  float momentum_;
  bool nesterov_;
  float lr_ = 0;
};

class Lion : public Optimizer {
 public:
  explicit Lion(const Value& spec) {
    const double beta1 = spec.number("beta1", 0.9), beta2 = spec.number("beta2", 0.99);
    s_.beta1 = static_cast<float>(beta1);
    s_.beta2 = static_cast<float>(beta2);
    s_.c1 = static_cast<float>(1 - beta1);
    s_.c2 = static_cast<float>(1 - beta2);
  }
  int slots() const override { return 1; }  // momentum
  void begin(double lr, int64_t /*t*/) override { s_.lr = static_cast<float>(lr); }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    HWY_DYNAMIC_DISPATCH(UpdateLion)(s_, w, g, slot, n);
  }

 private:
  LionScalars s_{};
};

}  // namespace

namespace optimizers {
std::unique_ptr<Optimizer> sgd(const Value& spec) { return std::make_unique<Sgd>(spec); }
std::unique_ptr<Optimizer> lion(const Value& spec) { return std::make_unique<Lion>(spec); }
}  // namespace optimizers
}  // namespace gemmfit
#endif
