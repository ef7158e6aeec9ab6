// Straight and parabolic pieces in the shape of smooth functions. Slopes at the joints are those that TensorFlow's gradients give.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/activations/hard.cc"
#include "hwy/foreach_target.h"
#include "native/activations/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct HardSigmoid {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::Div(AtMost(d, AtLeast(d, hn::Add(x, hn::Set(d, 3)), 0), 6), hn::Set(d, 6));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return Between(d, y, 0, 1, hn::Mul(dy, hn::Set(d, 1.0f / 6)));
  }
};

// A clip passes the gradient at its limits, where a ReLU does not.
struct HardSigmoidKeras2 {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, hn::MulAdd(hn::Set(d, 0.2f), x, hn::Set(d, 0.5f)), 0), 1);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, 2.5f)), hn::Mul(dy, hn::Set(d, 0.2f)));
  }
};

struct HardTanh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, x, -1), 1);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, 1)), dy);
  }
};

struct HardSilu {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto gate = hn::Div(AtMost(d, hn::Add(x, hn::Set(d, 3)), 6), hn::Set(d, 6));
    return hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -3)), hn::Mul(x, gate));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto middle = hn::Mul(dy, hn::MulAdd(x, hn::Set(d, 1.0f / 3), hn::Set(d, 0.5f)));
    return hn::IfThenElse(hn::Ge(x, hn::Set(d, 3)), dy, hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -3)), middle));
  }
};

struct SparsePlus {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto up = hn::Add(x, hn::Set(d, 1));
    const auto middle = hn::Mul(hn::Mul(hn::Set(d, 0.25f), up), up);
    return hn::IfThenElse(hn::Ge(x, hn::Set(d, 1)), x, hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -1)), middle));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto middle = hn::Mul(dy, hn::MulAdd(x, hn::Set(d, 0.5f), hn::Set(d, 0.5f)));
    return hn::IfThenElse(hn::Ge(x, hn::Set(d, 1)), dy, hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -1)), middle));
  }
};

struct SparseSigmoid {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, hn::Mul(hn::Set(d, 0.5f), hn::Add(x, hn::Set(d, 1))), 0), 1);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return Between(d, x, -1, 1, hn::Mul(dy, hn::Set(d, 0.5f)));
  }
};

GEMMFIT_ACTIVATION_LOOPS(HardSigmoid)
GEMMFIT_ACTIVATION_LOOPS(HardSigmoidKeras2)
GEMMFIT_ACTIVATION_LOOPS(HardTanh)
GEMMFIT_ACTIVATION_LOOPS(HardSilu)
GEMMFIT_ACTIVATION_LOOPS(SparsePlus)
GEMMFIT_ACTIVATION_LOOPS(SparseSigmoid)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace activations {
namespace {
GEMMFIT_ACTIVATION_CHOICE(HardSigmoid)
GEMMFIT_ACTIVATION_CHOICE(HardSigmoidKeras2)
GEMMFIT_ACTIVATION_CHOICE(HardTanh)
GEMMFIT_ACTIVATION_CHOICE(HardSilu)
GEMMFIT_ACTIVATION_CHOICE(SparsePlus)
GEMMFIT_ACTIVATION_CHOICE(SparseSigmoid)
}  // namespace

ActivationFunction hardSigmoid(const Value& /*spec*/) { return HardSigmoidFunction({}, Reads::y, kFewFlops); }
ActivationFunction hardSigmoidKeras2(const Value& /*spec*/) { return HardSigmoidKeras2Function({}, Reads::x, kFewFlops); }
ActivationFunction hardTanh(const Value& /*spec*/) { return HardTanhFunction({}, Reads::x, kFewFlops); }
ActivationFunction hardSilu(const Value& /*spec*/) { return HardSiluFunction({}, Reads::x, kFewFlops); }
ActivationFunction sparsePlus(const Value& /*spec*/) { return SparsePlusFunction({}, Reads::x, kFewFlops); }
ActivationFunction sparseSigmoid(const Value& /*spec*/) { return SparseSigmoidFunction({}, Reads::x, kFewFlops); }

}  // namespace activations
}  // namespace gemmfit
#endif
