// Angles.
#include <cmath>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/trigonometric.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

constexpr float kPi = 3.14159265358979f, kWhole = 30000;  // beyond it the vector functions lose digits

template <class D>
HWY_INLINE Of<D> Cosine(D d, Of<D> a) {
  const auto far = hn::Not(hn::Lt(hn::Abs(a), hn::Set(d, kWhole)));
  return OneByOne(
      d, far, hn::Cos(d, hn::IfThenZeroElse(far, a)), [](float x) { return std::cos(x); }, a);
}

struct Sin {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto far = hn::Not(hn::Lt(hn::Abs(a), hn::Set(d, kWhole)));
    return OneByOne(
        d, far, hn::Sin(d, hn::IfThenZeroElse(far, a)), [](float x) { return std::sin(x); }, a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, Cosine(d, a));
  }
};

struct Cos {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return Cosine(d, a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Neg(hn::Mul(dy, Sin().Value(d, a)));
  }
};

struct Tan {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return hn::Div(Sin().Value(d, a), Cosine(d, a));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::MulAdd(y, y, hn::Set(d, 1.0f)));
  }
};

struct Arcsin {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto inside = hn::Le(hn::Abs(a), hn::Set(d, 1.0f));
    return hn::IfThenElse(inside, hn::Asin(d, hn::IfThenElseZero(inside, a)), hn::NaN(d));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    const auto one = hn::Set(d, 1.0f);
    return hn::Div(dy, hn::Sqrt(hn::Mul(hn::Sub(one, a), hn::Add(one, a))));
  }
};

struct Arccos {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto inside = hn::Le(hn::Abs(a), hn::Set(d, 1.0f));
    return hn::IfThenElse(inside, hn::Acos(d, hn::IfThenElseZero(inside, a)), hn::NaN(d));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    const auto one = hn::Set(d, 1.0f);
    return hn::Div(hn::Neg(dy), hn::Sqrt(hn::Mul(hn::Sub(one, a), hn::Add(one, a))));
  }
};

struct Arctan {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return hn::IfThenElse(hn::IsNaN(a), a, hn::Atan(d, a));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, hn::MulAdd(a, a, hn::Set(d, 1.0f)));
  }
};

// The angle of the point (b, a).
struct Arctan2 {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    const auto zero = hn::Zero(d), up = hn::Abs(a), right = hn::Abs(b);
    const auto steep = hn::Gt(up, right);
    const auto ratio = hn::Div(hn::IfThenElse(steep, right, up), hn::IfThenElse(steep, up, right));  // at most 1
    auto angle = hn::Atan(d, ratio);
    angle = hn::IfThenElse(steep, hn::Sub(hn::Set(d, kPi / 2), angle), angle);
    angle = hn::IfThenElse(hn::Lt(b, zero), hn::Sub(hn::Set(d, kPi), angle), angle);
    // 0 by 0, infinity by infinity, NaN, and -0.
    const auto odd = hn::Or(hn::IsNaN(ratio), hn::Eq(b, zero));
    return OneByOne(
        d, odd, hn::CopySign(angle, a), [](float y, float x) { return std::atan2(y, x); }, a, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D /*d*/, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(hn::Mul(dy, b), hn::MulAdd(a, a, hn::Mul(b, b)));
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D d, Of<D> a, Of<D> b, Of<D> y, Of<D> dy) const {
    return hn::Neg(SlopeA(d, b, a, y, dy));
  }
};

// How far the point (a, b) is from the origin. No square overflows.
struct Hypot {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    const auto x = hn::Abs(a), y = hn::Abs(b), one = hn::Set(d, 1.0f);
    const auto swap = hn::Lt(x, y);
    const auto large = hn::IfThenElse(swap, y, x), small = hn::IfThenElse(swap, x, y);
    const auto ratio = hn::Div(small, large);
    const auto infinite = hn::Or(hn::IsInf(a), hn::IsInf(b));
    const auto length = hn::IfThenElse(hn::Eq(large, hn::Zero(d)), small, hn::Mul(large, hn::Sqrt(hn::MulAdd(ratio, ratio, one))));
    return hn::IfThenElse(infinite, hn::Inf(d), length);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D d, Of<D> a, Of<D> /*b*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::IfThenZeroElse(hn::Eq(y, hn::Zero(d)), hn::Div(a, y)));
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D d, Of<D> a, Of<D> b, Of<D> y, Of<D> dy) const {
    return SlopeA(d, b, a, y, dy);
  }
};

GEMMFIT_UNARY_LOOPS(Sin)
GEMMFIT_UNARY_LOOPS(Cos)
GEMMFIT_UNARY_LOOPS(Tan)
GEMMFIT_UNARY_LOOPS(Arcsin)
GEMMFIT_UNARY_LOOPS(Arccos)
GEMMFIT_UNARY_LOOPS(Arctan)
GEMMFIT_BINARY_LOOPS(Arctan2)
GEMMFIT_BINARY_LOOPS(Hypot)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_UNARY_CHOICE(Sin)
GEMMFIT_UNARY_CHOICE(Cos)
GEMMFIT_UNARY_CHOICE(Tan)
GEMMFIT_UNARY_CHOICE(Arcsin)
GEMMFIT_UNARY_CHOICE(Arccos)
GEMMFIT_UNARY_CHOICE(Arctan)
GEMMFIT_BINARY_CHOICE(Arctan2)
GEMMFIT_BINARY_CHOICE(Hypot)
}  // namespace

Instruction sin() { return {1, kMany, SinForwardChosen, {slope(SinSlopeChosen, kA)}}; }
Instruction cos() { return {1, kMany, CosForwardChosen, {slope(CosSlopeChosen, kA)}}; }
Instruction tan() { return {1, 2 * kMany, TanForwardChosen, {slope(TanSlopeChosen, kReadsY)}}; }
Instruction arcsin() { return {1, kMany, ArcsinForwardChosen, {slope(ArcsinSlopeChosen, kA)}}; }
Instruction arccos() { return {1, kMany, ArccosForwardChosen, {slope(ArccosSlopeChosen, kA)}}; }
Instruction arctan() { return {1, kMany, ArctanForwardChosen, {slope(ArctanSlopeChosen, kA)}}; }
Instruction arctan2() {
  return {2, kMany, Arctan2ForwardChosen, {slope(Arctan2SlopeAChosen, kA | kB), slope(Arctan2SlopeBChosen, kA | kB)}};
}
Instruction hypot() {
  return {2, kFew, HypotForwardChosen, {slope(HypotSlopeAChosen, kA | kReadsY), slope(HypotSlopeBChosen, kB | kReadsY)}};
}

}  // namespace instructions
}  // namespace gemmfit
#endif
