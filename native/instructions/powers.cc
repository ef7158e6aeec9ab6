// Exponentials, logarithms and powers.
#include <cmath>
#include <limits>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/powers.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// 2^i for whole i in [-126, 127].
template <class D>
HWY_INLINE Of<D> PowerOfTwo(D d, Of<D> i) {
  const hn::RebindToSigned<D> whole;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(whole, i), hn::Set(whole, 127))));
}

// |a|^b by logarithms in double, for a finite a that is not 0 and a finite b: right to the last bit but for the rarest cases.
#if HWY_TARGET == HWY_SCALAR
template <class D>
HWY_INLINE Of<D> Magnitude(D d, Of<D> a, Of<D> b) {
  return hn::Set(d, std::pow(hn::GetLane(a), hn::GetLane(b)));
}
#else
template <class DD, class V>
HWY_INLINE V PowerInDouble(DD dd, V a, V b) {
  const auto exponent = hn::Mul(b, hn::Log(dd, a));
  return hn::Exp(dd, hn::Min(hn::Max(exponent, hn::Set(dd, -300)), hn::Set(dd, 300)));  // beyond, float32 has 0 and infinity
}
template <class D>
HWY_INLINE Of<D> Magnitude(D d, Of<D> a, Of<D> b) {
  const hn::Repartition<double, D> dd;
  const hn::Half<D> half;
  const auto low = PowerInDouble(dd, hn::PromoteTo(dd, hn::LowerHalf(half, a)), hn::PromoteTo(dd, hn::LowerHalf(half, b)));
  const auto high = PowerInDouble(dd, hn::PromoteTo(dd, hn::UpperHalf(half, a)), hn::PromoteTo(dd, hn::UpperHalf(half, b)));
  return hn::Combine(d, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
}
#endif

struct Exp {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return vm::Exp(d, a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D /*d*/, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, y);
  }
};

struct Exp2 {  // from y
  template <class D>
  static HWY_INLINE Of<D> AtMostAbs(D d, Of<D> x, float most) {
    return vm::AtLeast(d, vm::AtMost(d, x, most), -most);
  }
  template <class D>
  static HWY_INLINE Of<D> Scale(D d, Of<D> i) {
    const auto scale = PowerOfTwo(d, AtMostAbs(d, i, 126));
    return hn::IfThenElse(hn::Lt(i, hn::Set(d, -126)), hn::Zero(d), scale);
  }
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto x = AtMostAbs(d, a, 300);
    const auto whole = hn::Round(x), first = hn::Floor(hn::Mul(whole, hn::Set(d, 0.5f)));
    const auto rest = vm::Exp(d, hn::Mul(hn::Sub(x, whole), hn::Set(d, 0.693147180559945f)));
    return hn::IfThenElse(hn::IsNaN(a), a, hn::Mul(hn::Mul(rest, Scale(d, first)), Scale(d, hn::Sub(whole, first))));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::Mul(y, hn::Set(d, 0.693147180559945f)));
  }
};

struct Expm1 {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return vm::Expm1(d, a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, vm::Exp(d, a));
  }
};

// A logarithm by f on numbers above 0, with the limits at 0 and infinity. Subnormal numbers count as 0.
template <class D, class F>
HWY_INLINE Of<D> LogBy(D d, Of<D> a, F&& f) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto inside = hn::And(hn::Ge(a, hn::Set(d, std::numeric_limits<float>::min())), hn::Lt(a, hn::Set(d, kInfinity)));
  const auto low = hn::IfThenElse(hn::Lt(a, hn::Zero(d)), hn::NaN(d), hn::Set(d, -kInfinity));
  const auto outside = hn::IfThenElse(hn::Or(hn::IsNaN(a), hn::Eq(a, hn::Set(d, kInfinity))), a, low);
  return hn::IfThenElse(inside, f(hn::IfThenElse(inside, a, hn::Set(d, 1.0f))), outside);
}

struct Log {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return LogBy(d, a, [d](auto v) HWY_ATTR { return hn::Log(d, v); });
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D /*d*/, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, a);
  }
};

struct Log2 {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return LogBy(d, a, [d](auto v) HWY_ATTR { return hn::Log2(d, v); });
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, hn::Mul(a, hn::Set(d, 0.693147180559945f)));
  }
};

struct Log10 {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return LogBy(d, a, [d](auto v) HWY_ATTR { return hn::Log10(d, v); });
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, hn::Mul(a, hn::Set(d, 2.302585092994046f)));
  }
};

struct Log1p {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto up = LogBy(d, hn::Add(a, hn::Set(d, 1.0f)), [](auto v) HWY_ATTR { return v; });
    const auto inside = hn::And(hn::Gt(a, hn::Set(d, -1)), hn::IsFinite(a));
    return hn::IfThenElse(inside, hn::Log1p(d, hn::IfThenElseZero(inside, a)), up);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, hn::Add(hn::Set(d, 1.0f), a));
  }
};

struct Power {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
    const auto plain =
        hn::And(hn::And(hn::IsFinite(a), hn::IsFinite(b)), hn::Ge(hn::Abs(a), hn::Set(d, std::numeric_limits<float>::min())));
    auto y = Magnitude(d, hn::Abs(hn::IfThenElse(plain, a, one)), hn::IfThenElse(plain, b, one));
    const auto half = hn::Mul(b, hn::Set(d, 0.5f));
    const auto isWhole = hn::Eq(hn::Floor(b), b), isEven = hn::Eq(hn::Floor(half), half);
    const auto ofNegative = hn::IfThenElse(isWhole, hn::IfThenElse(isEven, y, hn::Neg(y)), hn::NaN(d));
    y = hn::IfThenElse(hn::Lt(a, zero), ofNegative, y);
    y = hn::IfThenElse(hn::Eq(b, zero), one, y);
    return OneByOne(
        d, hn::Not(plain), y, [](float x, float e) { return std::pow(x, e); }, a, b);
  }
  // x^0 is 1 at 0 too, and its slope 0; TensorFlow has NaN there, JAX has 0.
  template <class D>
  HWY_INLINE Of<D> SlopeA(D d, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    const auto slope = hn::Mul(b, Value(d, a, hn::Sub(b, hn::Set(d, 1.0f))));
    return hn::Mul(dy, hn::IfThenZeroElse(hn::Eq(b, hn::Zero(d)), slope));
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D d, Of<D> a, Of<D> /*b*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::Mul(y, hn::IfThenElseZero(hn::Gt(a, hn::Zero(d)), Log().Value(d, a))));
  }
};

GEMMFIT_UNARY_LOOPS(Exp)
GEMMFIT_UNARY_LOOPS(Exp2)
GEMMFIT_UNARY_LOOPS(Expm1)
GEMMFIT_UNARY_LOOPS(Log)
GEMMFIT_UNARY_LOOPS(Log2)
GEMMFIT_UNARY_LOOPS(Log10)
GEMMFIT_UNARY_LOOPS(Log1p)
GEMMFIT_BINARY_LOOPS(Power)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_UNARY_CHOICE(Exp)
GEMMFIT_UNARY_CHOICE(Exp2)
GEMMFIT_UNARY_CHOICE(Expm1)
GEMMFIT_UNARY_CHOICE(Log)
GEMMFIT_UNARY_CHOICE(Log2)
GEMMFIT_UNARY_CHOICE(Log10)
GEMMFIT_UNARY_CHOICE(Log1p)
GEMMFIT_BINARY_CHOICE(Power)
}  // namespace

Instruction exp() { return {1, kMany, ExpForwardChosen, {slope(ExpSlopeChosen, kReadsY)}}; }
Instruction exp2() { return {1, kMany, Exp2ForwardChosen, {slope(Exp2SlopeChosen, kReadsY)}}; }
Instruction expm1() { return {1, kMany, Expm1ForwardChosen, {slope(Expm1SlopeChosen, kA)}}; }
Instruction log() { return {1, kMany, LogForwardChosen, {slope(LogSlopeChosen, kA)}}; }
Instruction log2() { return {1, kMany, Log2ForwardChosen, {slope(Log2SlopeChosen, kA)}}; }
Instruction log10() { return {1, kMany, Log10ForwardChosen, {slope(Log10SlopeChosen, kA)}}; }
Instruction log1p() { return {1, kMany, Log1pForwardChosen, {slope(Log1pSlopeChosen, kA)}}; }
Instruction power() {
  return {2, 4 * kMany, PowerForwardChosen, {slope(PowerSlopeAChosen, kA | kB), slope(PowerSlopeBChosen, kA | kReadsY)}};
}

}  // namespace instructions
}  // namespace gemmfit
#endif
