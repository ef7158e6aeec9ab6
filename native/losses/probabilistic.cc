// Losses of probabilities, and of the logits that they are made of.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/losses/probabilistic.cc"
#include "hwy/foreach_target.h"
#include "native/losses/element-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Poisson {
  HWY_INLINE V Value(V y, V p) const { return hn::NegMulAdd(y, Ln(hn::Add(p, C(kEpsilon))), p); }
  HWY_INLINE V Slope(V y, V p) const { return hn::Sub(C(1), hn::Div(y, hn::Add(p, C(kEpsilon)))); }
};

struct Divergence {
  HWY_INLINE V Value(V y, V p) const {
    const V a = Clip(y, C(kEpsilon), C(1)), b = Clip(p, C(kEpsilon), C(1));
    return hn::Mul(a, LnInside(hn::Div(a, b)));
  }
  HWY_INLINE V Slope(V y, V p) const {
    return hn::IfThenElseZero(Inside(p, C(kEpsilon), C(1)), hn::Neg(hn::Div(Clip(y, C(kEpsilon), C(1)), p)));
  }
};

// Cross-entropy of probabilities: outside [epsilon, 1 - epsilon] the value is that of the limit and the gradient is 0.
HWY_INLINE V CrossEntropy(V y, V p) {
  const V q = Clip(p, C(kEpsilon), C(kAlmostOne));
  return hn::Neg(hn::MulAdd(y, LnInside(q), hn::Mul(hn::Sub(C(1), y), LnInside(hn::Sub(C(1), q)))));
}
HWY_INLINE V CrossEntropySlope(V y, V p) {
  const V slope = hn::Div(hn::Sub(p, y), hn::Mul(p, hn::Sub(C(1), p)));  // (1 - y) / (1 - p) - y / p
  return hn::IfThenElseZero(Inside(p, C(kEpsilon), C(kAlmostOne)), slope);
}
HWY_INLINE V LogitCrossEntropy(V y, V z) {
  const V e = ExpNegative(hn::Neg(hn::Abs(z)));
  return hn::Add(hn::NegMulAdd(z, y, AtLeast(z, hn::Zero(D()))), hn::Log1p(D(), e));
}

struct Binary {
  Labels labels;
  explicit Binary(const ElementOptions& o) : labels(o) {}
  HWY_INLINE V Value(V y, V p) const { return CrossEntropy(labels(y), p); }
  HWY_INLINE V Slope(V y, V p) const { return CrossEntropySlope(labels(y), p); }
};

struct BinaryLogits {
  Labels labels;
  explicit BinaryLogits(const ElementOptions& o) : labels(o) {}
  HWY_INLINE V Value(V y, V z) const { return LogitCrossEntropy(labels(y), z); }
  HWY_INLINE V Slope(V y, V z) const { return hn::Sub(Sigmoid(z), labels(y)); }
};

// weight * (1 - p_t)^gamma * cross-entropy, with p_t = y p + (1 - y)(1 - p) of the probability as it is, not clipped.
// 1 - p_t is written as y (1 - p) + (1 - y) p, which is the same without the cancellation near p_t = 1.
struct Focal {
  Labels labels;
  Power power, lower;  // exponents gamma and gamma - 1
  float gamma, positive, negative;
  explicit Focal(const ElementOptions& o)
      : labels(o), power(o.numbers[0]), lower(o.numbers[0] - 1), gamma(o.numbers[0]), positive(o.numbers[1]), negative(o.numbers[2]) {}
  HWY_INLINE V Weight(V y) const { return hn::MulAdd(y, C(positive - negative), C(negative)); }
  HWY_INLINE V Missing(V y, V p) const { return hn::MulAdd(y, hn::Sub(C(1), p), hn::Mul(hn::Sub(C(1), y), p)); }
  // d(1 - p_t)^gamma / dp
  HWY_INLINE V PowerSlope(V y, V p) const {
    if (gamma == 0) return hn::Zero(D());
    return hn::Mul(hn::Mul(C(gamma), lower(Missing(y, p))), hn::MulAdd(C(-2), y, C(1)));
  }
  HWY_INLINE V Value(V label, V p) const {
    const V y = labels(label);
    return hn::Mul(Weight(y), hn::Mul(power(Missing(y, p)), CrossEntropy(y, p)));
  }
  HWY_INLINE V Slope(V label, V p) const {
    const V y = labels(label);
    const V inner = hn::MulAdd(PowerSlope(y, p), CrossEntropy(y, p), hn::Mul(power(Missing(y, p)), CrossEntropySlope(y, p)));
    return hn::Mul(Weight(y), inner);
  }
};

struct FocalLogits : Focal {
  using Focal::Focal;
  HWY_INLINE V Value(V label, V z) const {
    const V y = labels(label);
    return hn::Mul(Weight(y), hn::Mul(power(Missing(y, Sigmoid(z))), LogitCrossEntropy(y, z)));
  }
  HWY_INLINE V Slope(V label, V z) const {
    const V y = labels(label), p = Sigmoid(z);
    const V byLogit = hn::Mul(PowerSlope(y, p), hn::Mul(p, hn::Sub(C(1), p)));
    return hn::Mul(Weight(y), hn::MulAdd(byLogit, LogitCrossEntropy(y, z), hn::Mul(power(Missing(y, p)), hn::Sub(p, y))));
  }
};

GEMMFIT_ELEMENT_LOOPS(Poisson)
GEMMFIT_ELEMENT_LOOPS(Divergence)
GEMMFIT_ELEMENT_LOOPS(Binary)
GEMMFIT_ELEMENT_LOOPS(BinaryLogits)
GEMMFIT_ELEMENT_LOOPS(Focal)
GEMMFIT_ELEMENT_LOOPS(FocalLogits)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace losses {
namespace {
GEMMFIT_ELEMENT_CHOICE(Poisson)
GEMMFIT_ELEMENT_CHOICE(Divergence)
GEMMFIT_ELEMENT_CHOICE(Binary)
GEMMFIT_ELEMENT_CHOICE(BinaryLogits)
GEMMFIT_ELEMENT_CHOICE(Focal)
GEMMFIT_ELEMENT_CHOICE(FocalLogits)
}  // namespace

std::unique_ptr<Loss> poisson(const Value&, int64_t width) { return std::make_unique<ElementwiseLoss>(kPoisson, width); }

std::unique_ptr<Loss> klDivergence(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(kDivergence, width, ElementOptions{}, /*mean=*/false);
}

// spec: { fromLogits, labelSmoothing }
std::unique_ptr<Loss> binaryCrossentropy(const Value& spec, int64_t width) {
  ElementOptions o;
  smoothLabels(spec, 2, &o.labelScale, &o.labelShift);
  return std::make_unique<ElementwiseLoss>(spec.flag("fromLogits", false) ? kBinaryLogits : kBinary, width, o);
}

// spec: { fromLogits, labelSmoothing, gamma, alpha, applyClassBalancing }
std::unique_ptr<Loss> binaryFocalCrossentropy(const Value& spec, int64_t width) {
  ElementOptions o;
  smoothLabels(spec, 2, &o.labelScale, &o.labelShift);
  float positive = 1, negative = 1;
  if (spec.flag("applyClassBalancing", false)) {
    positive = finite(spec, "alpha", 0.25);
    negative = 1 - positive;
  }
  o.numbers = {finite(spec, "gamma", 2), positive, negative};
  return std::make_unique<ElementwiseLoss>(spec.flag("fromLogits", false) ? kFocalLogits : kFocal, width, o);
}

}  // namespace losses
}  // namespace gemmfit
#endif
