#include "native/kernels/loss_element.h"

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/loss_element.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/loss_element-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

HWY_INLINE V SignOf(V x) {  // 0 at 0, NaN at NaN
  return hn::IfThenElse(hn::Gt(hn::Abs(x), hn::Zero(D())), hn::CopySign(C(1), x), x);
}

struct Squared {
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Sub(y, p);
    return hn::Mul(e, e);
  }
  HWY_INLINE V Slope(V y, V p) const { return hn::Mul(C(2), hn::Sub(p, y)); }
};

struct Absolute {
  HWY_INLINE V Value(V y, V p) const { return hn::Abs(hn::Sub(y, p)); }
  HWY_INLINE V Slope(V y, V p) const { return SignOf(hn::Sub(p, y)); }
};

struct Percentage {
  HWY_INLINE V Value(V y, V p) const { return hn::Mul(C(100), hn::Abs(hn::Div(hn::Sub(y, p), AtLeast(hn::Abs(y), C(kEpsilon))))); }
  HWY_INLINE V Slope(V y, V p) const {
    const V size = AtLeast(hn::Abs(y), C(kEpsilon));
    return hn::Mul(C(100), hn::Div(SignOf(hn::Div(hn::Sub(p, y), size)), size));
  }
};

struct SquaredLogarithmic {
  HWY_INLINE V Error(V y, V p) const {
    return hn::Sub(Ln(hn::Add(AtLeast(p, C(kEpsilon)), C(1))), Ln(hn::Add(AtLeast(y, C(kEpsilon)), C(1))));
  }
  HWY_INLINE V Value(V y, V p) const {
    const V e = Error(y, p);
    return hn::Mul(e, e);
  }
  HWY_INLINE V Slope(V y, V p) const {
    return hn::IfThenZeroElse(hn::Lt(p, C(kEpsilon)), hn::Div(hn::Mul(C(2), Error(y, p)), hn::Add(p, C(1))));
  }
};

struct LogCosh {
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Abs(hn::Sub(p, y));
    return hn::Sub(hn::Add(e, hn::Log1p(D(), ExpNegative(hn::Mul(C(-2), e)))), C(0.693147180559945309f));
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V e = hn::Sub(p, y);
    return hn::IfThenElse(hn::IsNaN(e), e, hn::Tanh(D(), e));
  }
};

struct Huber {
  float delta;
  HWY_INLINE V Value(V y, V p) const {
    const V e = hn::Sub(p, y), size = hn::Abs(e), d = C(delta);
    const V outer = hn::Sub(hn::Mul(d, size), hn::Mul(C(0.5f), hn::Mul(d, d)));
    return hn::IfThenElse(hn::Le(size, d), hn::Mul(C(0.5f), hn::Mul(e, e)), outer);
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V e = hn::Sub(p, y);
    return hn::IfThenElse(hn::Gt(hn::Abs(e), C(delta)), hn::CopySign(C(delta), e), e);
  }
};

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

struct Labels {
  float scale, shift;
  HWY_INLINE V operator()(V y) const { return hn::MulAdd(y, C(scale), C(shift)); }
};

struct Hinge {
  Labels labels;
  HWY_INLINE V Value(V y, V p) const { return AtLeast(hn::NegMulAdd(labels(y), p, C(1)), hn::Zero(D())); }
  // On the kink itself the slope is that of the side that still counts, as in TensorFlow's maximum(1 - yp, 0).
  HWY_INLINE V Slope(V y, V p) const {
    const V a = labels(y), margin = hn::NegMulAdd(a, p, C(1));
    const V slope = hn::IfThenZeroElse(hn::Lt(margin, hn::Zero(D())), hn::Neg(a));
    return hn::IfThenElse(hn::IsNaN(margin), margin, slope);
  }
};

struct SquaredHinge {
  Labels labels;
  HWY_INLINE V Margin(V a, V p) const { return AtLeast(hn::NegMulAdd(a, p, C(1)), hn::Zero(D())); }
  HWY_INLINE V Value(V y, V p) const {
    const V m = Margin(labels(y), p);
    return hn::Mul(m, m);
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V a = labels(y);
    return hn::Mul(hn::Mul(C(-2), a), Margin(a, p));
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
  HWY_INLINE V Value(V y, V p) const { return CrossEntropy(labels(y), p); }
  HWY_INLINE V Slope(V y, V p) const { return CrossEntropySlope(labels(y), p); }
};

struct BinaryLogits {
  Labels labels;
  HWY_INLINE V Value(V y, V z) const { return LogitCrossEntropy(labels(y), z); }
  HWY_INLINE V Slope(V y, V z) const { return hn::Sub(Sigmoid(z), labels(y)); }
};

// weight * (1 - p_t)^gamma * cross-entropy, with p_t = y p + (1 - y)(1 - p) of the probability as it is, not clipped.
// 1 - p_t is written as y (1 - p) + (1 - y) p, which is the same without the cancellation near p_t = 1.
struct Focal {
  Labels labels;
  Power power, lower;  // exponents gamma and gamma - 1
  float gamma, positive, negative;
  Focal(Labels l, const ElementOptions& o)
      : labels(l), power(o.gamma), lower(o.gamma - 1), gamma(o.gamma), positive(o.positive), negative(o.negative) {}
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

template <class Run>
void With(ElementLoss loss, const ElementOptions& o, Run&& run) {
  const Labels labels{o.labelScale, o.labelShift};
  switch (loss) {
    case ElementLoss::squared:
      return run(Squared{});
    case ElementLoss::absolute:
      return run(Absolute{});
    case ElementLoss::percentage:
      return run(Percentage{});
    case ElementLoss::squaredLogarithmic:
      return run(SquaredLogarithmic{});
    case ElementLoss::logCosh:
      return run(LogCosh{});
    case ElementLoss::huber:
      return run(Huber{o.delta});
    case ElementLoss::poisson:
      return run(Poisson{});
    case ElementLoss::kl:
      return run(Divergence{});
    case ElementLoss::hinge:
      return run(Hinge{labels});
    case ElementLoss::squaredHinge:
      return run(SquaredHinge{labels});
    case ElementLoss::binary:
      return run(Binary{labels});
    case ElementLoss::binaryLogits:
      return run(BinaryLogits{labels});
    case ElementLoss::focal:
      return run(Focal(labels, o));
    case ElementLoss::focalLogits:
      return run(FocalLogits(labels, o));
  }
}

void ElementValues(ElementLoss loss, const ElementOptions& o, const ElementShape& shape, const float* y, const float* p, float* losses) {
  With(loss, o, [&](const auto& f) { Values(f, shape, y, p, losses); });
}

void ElementGradient(ElementLoss loss, const ElementOptions& o, const ElementShape& shape, const float* y, const float* p,
                     const float* scale, float* grad) {
  With(loss, o, [&](const auto& f) { Gradient(f, shape, y, p, scale, grad); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
HWY_EXPORT(ElementValues);
HWY_EXPORT(ElementGradient);

void elementValues(ElementLoss loss, const ElementOptions& options, const ElementShape& shape, const float* y, const float* p,
                   float* losses) {
  HWY_DYNAMIC_DISPATCH(ElementValues)(loss, options, shape, y, p, losses);
}

void elementGradient(ElementLoss loss, const ElementOptions& options, const ElementShape& shape, const float* y, const float* p,
                     const float* scale, float* grad) {
  HWY_DYNAMIC_DISPATCH(ElementGradient)(loss, options, shape, y, p, scale, grad);
}

}  // namespace gemmfit
#endif
