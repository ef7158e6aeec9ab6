// The error function and its inverse.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/errors.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// Near 0 a quotient of polynomials (fdlibm's), beyond it the tail of the normal distribution.
struct Erf {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto size = hn::Abs(a), z = hn::Mul(a, a), one = hn::Set(d, 1.0f);
    const auto top = vm::Polynomial(d, z, {0.128379167f, -0.325042107f, -0.0284817496f, -0.00577027030f, -0.0000237630167f});
    const auto bottom = vm::Polynomial(d, z, {1.0f, 0.397917224f, 0.0650222500f, 0.00508130628f, 0.000132494738f, -0.00000396022828f});
    const auto near = hn::MulAdd(a, hn::Div(top, bottom), a);
    const auto far = vm::AtMost(d, hn::Mul(size, hn::Set(d, 1.41421356f)), 15);
    const auto tail = vm::Normal(d, hn::Neg(far), static_cast<Of<D>*>(nullptr));
    const auto large = hn::CopySign(hn::NegMulAdd(hn::Set(d, 2), tail, one), a);
    return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::Lt(size, hn::Set(d, 0.84375f)), near, large));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, hn::Mul(hn::Set(d, 1.12837917f), vm::Exp(d, hn::Neg(hn::Mul(a, a)))));
  }
};

// M. Giles, Approximating the erfinv function.
struct Erfinv {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto size = hn::Abs(a), one = hn::Set(d, 1.0f);
    const auto inside = hn::Lt(size, one);
    const auto x = hn::IfThenElseZero(inside, a);
    const auto w = hn::Neg(hn::Log1p(d, hn::Neg(hn::Mul(x, x))));
    const auto middle = vm::Polynomial(d, hn::Sub(w, hn::Set(d, 2.5f)),
                                       {1.50140941f, 0.246640727f, -0.00417768164f, -0.00125372503f, 0.00021858087f, -4.39150654e-06f,
                                        -3.5233877e-06f, 3.43273939e-07f, 2.81022636e-08f});
    const auto edge = vm::Polynomial(d, hn::Sub(hn::Sqrt(w), hn::Set(d, 3)),
                                     {2.83297682f, 1.00167406f, 0.00943887047f, -0.0076224613f, 0.00573950773f, -0.00367342844f,
                                      0.00134934322f, 0.000100950558f, -0.000200214257f});
    const auto y = hn::Mul(x, hn::IfThenElse(hn::Lt(w, hn::Set(d, 5)), middle, edge));
    const auto outside = hn::IfThenElse(hn::Eq(size, one), hn::CopySign(hn::Inf(d), a), hn::NaN(d));
    return hn::IfThenElse(inside, y, outside);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::Mul(hn::Set(d, 0.886226925f), vm::Exp(d, hn::Mul(y, y))));
  }
};

GEMMFIT_UNARY_LOOPS(Erf)
GEMMFIT_UNARY_LOOPS(Erfinv)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_UNARY_CHOICE(Erf)
GEMMFIT_UNARY_CHOICE(Erfinv)
}  // namespace

Instruction erf() { return {1, kMany, ErfForwardChosen, {slope(ErfSlopeChosen, kA)}}; }
Instruction erfinv() { return {1, kMany, ErfinvForwardChosen, {slope(ErfinvSlopeChosen, kReadsY)}}; }

}  // namespace instructions
}  // namespace gemmfit
#endif
