// What is so, as 1 and 0. No gradient flows through it.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/comparisons.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Less {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Lt(a, b));
  }
};

struct LessEqual {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Le(a, b));
  }
};

struct Greater {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Gt(a, b));
  }
};

struct GreaterEqual {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Ge(a, b));
  }
};

struct Equal {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Eq(a, b));
  }
};

struct NotEqual {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return hn::IfThenZeroElse(hn::Eq(a, b), hn::Set(d, 1.0f));
  }
};

// Whatever is not 0 is true, NaN too.
template <class D>
HWY_INLINE hn::Mask<D> IsTrue(D d, Of<D> a) {
  return hn::Not(hn::Eq(a, hn::Zero(d)));
}

struct LogicalAnd {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::And(IsTrue(d, a), IsTrue(d, b)));
  }
};

struct LogicalOr {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Or(IsTrue(d, a), IsTrue(d, b)));
  }
};

struct LogicalXor {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    return Truth(d, hn::Xor(IsTrue(d, a), IsTrue(d, b)));
  }
};

struct LogicalNot {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return Truth(d, hn::Eq(a, hn::Zero(d)));
  }
};

struct IsNan {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return Truth(d, hn::IsNaN(a));
  }
};

struct IsInf {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return Truth(d, hn::IsInf(a));
  }
};

struct IsFinite {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a) const {
    return Truth(d, hn::IsFinite(a));
  }
};

// b where a is true, else c. Where b is not taken its gradient is 0 whatever stands there, and likewise c's.
struct Where {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b, Of<D> c) const {
    return hn::IfThenElse(IsTrue(d, a), b, c);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D d, Of<D> a, Of<D> dy) const {
    return hn::IfThenElseZero(IsTrue(d, a), dy);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeC(D d, Of<D> a, Of<D> dy) const {
    return hn::IfThenZeroElse(IsTrue(d, a), dy);
  }
};
using Condition = std::integer_sequence<int, 0, kDy>;

GEMMFIT_FLAT_LOOPS(Less, Two)
GEMMFIT_FLAT_LOOPS(LessEqual, Two)
GEMMFIT_FLAT_LOOPS(Greater, Two)
GEMMFIT_FLAT_LOOPS(GreaterEqual, Two)
GEMMFIT_FLAT_LOOPS(Equal, Two)
GEMMFIT_FLAT_LOOPS(NotEqual, Two)
GEMMFIT_FLAT_LOOPS(LogicalAnd, Two)
GEMMFIT_FLAT_LOOPS(LogicalOr, Two)
GEMMFIT_FLAT_LOOPS(LogicalXor, Two)
GEMMFIT_FLAT_LOOPS(LogicalNot, One)
GEMMFIT_FLAT_LOOPS(IsNan, One)
GEMMFIT_FLAT_LOOPS(IsInf, One)
GEMMFIT_FLAT_LOOPS(IsFinite, One)
GEMMFIT_FLAT_LOOPS(Where, Three)
GEMMFIT_INSTRUCTION_LOOPS(Where, SlopeB, Condition, SlopeB)
GEMMFIT_INSTRUCTION_LOOPS(Where, SlopeC, Condition, SlopeC)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_LOOP_CHOICE(LessForward)
GEMMFIT_LOOP_CHOICE(LessEqualForward)
GEMMFIT_LOOP_CHOICE(GreaterForward)
GEMMFIT_LOOP_CHOICE(GreaterEqualForward)
GEMMFIT_LOOP_CHOICE(EqualForward)
GEMMFIT_LOOP_CHOICE(NotEqualForward)
GEMMFIT_LOOP_CHOICE(LogicalAndForward)
GEMMFIT_LOOP_CHOICE(LogicalOrForward)
GEMMFIT_LOOP_CHOICE(LogicalXorForward)
GEMMFIT_LOOP_CHOICE(LogicalNotForward)
GEMMFIT_LOOP_CHOICE(IsNanForward)
GEMMFIT_LOOP_CHOICE(IsInfForward)
GEMMFIT_LOOP_CHOICE(IsFiniteForward)
GEMMFIT_LOOP_CHOICE(WhereForward)
GEMMFIT_LOOP_CHOICE(WhereSlopeB)
GEMMFIT_LOOP_CHOICE(WhereSlopeC)
}  // namespace

Instruction less() { return {2, kFew, LessForwardChosen, {kNone}}; }
Instruction lessEqual() { return {2, kFew, LessEqualForwardChosen, {kNone}}; }
Instruction greater() { return {2, kFew, GreaterForwardChosen, {kNone}}; }
Instruction greaterEqual() { return {2, kFew, GreaterEqualForwardChosen, {kNone}}; }
Instruction equal() { return {2, kFew, EqualForwardChosen, {kNone}}; }
Instruction notEqual() { return {2, kFew, NotEqualForwardChosen, {kNone}}; }
Instruction logicalAnd() { return {2, kFew, LogicalAndForwardChosen, {kNone}}; }
Instruction logicalOr() { return {2, kFew, LogicalOrForwardChosen, {kNone}}; }
Instruction logicalXor() { return {2, kFew, LogicalXorForwardChosen, {kNone}}; }
Instruction logicalNot() { return {1, kFew, LogicalNotForwardChosen, {kNone}}; }
Instruction isNan() { return {1, kFew, IsNanForwardChosen, {kNone}}; }
Instruction isInf() { return {1, kFew, IsInfForwardChosen, {kNone}}; }
Instruction isFinite() { return {1, kFew, IsFiniteForwardChosen, {kNone}}; }
Instruction where() { return {3, kFew, WhereForwardChosen, {kNone, slope(WhereSlopeBChosen, kA), slope(WhereSlopeCChosen, kA)}}; }

}  // namespace instructions
}  // namespace gemmfit
#endif
