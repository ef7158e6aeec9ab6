// Losses of the distance between label and prediction.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/losses/regression.cc"
#include "hwy/foreach_target.h"
#include "native/losses/element-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Squared {
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Sub(y, p);
    return hn::Mul(e, e);
  }
  HWY_INLINE V Slope(V y, V p) const { return hn::Mul(C(2), hn::Sub(p, y)); }
};

HWY_INLINE V SignOf(V x) {  // 0 at 0, NaN at NaN
  return hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Zero(D())), hn::CopySign(C(1), x), x);
}

struct Absolute {
  HWY_INLINE V Value(V y, V p) const { return hn::Abs(hn::Sub(y, p)); }
  HWY_INLINE V Slope(V y, V p) const { return SignOf(hn::Sub(p, y)); }
};

struct Percentage {
  HWY_INLINE V Value(V y, V p) const { return hn::Mul(C(100), hn::Abs(hn::Div(hn::Sub(y, p), AtLeast(hn::Abs(y), C(kEpsilon))))); }
  HWY_INLINE V Slope(V y, V p) const {
    const V size = AtLeast(hn::Abs(y), C(kEpsilon));
    return hn::Mul(C(100), hn::Div(SignOf(hn::Div(hn::Sub(p, y), size)), size));
  }
};

struct SquaredLogarithmic {
  HWY_INLINE V Error(V y, V p) const {
    return hn::Sub(Ln(hn::Add(AtLeast(p, C(kEpsilon)), C(1))), Ln(hn::Add(AtLeast(y, C(kEpsilon)), C(1))));
  }
  HWY_INLINE V Value(V y, V p) const {
    const V e = Error(y, p);
    return hn::Mul(e, e);
  }
  HWY_INLINE V Slope(V y, V p) const {
    return hn::IfThenZeroElse(hn::Lt(p, C(kEpsilon)), hn::Div(hn::Mul(C(2), Error(y, p)), hn::Add(p, C(1))));
  }
};

struct LogCosh {
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Abs(hn::Sub(p, y));
    return hn::Sub(hn::Add(e, hn::Log1p(D(), ExpNegative(hn::Mul(C(-2), e)))), C(0.693147180559945309f));
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V e = hn::Sub(p, y);
    return hn::IfThenElse(hn::IsNaN(e), e, hn::Tanh(D(), e));
  }
};

struct Huber {
  float delta;
  explicit Huber(const ElementOptions& o) : delta(o.numbers[0]) {}
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Sub(p, y), size = hn::Abs(e), d = C(delta);
    const V outer = hn::Sub(hn::Mul(d, size), hn::Mul(C(0.5f), hn::Mul(d, d)));
    return hn::IfThenElse(hn::Le(size, d), hn::Mul(C(0.5f), hn::Mul(e, e)), outer);
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V e = hn::Sub(p, y);
    return hn::IfThenElse(hn::Gt(hn::Abs(e), C(delta)), hn::CopySign(C(delta), e), e);
  }
};

GEMMFIT_ELEMENT_LOOPS(Squared)
GEMMFIT_ELEMENT_LOOPS(Absolute)
GEMMFIT_ELEMENT_LOOPS(Percentage)
GEMMFIT_ELEMENT_LOOPS(SquaredLogarithmic)
GEMMFIT_ELEMENT_LOOPS(LogCosh)
GEMMFIT_ELEMENT_LOOPS(Huber)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace losses {
namespace {
GEMMFIT_ELEMENT_CHOICE(Squared)
GEMMFIT_ELEMENT_CHOICE(Absolute)
GEMMFIT_ELEMENT_CHOICE(Percentage)
GEMMFIT_ELEMENT_CHOICE(SquaredLogarithmic)
GEMMFIT_ELEMENT_CHOICE(LogCosh)
GEMMFIT_ELEMENT_CHOICE(Huber)
}  // namespace

std::unique_ptr<Loss> meanSquaredError(const Value&, int64_t width) { return std::make_unique<ElementwiseLoss>(kSquared, width); }

std::unique_ptr<Loss> meanAbsoluteError(const Value&, int64_t width) { return std::make_unique<ElementwiseLoss>(kAbsolute, width); }

std::unique_ptr<Loss> meanAbsolutePercentageError(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(kPercentage, width);
}

std::unique_ptr<Loss> meanSquaredLogarithmicError(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(kSquaredLogarithmic, width);
}

std::unique_ptr<Loss> logCosh(const Value&, int64_t width) { return std::make_unique<ElementwiseLoss>(kLogCosh, width); }

// spec: { delta }
std::unique_ptr<Loss> huber(const Value& spec, int64_t width) {
  ElementOptions o;
  o.numbers[0] = finite(spec, "delta", 1);
  return std::make_unique<ElementwiseLoss>(kHuber, width, o);
}

}  // namespace losses
}  // namespace gemmfit
#endif
