// ReLU and its relatives: straight lines with a joint or two. Slopes at the joints are those that TensorFlow's gradients give.
#include <limits>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/activations/relu.cc"
#include "hwy/foreach_target.h"
#include "native/activations/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Linear {
  template <class D>
  HWY_INLINE Of<D> Value(D, Of<D> x) const {
    return x;
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D, Of<D>, Of<D> dy) const {
    return dy;
  }
};

struct Relu {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtLeast(d, x, 0);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), dy);
  }
};

struct Relu6 {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, x, 0), 6);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return Between(d, y, 0, 6, dy);
  }
};

struct LeakyRelu {  // from y where the slope is above 0, from x where it is below: the sign tells the side either way
  float slope;
  explicit LeakyRelu(const ActivationNumbers& numbers) : slope(numbers[0]) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::Set(d, slope)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> v, Of<D> dy) const {
    return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), dy, hn::Mul(dy, hn::Set(d, slope)));
  }
};

// Keras's relu(x, negative_slope, max_value, threshold), operation by operation: the clip to [0, maximum] comes before the negative part.
struct ReluGeneral {
  float slope, threshold, maximum;
  bool clips;
  explicit ReluGeneral(const ActivationNumbers& numbers)
      : slope(numbers[0]), threshold(numbers[1]), maximum(numbers[2]), clips(maximum < std::numeric_limits<float>::infinity()) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto below = hn::Le(x, hn::Set(d, threshold));
    auto v = hn::IfThenZeroElse(below, x);
    if (clips) v = AtMost(d, AtLeast(d, v, 0), maximum);
    if (slope == 0) return v;  // 0 times -infinity is no number
    return hn::IfThenElse(below, hn::MulAdd(hn::Set(d, slope), hn::Sub(x, hn::Set(d, threshold)), v), v);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto below = hn::Le(x, hn::Set(d, threshold));
    auto above = dy;
    if (clips) above = hn::IfThenZeroElse(hn::Or(hn::Lt(x, hn::Zero(d)), hn::Gt(x, hn::Set(d, maximum))), dy);
    const auto low = hn::IfThenElseZero(hn::Lt(x, hn::Set(d, threshold)), hn::Mul(dy, hn::Set(d, slope)));
    return hn::IfThenElse(below, low, above);
  }
};

struct HardShrink {
  float threshold;
  explicit HardShrink(const ActivationNumbers& numbers) : threshold(numbers[0]) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenZeroElse(hn::Le(hn::Abs(x), hn::Set(d, threshold)), x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(hn::Abs(x), hn::Set(d, threshold)), dy);
  }
};

struct SoftShrink {
  float threshold;
  explicit SoftShrink(const ActivationNumbers& numbers) : threshold(numbers[0]) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto t = hn::Set(d, threshold);
    const auto low = hn::IfThenElse(hn::Lt(x, hn::Neg(t)), hn::Add(x, t), hn::IfThenElseZero(hn::IsNaN(x), x));
    return hn::IfThenElse(hn::Gt(x, t), hn::Sub(x, t), low);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::And(hn::Le(x, hn::Set(d, threshold)), hn::Ge(x, hn::Set(d, -threshold))), dy);
  }
};

struct Threshold {
  float threshold, other;
  explicit Threshold(const ActivationNumbers& numbers) : threshold(numbers[0]), other(numbers[1]) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenElse(hn::Le(x, hn::Set(d, threshold)), hn::Set(d, other), x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(x, hn::Set(d, threshold)), dy);
  }
};

GEMMFIT_ACTIVATION_LOOPS(Linear)
GEMMFIT_ACTIVATION_LOOPS(Relu)
GEMMFIT_ACTIVATION_LOOPS(Relu6)
GEMMFIT_ACTIVATION_LOOPS(LeakyRelu)
GEMMFIT_ACTIVATION_LOOPS(ReluGeneral)
GEMMFIT_ACTIVATION_LOOPS(HardShrink)
GEMMFIT_ACTIVATION_LOOPS(SoftShrink)
GEMMFIT_ACTIVATION_LOOPS(Threshold)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace activations {
namespace {
GEMMFIT_ACTIVATION_CHOICE(Linear)
GEMMFIT_ACTIVATION_CHOICE(Relu)
GEMMFIT_ACTIVATION_CHOICE(Relu6)
GEMMFIT_ACTIVATION_CHOICE(LeakyRelu)
GEMMFIT_ACTIVATION_CHOICE(ReluGeneral)
GEMMFIT_ACTIVATION_CHOICE(HardShrink)
GEMMFIT_ACTIVATION_CHOICE(SoftShrink)
GEMMFIT_ACTIVATION_CHOICE(Threshold)
}  // namespace

ActivationFunction linear(const Value& /*spec*/) { return LinearFunction({}, Reads::y, kFewFlops); }
ActivationFunction relu6(const Value& /*spec*/) { return Relu6Function({}, Reads::y, kFewFlops); }
// y tells the side of 0 only where the slope below is positive.
ActivationFunction leaky(float slope) { return LeakyReluFunction({slope}, slope > 0 ? Reads::y : Reads::x, kFewFlops); }

// spec: { negativeSlope }
ActivationFunction leakyRelu(const Value& spec) { return leaky(single(spec, "negativeSlope", 0.2)); }

// spec: { negativeSlope, threshold, maxValue }. Keras computes relu by simpler functions where its options allow it, and these differ at
// the joints.
ActivationFunction relu(const Value& spec) {
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const float slope = single(spec, "negativeSlope", 0), threshold = single(spec, "threshold", 0), maximum = single(spec, "maxValue", kNone);
  if (threshold == 0 && slope != 0 && maximum == kNone) return leaky(slope);
  if (threshold == 0 && slope == 0 && maximum == kNone) return ReluFunction({}, Reads::y, kFewFlops);
  if (threshold == 0 && slope == 0 && maximum == 6) return Relu6Function({}, Reads::y, kFewFlops);
  return ReluGeneralFunction({slope, threshold, maximum}, Reads::x, kFewFlops);
}

// spec: { threshold }
ActivationFunction hardShrink(const Value& spec) { return HardShrinkFunction({single(spec, "threshold", 0.5)}, Reads::x, kFewFlops); }
ActivationFunction softShrink(const Value& spec) { return SoftShrinkFunction({single(spec, "threshold", 0.5)}, Reads::x, kFewFlops); }

// spec: { threshold, defaultValue }
ActivationFunction threshold(const Value& spec) {
  return ThresholdFunction({single(spec, "threshold", 0), single(spec, "defaultValue", 0)}, Reads::x, kFewFlops);
}

}  // namespace activations
}  // namespace gemmfit
#endif
