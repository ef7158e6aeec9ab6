#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "test/parts/native/activations/bent.cc"
#include "hwy/foreach_target.h"
#include "native/activations/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// x + bend (sqrt(x^2 + 1) - 1)
struct Bent {
  float bend;
  explicit Bent(const ActivationNumbers& numbers) : bend(numbers[0]) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto one = hn::Set(d, 1);
    return hn::MulAdd(hn::Set(d, bend), hn::Sub(hn::Sqrt(hn::MulAdd(x, x, one)), one), x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto one = hn::Set(d, 1);
    return hn::Mul(dy, hn::MulAdd(hn::Set(d, bend), hn::Div(x, hn::Sqrt(hn::MulAdd(x, x, one))), one));
  }
};

GEMMFIT_ACTIVATION_LOOPS(Bent)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace activations {
namespace {
GEMMFIT_ACTIVATION_CHOICE(Bent)
}  // namespace

// spec: { bend }
ActivationFunction bent(const Value& spec) { return BentFunction({single(spec, "bend", 0.5)}, Reads::x, kFewFlops); }

}  // namespace activations
}  // namespace gemmfit
#endif
