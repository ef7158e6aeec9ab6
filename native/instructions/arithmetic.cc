// Sums, products, quotients, roots, and what is larger.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/arithmetic.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Copy {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return a;
  }
};

struct Add {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    return hn::Add(a, b);
  }
};

struct Subtract {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    return hn::Sub(a, b);
  }
};

struct Multiply {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    return hn::Mul(a, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D /*d*/, Of<D> /*a*/, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D /*d*/, Of<D> a, Of<D> /*b*/, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, a);
  }
};

struct Divide {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    return hn::Div(a, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D /*d*/, Of<D> /*a*/, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::Div(dy, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D /*d*/, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, hn::Div(hn::Div(hn::Neg(a), b), b));
  }
};

struct DivideNoNan {  // 0 where it divides by 0
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return hn::IfThenZeroElse(hn::Eq(b, hn::Zero(d)), hn::Div(a, b));
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D d, Of<D> /*a*/, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return Value(d, dy, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D d, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, Value(d, Value(d, hn::Neg(a), b), b));
  }
};

struct Negative {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::Neg(a);
  }
};

struct Abs {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::Abs(a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    const auto side = hn::Mul(dy, hn::CopySign(hn::Set(d, 1.0f), a));
    return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenZeroElse(hn::Eq(a, hn::Zero(d)), side));
  }
};

struct Sign {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    const auto side = hn::IfThenZeroElse(hn::Eq(a, hn::Zero(d)), hn::CopySign(hn::Set(d, 1.0f), a));
    return hn::IfThenElse(hn::IsNaN(a), a, side);
  }
};

struct Square {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::Mul(a, a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D /*d*/, Of<D> a, Of<D> /*y*/, Of<D> dy) const {
    return hn::Mul(dy, hn::Add(a, a));
  }
};

struct Reciprocal {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return hn::Div(hn::Set(d, 1.0f), a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D /*d*/, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Neg(hn::Mul(dy, hn::Mul(y, y)));
  }
};

struct Sqrt {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::Sqrt(a);
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Div(hn::Mul(dy, hn::Set(d, 0.5f)), y);
  }
};

struct Rsqrt {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return hn::Div(hn::Set(d, 1.0f), hn::Sqrt(a));
  }
  template <class D>
  HWY_INLINE Of<D> Slope(D d, Of<D> /*a*/, Of<D> y, Of<D> dy) const {
    return hn::Mul(hn::Mul(dy, hn::Set(d, -0.5f)), hn::Mul(y, hn::Mul(y, y)));
  }
};

// At a tie the first operand has the gradient. NaN passes.
struct Maximum {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    return hn::IfThenElse(hn::Or(hn::IsNaN(a), hn::Gt(a, b)), a, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D /*d*/, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::IfThenElseZero(hn::Ge(a, b), dy);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D /*d*/, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Ge(a, b), dy);
  }
};

struct Minimum {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    return hn::IfThenElse(hn::Or(hn::IsNaN(a), hn::Lt(a, b)), a, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeA(D /*d*/, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::IfThenElseZero(hn::Le(a, b), dy);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D /*d*/, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(a, b), dy);
  }
};

GEMMFIT_FLAT_LOOPS(Copy, One)
GEMMFIT_FLAT_LOOPS(Add, Two)
GEMMFIT_FLAT_LOOPS(Subtract, Two)
GEMMFIT_INSTRUCTION_LOOPS(Negative, Dy, Dy, Value)
GEMMFIT_BINARY_LOOPS(Multiply)
GEMMFIT_BINARY_LOOPS(Divide)
GEMMFIT_BINARY_LOOPS(DivideNoNan)
GEMMFIT_FLAT_LOOPS(Negative, One)
GEMMFIT_UNARY_LOOPS(Abs)
GEMMFIT_FLAT_LOOPS(Sign, One)
GEMMFIT_UNARY_LOOPS(Square)
GEMMFIT_UNARY_LOOPS(Reciprocal)
GEMMFIT_UNARY_LOOPS(Sqrt)
GEMMFIT_UNARY_LOOPS(Rsqrt)
GEMMFIT_BINARY_LOOPS(Maximum)
GEMMFIT_BINARY_LOOPS(Minimum)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_LOOP_CHOICE(CopyForward)
GEMMFIT_LOOP_CHOICE(AddForward)
GEMMFIT_LOOP_CHOICE(SubtractForward)
GEMMFIT_LOOP_CHOICE(NegativeDy)
GEMMFIT_BINARY_CHOICE(Multiply)
GEMMFIT_BINARY_CHOICE(Divide)
GEMMFIT_BINARY_CHOICE(DivideNoNan)
GEMMFIT_LOOP_CHOICE(NegativeForward)
GEMMFIT_UNARY_CHOICE(Abs)
GEMMFIT_LOOP_CHOICE(SignForward)
GEMMFIT_UNARY_CHOICE(Square)
GEMMFIT_UNARY_CHOICE(Reciprocal)
GEMMFIT_UNARY_CHOICE(Sqrt)
GEMMFIT_UNARY_CHOICE(Rsqrt)
GEMMFIT_BINARY_CHOICE(Maximum)
GEMMFIT_BINARY_CHOICE(Minimum)
}  // namespace

Instruction copy() { return {1, kFew, CopyForwardChosen, {kPass}}; }
Instruction add() { return {2, kFew, AddForwardChosen, {kPass, kPass}}; }
Instruction subtract() { return {2, kFew, SubtractForwardChosen, {kPass, slope(NegativeDyChosen, 0)}}; }
Instruction multiply() { return {2, kFew, MultiplyForwardChosen, {slope(MultiplySlopeAChosen, kB), slope(MultiplySlopeBChosen, kA)}}; }
Instruction divide() { return {2, kFew, DivideForwardChosen, {slope(DivideSlopeAChosen, kB), slope(DivideSlopeBChosen, kA | kB)}}; }
Instruction divideNoNan() {
  return {2, kFew, DivideNoNanForwardChosen, {slope(DivideNoNanSlopeAChosen, kB), slope(DivideNoNanSlopeBChosen, kA | kB)}};
}
Instruction negative() { return {1, kFew, NegativeForwardChosen, {slope(NegativeDyChosen, 0)}}; }
Instruction abs() { return {1, kFew, AbsForwardChosen, {slope(AbsSlopeChosen, kA)}}; }
Instruction sign() { return {1, kFew, SignForwardChosen, {kNone}}; }
Instruction square() { return {1, kFew, SquareForwardChosen, {slope(SquareSlopeChosen, kA)}}; }
Instruction reciprocal() { return {1, kFew, ReciprocalForwardChosen, {slope(ReciprocalSlopeChosen, kReadsY)}}; }
Instruction sqrt() { return {1, kFew, SqrtForwardChosen, {slope(SqrtSlopeChosen, kReadsY)}}; }
Instruction rsqrt() { return {1, kFew, RsqrtForwardChosen, {slope(RsqrtSlopeChosen, kReadsY)}}; }
Instruction maximum() {
  return {2, kFew, MaximumForwardChosen, {slope(MaximumSlopeAChosen, kA | kB), slope(MaximumSlopeBChosen, kA | kB)}};
}
Instruction minimum() {
  return {2, kFew, MinimumForwardChosen, {slope(MinimumSlopeAChosen, kA | kB), slope(MinimumSlopeBChosen, kA | kB)}};
}

}  // namespace instructions
}  // namespace gemmfit
#endif
