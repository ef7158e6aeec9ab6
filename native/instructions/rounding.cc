// Whole numbers near a number: halves go to the even one.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/instructions/rounding.cc"
#include "hwy/foreach_target.h"
#include "native/instructions/instruction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Floor {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::IfThenElse(hn::IsFinite(a), hn::Floor(a), a);
  }
};

struct Ceil {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::IfThenElse(hn::IsFinite(a), hn::Ceil(a), a);
  }
};

struct Round {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::IfThenElse(hn::IsFinite(a), hn::Round(a), a);
  }
};

struct Trunc {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a) const {
    return hn::IfThenElse(hn::IsFinite(a), hn::Trunc(a), a);
  }
};

struct FloorDivide {
  template <class D>
  HWY_INLINE Of<D> Value(D /*d*/, Of<D> a, Of<D> b) const {
    const auto q = hn::Div(a, b);
    return hn::IfThenElse(hn::IsFinite(q), hn::Floor(q), q);
  }
};

// What is left over has the divisor's sign, as in Python. No quotient in float32 gives it exactly.
struct Mod {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> a, Of<D> b) const {
    const auto rest = [](float x, float by) {
      const float r = std::fmod(x, by);
      return r != 0 && (by < 0) != (r < 0) ? r + by : r;
    };
    return OneByOne(d, hn::Not(hn::And(hn::IsNaN(a), hn::IsNaN(b))), a, rest, a, b);
  }
  template <class D>
  HWY_INLINE Of<D> SlopeB(D d, Of<D> a, Of<D> b, Of<D> /*y*/, Of<D> dy) const {
    return hn::Neg(hn::Mul(dy, FloorDivide().Value(d, a, b)));
  }
};

GEMMFIT_FLAT_LOOPS(Floor, One)
GEMMFIT_FLAT_LOOPS(Ceil, One)
GEMMFIT_FLAT_LOOPS(Round, One)
GEMMFIT_FLAT_LOOPS(Trunc, One)
GEMMFIT_FLAT_LOOPS(FloorDivide, Two)
GEMMFIT_FLAT_LOOPS(Mod, Two)
GEMMFIT_INSTRUCTION_LOOPS(Mod, SlopeB, TwoAndSlope, SlopeB)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace instructions {
namespace {
GEMMFIT_LOOP_CHOICE(FloorForward)
GEMMFIT_LOOP_CHOICE(CeilForward)
GEMMFIT_LOOP_CHOICE(RoundForward)
GEMMFIT_LOOP_CHOICE(TruncForward)
GEMMFIT_LOOP_CHOICE(FloorDivideForward)
GEMMFIT_LOOP_CHOICE(ModForward)
GEMMFIT_LOOP_CHOICE(ModSlopeB)
}  // namespace

Instruction floor() { return {1, kFew, FloorForwardChosen, {kNone}}; }
Instruction ceil() { return {1, kFew, CeilForwardChosen, {kNone}}; }
Instruction round() { return {1, kFew, RoundForwardChosen, {kNone}}; }
Instruction trunc() { return {1, kFew, TruncForwardChosen, {kNone}}; }
Instruction floorDivide() { return {2, kFew, FloorDivideForwardChosen, {kNone}}; }
Instruction mod() { return {2, kMany, ModForwardChosen, {kPass, slope(ModSlopeBChosen, kA | kB)}}; }

}  // namespace instructions
}  // namespace gemmfit
#endif
