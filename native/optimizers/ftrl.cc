// Follow the regularized leader (McMahan et al., 2013), as Keras 3 computes it.
#include <cmath>

#include "native/engine/optimizer.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/optimizers/ftrl.cc"
#include "hwy/foreach_target.h"
#include "native/optimizers/update-inl.h"

namespace gemmfit {
#ifndef NATIVE_OPTIMIZERS_FTRL_CC_
#define NATIVE_OPTIMIZERS_FTRL_CC_
struct FtrlScalars {
  float perRate;    // 1 / lr
  float l1, twoL2;  // twoL2: 2 * (l2 + beta / (2 lr))
  float twoShrink;
  double power;  // of the accumulated squares: 0.5 unless asked otherwise
};
#endif
}  // namespace gemmfit

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// slots: accumulator, linear
template <class Root>
HWY_INLINE void UpdateFtrlBy(const Root& root, const FtrlScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const V perRate = Set(s.perRate), l1 = Set(s.l1), twoL2 = Set(s.twoL2), shrink = Set(s.twoShrink);
  UpdateAll<2>(
      [=](V& x, V grad, V* state) HWY_ATTR {
        const V before = root(state[0]);
        state[0] = hn::MulAdd(grad, grad, state[0]);
        const V after = root(state[0]);
        const V pull = hn::MulAdd(shrink, x, grad);
        state[1] = hn::Add(state[1], hn::NegMulAdd(hn::Mul(hn::Sub(after, before), perRate), x, pull));
        const V z = state[1];
        const V beyond = hn::IfThenElse(hn::Gt(z, l1), hn::Sub(l1, z), hn::Neg(hn::Add(l1, z)));
        const V small = hn::IfThenElse(hn::IsNaN(z), z, hn::Zero(D()));
        const V top = hn::IfThenElse(hn::Gt(hn::Abs(z), l1), beyond, small);
        x = hn::Div(top, hn::MulAdd(after, perRate, twoL2));
      },
      w, g, slot, n);
}

void UpdateFtrl(const FtrlScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  UpdateFtrlBy([](V a) HWY_ATTR { return hn::Sqrt(a); }, s, w, g, slot, n);
}

void UpdateFtrlPower(const FtrlScalars& s, float* w, const float* g, float* const* slot, int64_t n) {
  const double power = s.power;
  UpdateFtrlBy(
      [power](V a) HWY_ATTR {
        HWY_ALIGN float x[HWY_MAX_BYTES / sizeof(float)];
        hn::Store(a, D(), x);
        for (size_t i = 0; i < hn::Lanes(D()); ++i) x[i] = static_cast<float>(std::pow(static_cast<double>(x[i]), power));
        return hn::Load(D(), x);
      },
      s, w, g, slot, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(UpdateFtrl);
HWY_EXPORT(UpdateFtrlPower);

class Ftrl : public Optimizer {
 public:
  explicit Ftrl(const Value& spec) : l2_(spec.number("l2", 0)), beta_(spec.number("beta", 0)) {
    s_.l1 = static_cast<float>(spec.number("l1", 0));
    s_.twoShrink = static_cast<float>(2 * spec.number("l2Shrinkage", 0));
    s_.power = -spec.number("learningRatePower", -0.5);
  }
  int slots() const override { return 2; }
  void begin(double lr, int64_t /*t*/) override {
    s_.perRate = static_cast<float>(1 / lr);
    s_.twoL2 = static_cast<float>(2 * (l2_ + beta_ / (2 * lr)));
  }
  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    if (s_.power == 0.5)
      HWY_DYNAMIC_DISPATCH(UpdateFtrl)(s_, w, g, slot, n);
    else
      HWY_DYNAMIC_DISPATCH(UpdateFtrlPower)(s_, w, g, slot, n);
  }

 private:
  double l2_, beta_;
  FtrlScalars s_{};
};

}  // namespace

namespace optimizers {
std::unique_ptr<Optimizer> ftrl(const Value& spec) { return std::make_unique<Ftrl>(spec); }
}  // namespace optimizers
}  // namespace gemmfit
#endif
