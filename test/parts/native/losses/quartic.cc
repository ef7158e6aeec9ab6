#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "test/parts/native/losses/quartic.cc"
#include "hwy/foreach_target.h"
#include "native/losses/element-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Quartic {
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Sub(p, y), square = hn::Mul(e, e);
    return hn::Mul(square, square);
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V e = hn::Sub(p, y);
    return hn::Mul(C(4), hn::Mul(e, hn::Mul(e, e)));
  }
};

GEMMFIT_ELEMENT_LOOPS(Quartic)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace losses {
namespace {
GEMMFIT_ELEMENT_CHOICE(Quartic)
}  // namespace

std::unique_ptr<Loss> quartic(const Value& /*spec*/, int64_t width) { return std::make_unique<ElementwiseLoss>(kQuartic, width); }

}  // namespace losses
}  // namespace gemmfit
#endif
