// Hyperbolic functions; tanh is an activation.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/hyperbolic.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// e^|a| as the square of a root, which stays finite a little longer.
template <class D>
HWY_INLINE Of<D> Root(D d, Of<D> a) {
  return vm::Exp(d, hn::Mul(hn::Abs(a), hn::Set(d, 0.5f)));
}

template <class D>
HWY_INLINE Of<D> Cosine(D d, Of<D> a) {
  const auto root = Root(d, a), half = hn::Set(d, 0.5f);
  return hn::Add(hn::Mul(hn::Mul(half, root), root), hn::Div(half, hn::Mul(root, root)));
}

struct Sinh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto root = Root(d, a), half = hn::Set(d, 0.5f);
    const auto large = hn::Sub(hn::Mul(hn::Mul(half, root), root), hn::Div(half, hn::Mul(root, root)));
    const auto near = hn::Lt(hn::Abs(a), hn::Set(d, 1.0f));
    return hn::IfThenElse(near, hn::Sinh(d, hn::IfThenElseZero(near, a)), hn::CopySign(large, a));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, Cosine(d, a));
  }
};

struct Cosh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return Cosine(d, a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, Sinh().Value(d, a));
  }
};

struct Arcsinh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return hn::IfThenElse(hn::IsFinite(a), hn::Asinh(d, a), a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, hn::Sqrt(hn::MulAdd(a, a, hn::Set(d, 1.0f))));
  }
};

struct Arccosh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto inside = hn::Ge(a, hn::Set(d, 1.0f));
    const auto y = hn::Acosh(d, hn::IfThenElse(inside, a, hn::Set(d, 1.0f)));
    return hn::IfThenElse(inside, hn::IfThenElse(hn::IsFinite(a), y, a), hn::NaN(d));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    const auto one = hn::Set(d, 1.0f);
    return hn::Div(dy, hn::Sqrt(hn::Mul(hn::Sub(a, one), hn::Add(a, one))));
  }
};

struct Arctanh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto size = hn::Abs(a), one = hn::Set(d, 1.0f);
    const auto inside = hn::Lt(size, one);
    const auto outside = hn::IfThenElse(hn::Eq(size, one), hn::CopySign(hn::Inf(d), a), hn::NaN(d));
    return hn::IfThenElse(inside, hn::Atanh(d, hn::IfThenElseZero(inside, a)), outside);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    const auto one = hn::Set(d, 1.0f);
    return hn::Div(dy, hn::Mul(hn::Sub(one, a), hn::Add(one, a)));
  }
};

GEMMFIT_UNARY_LOOPS(Sinh)
GEMMFIT_UNARY_LOOPS(Cosh)
GEMMFIT_UNARY_LOOPS(Arcsinh)
GEMMFIT_UNARY_LOOPS(Arccosh)
GEMMFIT_UNARY_LOOPS(Arctanh)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_UNARY_CHOICE(Sinh)
GEMMFIT_UNARY_CHOICE(Cosh)
GEMMFIT_UNARY_CHOICE(Arcsinh)
GEMMFIT_UNARY_CHOICE(Arccosh)
GEMMFIT_UNARY_CHOICE(Arctanh)
}  // namespace

Instruction sinh() { return {1, kMany, SinhForwardChosen, {slope(SinhSlopeChosen, kA)}}; }
Instruction cosh() { return {1, kMany, CoshForwardChosen, {slope(CoshSlopeChosen, kA)}}; }
Instruction arcsinh() { return {1, kMany, ArcsinhForwardChosen, {slope(ArcsinhSlopeChosen, kA)}}; }
Instruction arccosh() { return {1, kMany, ArccoshForwardChosen, {slope(ArccoshSlopeChosen, kA)}}; }
Instruction arctanh() { return {1, kMany, ArctanhForwardChosen, {slope(ArctanhSlopeChosen, kA)}}; }

}  // namespace instructions
}  // namespace gemmfit
#endif
