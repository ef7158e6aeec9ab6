// Adam, Adamax, Nadam: averages of the gradient and of its size. Formulas and defaults: Keras 3.
#include <cmath>

#include "native/engine/optimizer.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/optimizers/adam.cc"
#include "hwy/foreach_target.h"
#include "native/optimizers/update-inl.h"

namespace gemmfit {
#ifndef NATIVE_OPTIMIZERS_ADAM_CC_
#define NATIVE_OPTIMIZERS_ADAM_CC_
// What a step of these rules multiplies by.
struct AdamScalars {
  float towardsG, towardsSquare;  // 1 - beta1, 1 - beta2
  float beta2;
  float step;         // factor of the average gradient
  float stepG;        // Nadam: factor of this gradient
  float squareScale;  // Nadam: corrects the average square
  float epsilon;
};
#endif
}  // namespace gemmfit

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

void UpdateAdam(const AdamScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V c1 = Set(s.towardsG), c2 = Set(s.towardsSquare), step = Set(s.step), epsilon = Set(s.epsilon);
  UpdateAll<2>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(hn::Sub(grad, state[0]), c1, state[0]);
        state[1] = hn::MulAdd(hn::MulSub(grad, grad, state[1]), c2, state[1]);
        x = hn::Sub(x, hn::Div(hn::Mul(step, state[0]), hn::Add(hn::Sqrt(state[1]), epsilon)));
      },
      w, g, slot, n);
}

void UpdateAmsgrad(const AdamScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V c1 = Set(s.towardsG), c2 = Set(s.towardsSquare), step = Set(s.step), epsilon = Set(s.epsilon);
  UpdateAll<3>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(hn::Sub(grad, state[0]), c1, state[0]);
        state[1] = hn::MulAdd(hn::MulSub(grad, grad, state[1]), c2, state[1]);
        state[2] = hn::IfThenElse(hn::Gt(state[2], state[1]), state[2], state[1]);  // NaN passes, which Max does not promise
        x = hn::Sub(x, hn::Div(hn::Mul(step, state[0]), hn::Add(hn::Sqrt(state[2]), epsilon)));
      },
      w, g, slot, n);
}

void UpdateAdamax(const AdamScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V c1 = Set(s.towardsG), beta2 = Set(s.beta2), step = Set(s.step), epsilon = Set(s.epsilon);
  UpdateAll<2>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(hn::Sub(grad, state[0]), c1, state[0]);
        const V kept = hn::Mul(beta2, state[1]), size = hn::Abs(grad);
        state[1] = hn::IfThenElse(hn::Gt(kept, size), kept, size);
        x = hn::Sub(x, hn::Div(hn::Mul(step, state[0]), hn::Add(state[1], epsilon)));
      },
      w, g, slot, n);
}

void UpdateNadam(const AdamScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V c1 = Set(s.towardsG), c2 = Set(s.towardsSquare), step = Set(s.step), stepG = Set(s.stepG);
  const V scale = Set(s.squareScale), epsilon = Set(s.epsilon);
  UpdateAll<2>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(hn::Sub(grad, state[0]), c1, state[0]);
        state[1] = hn::MulAdd(hn::MulSub(grad, grad, state[1]), c2, state[1]);
        const V ahead = hn::MulAdd(step, state[0], hn::Mul(stepG, grad));
        x = hn::Sub(x, hn::Div(ahead, hn::Add(hn::Sqrt(hn::Mul(scale, state[1])), epsilon)));
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

HWY_EXPORT(UpdateAdam);
HWY_EXPORT(UpdateAmsgrad);
HWY_EXPORT(UpdateAdamax);
HWY_EXPORT(UpdateNadam);

// 1 - beta^t as Keras computes it, in float32: near t = 1 its rounding is larger than what results may differ by.
float correction(double beta, int64_t t) {
  return 1.0f - static_cast<float>(std::pow(static_cast<double>(static_cast<float>(beta)), static_cast<double>(t)));
}

class AdamFamily : public Optimizer {
 public:
  explicit AdamFamily(const Value& spec) : beta1_(spec.number("beta1", 0.9)), beta2_(spec.number("beta2", 0.999)) {
    s_.towardsG = static_cast<float>(1 - beta1_);
    s_.towardsSquare = static_cast<float>(1 - beta2_);
    s_.beta2 = static_cast<float>(beta2_);
    s_.epsilon = static_cast<float>(spec.number("epsilon", 1e-7));
  }
  int slots() const override { return 2; }  // momentum, velocity

 protected:
  double beta1_, beta2_;
  AdamScalars s_{};
};

class Adam : public AdamFamily {
 public:
  explicit Adam(const Value& spec) : AdamFamily(spec), amsgrad_(spec.flag("amsgrad", false)) {}
  int slots() const override { return amsgrad_ ? 3 : 2; }  // ..., velocity_hat
  std::unique_ptr<IdleSteps> idleSteps() const override {
    return amsgrad_ ? nullptr : adamIdleSteps(s_.towardsG, s_.towardsSquare, s_.epsilon);
  }
  double idleScale() const override { return static_cast<double>(s_.step); }
  void begin(double lr, int64_t t) override { s_.step = static_cast<float>(lr) * std::sqrt(correction(beta2_, t)) / correction(beta1_, t); }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    if (amsgrad_)
      HWY_DYNAMIC_DISPATCH(UpdateAmsgrad)(s_, w, g, slot, n);
    else
      HWY_DYNAMIC_DISPATCH(UpdateAdam)(s_, w, g, slot, n);
  }

 private:
  bool amsgrad_;
};

class Adamax : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;
  void begin(double lr, int64_t t) override { s_.step = static_cast<float>(lr) / correction(beta1_, t); }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    HWY_DYNAMIC_DISPATCH(UpdateAdamax)(s_, w, g, slot, n);
  }
};

class Nadam : public AdamFamily {
 public:
  explicit Nadam(const Value& spec) : AdamFamily(spec), scheduleDecay_(spec.number("scheduleDecay", 1)) {}
  void begin(double lr, int64_t t) override {
    if (t != last_ + 1) {
      // A training goes on from a file, or starts anew. Momenta grow to beta1, and a product this small no longer matters.
      product_ = 1;
      for (int64_t i = 1; i < t && product_ > 1e-40; ++i) {
        if (momentum(i) == beta1_) {
          product_ *= std::pow(beta1_, static_cast<double>(t - i));
          break;
        }
        product_ *= momentum(i);
      }
    }
    product_ *= momentum(t);
    last_ = t;
    const double next = momentum(t + 1);
    s_.step = static_cast<float>(lr * next / (1 - product_ * next));
    s_.stepG = static_cast<float>(lr * (1 - momentum(t)) / (1 - product_));
    s_.squareScale = 1.0f / correction(beta2_, t);
  }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    HWY_DYNAMIC_DISPATCH(UpdateNadam)(s_, w, g, slot, n);
  }

 private:
  double momentum(int64_t t) const { return beta1_ * (1 - 0.5 * std::pow(0.96, scheduleDecay_ * static_cast<double>(t))); }
  double scheduleDecay_;
  double product_ = 1;
  int64_t last_ = 0;
};

}  // namespace

namespace optimizers {
std::unique_ptr<Optimizer> adam(const Value& spec) { return std::make_unique<Adam>(spec); }
std::unique_ptr<Optimizer> adamax(const Value& spec) { return std::make_unique<Adamax>(spec); }
std::unique_ptr<Optimizer> nadam(const Value& spec) { return std::make_unique<Nadam>(spec); }
}  // namespace optimizers
}  // namespace gemmfit
#endif
