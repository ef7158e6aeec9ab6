// RMSprop, Adagrad and Adadelta: steps divided by the root of past squares. Formulas and defaults: Keras 3, epsilon inside the root.
#include "native/engine/optimizer.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/optimizers/adaptive.cc"
#include "hwy/foreach_target.h"
#include "native/optimizers/update-inl.h"

namespace gemmfit {
#ifndef NATIVE_OPTIMIZERS_ADAPTIVE_CC_
#define NATIVE_OPTIMIZERS_ADAPTIVE_CC_
struct AdaptiveScalars {
  float lr, rho, towardsG, momentum, epsilon;  // towardsG: 1 - rho
};
#endif
}  // namespace gemmfit

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// slots: velocity, then momentum, then average_gradient, where they are kept
template <bool kMomentum, bool kCentered>
void UpdateRmsprop(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V lr = Set(s.lr), rho = Set(s.rho), c = Set(s.towardsG), momentum = Set(s.momentum), epsilon = Set(s.epsilon);
  UpdateAll<1 + (kMomentum ? 1 : 0) + (kCentered ? 1 : 0)>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(rho, state[0], hn::Mul(c, hn::Mul(grad, grad)));
        V spread = state[0];
        if (kCentered) {
          V& average = state[kMomentum ? 2 : 1];
          average = hn::MulAdd(rho, average, hn::Mul(c, grad));
          // A variance: below zero by rounding alone, where the root would be NaN.
          spread = hn::NegMulAdd(average, average, spread);
          spread = hn::IfThenElse(hn::Lt(spread, hn::Zero(D())), hn::Zero(D()), spread);
        }
        V step = hn::Div(hn::Mul(lr, grad), hn::Sqrt(hn::Add(spread, epsilon)));
        if (kMomentum) step = state[1] = hn::MulAdd(momentum, state[1], step);
        x = hn::Sub(x, step);
      },
      w, g, slot, n);
}
void UpdateRmspropPlain(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  UpdateRmsprop<false, false>(s, w, g, slot, n);
}
void UpdateRmspropMomentum(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  UpdateRmsprop<true, false>(s, w, g, slot, n);
}
void UpdateRmspropCentered(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  UpdateRmsprop<false, true>(s, w, g, slot, n);
}
void UpdateRmspropBoth(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  UpdateRmsprop<true, true>(s, w, g, slot, n);
}

void UpdateAdagrad(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V lr = Set(s.lr), epsilon = Set(s.epsilon);
  UpdateAll<1>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(grad, grad, state[0]);
        x = hn::Sub(x, hn::Div(hn::Mul(lr, grad), hn::Sqrt(hn::Add(state[0], epsilon))));
      },
      w, g, slot, n);
}

void UpdateAdadelta(const AdaptiveScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V lr = Set(s.lr), rho = Set(s.rho), c = Set(s.towardsG), epsilon = Set(s.epsilon);
  UpdateAll<2>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        state[0] = hn::MulAdd(rho, state[0], hn::Mul(c, hn::Mul(grad, grad)));
        const V step = hn::Mul(grad, hn::Div(hn::Sqrt(hn::Add(state[1], epsilon)), hn::Sqrt(hn::Add(state[0], epsilon))));
        state[1] = hn::MulAdd(rho, state[1], hn::Mul(c, hn::Mul(step, step)));
        x = hn::NegMulAdd(lr, step, x);
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

HWY_EXPORT(UpdateRmspropPlain);
HWY_EXPORT(UpdateRmspropMomentum);
HWY_EXPORT(UpdateRmspropCentered);
HWY_EXPORT(UpdateRmspropBoth);
HWY_EXPORT(UpdateAdagrad);
HWY_EXPORT(UpdateAdadelta);

class Adaptive : public Optimizer {
 public:
  Adaptive(const Value& spec, double rho) {
    rho = spec.number("rho", rho);
    s_.rho = static_cast<float>(rho);
    s_.towardsG = static_cast<float>(1 - rho);
    s_.epsilon = static_cast<float>(spec.number("epsilon", 1e-7));
    s_.momentum = static_cast<float>(spec.number("momentum", 0));
  }
  void begin(double lr, int64_t /*t*/) override { s_.lr = static_cast<float>(lr); }

 protected:
  AdaptiveScalars s_{};
};

class Rmsprop : public Adaptive {
 public:
  explicit Rmsprop(const Value& spec) : Adaptive(spec, 0.9), momentum_(s_.momentum > 0), centered_(spec.flag("centered", false)) {}
  int slots() const override { return 1 + (momentum_ ? 1 : 0) + (centered_ ? 1 : 0); }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    if (momentum_ && centered_)
      HWY_DYNAMIC_DISPATCH(UpdateRmspropBoth)(s_, w, g, slot, n);
    else if (momentum_)
      HWY_DYNAMIC_DISPATCH(UpdateRmspropMomentum)(s_, w, g, slot, n);
    else if (centered_)
      HWY_DYNAMIC_DISPATCH(UpdateRmspropCentered)(s_, w, g, slot, n);
    else
      HWY_DYNAMIC_DISPATCH(UpdateRmspropPlain)(s_, w, g, slot, n);
  }

 private:
  bool momentum_, centered_;
};

class Adagrad : public Adaptive {
 public:
  explicit Adagrad(const Value& spec) : Adaptive(spec, 0) {}
  int slots() const override { return 1; }  // accumulator
  std::unique_ptr<IdleSteps> idleSteps() const override { return stepsWithoutEffect(); }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    HWY_DYNAMIC_DISPATCH(UpdateAdagrad)(s_, w, g, slot, n);
  }
};

class Adadelta : public Adaptive {
 public:
  explicit Adadelta(const Value& spec) : Adaptive(spec, 0.95) {}
  int slots() const override { return 2; }  // accumulated_grad, accumulated_delta_var
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    HWY_DYNAMIC_DISPATCH(UpdateAdadelta)(s_, w, g, slot, n);
  }
};

}  // namespace

namespace optimizers {
std::unique_ptr<Optimizer> rmsprop(const Value& spec) { return std::make_unique<Rmsprop>(spec); }
std::unique_ptr<Optimizer> adagrad(const Value& spec) { return std::make_unique<Adagrad>(spec); }
std::unique_ptr<Optimizer> adadelta(const Value& spec) { return std::make_unique<Adadelta>(spec); }
}  // namespace optimizers
}  // namespace gemmfit
#endif
