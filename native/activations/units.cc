// Smooth relatives of ReLU: exponentials below 0, and x times a gate.
#include "native/engine/error.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/activations/units.cc"
#include "hwy/foreach_target.h"
#include "native/activations/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Elu {  // from y where alpha is above 0
  float alpha;
  bool fromY;
  explicit Elu(const ActivationNumbers& numbers) : alpha(numbers[0]), fromY(alpha > 0) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(hn::Set(d, alpha), vm::Expm1(d, x)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> v, Of<D> dy) const {
    const auto a = hn::Set(d, alpha);
    const auto slope = fromY ? hn::Add(v, a) : hn::Mul(a, vm::Exp(d, v));
    return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), dy, hn::Mul(dy, slope));
  }
};

struct Celu {  // from y
  float alpha;
  explicit Celu(const ActivationNumbers& numbers) : alpha(numbers[0]) {}
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto a = hn::Set(d, alpha);
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(a, vm::Expm1(d, hn::Div(x, a))));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    const auto slope = hn::Add(hn::Div(y, hn::Set(d, alpha)), hn::Set(d, 1));
    return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), dy, hn::Mul(dy, slope));
  }
};

struct Selu {                                                                               // from y
  static constexpr float kScale = 1.05070098735548049342f, kLow = 1.75809934084737685994f;  // scale, and scale times alpha
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Mul(hn::Set(d, kScale), x), hn::Mul(hn::Set(d, kLow), vm::Expm1(d, x)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::IfThenElse(hn::Lt(y, hn::Zero(d)), hn::Add(y, hn::Set(d, kLow)), hn::Set(d, kScale)));
  }
};

// Beyond 110 the gate is 0 or 1 in float; the limit keeps infinity times 0 away.
struct Silu {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto limited = AtLeast(d, x, -110);
    return hn::Mul(limited, vm::Sigmoid(d, limited));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto limited = AtLeast(d, AtMost(d, x, 110), -110);
    Of<D> other;
    const auto s = vm::Sigmoid(d, limited, &other);
    return hn::Mul(dy, hn::MulAdd(limited, hn::Mul(s, other), s));
  }
};

// With n = e^-|x|, tanh(softplus(x)) is (1 + 2n) / (1 + 2n + 2n^2) for x >= 0 and n (n + 2) / (n (n + 2) + 2) for x < 0.
struct Mish {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto two = hn::Set(d, 2), limited = AtLeast(d, x, -110);
    const auto n = vm::Exp(d, hn::Neg(hn::Abs(limited)));
    const auto low = hn::Mul(n, hn::Add(n, two)), high = hn::MulAdd(two, n, hn::Set(d, 1));
    const auto negative = hn::Lt(x, hn::Zero(d));
    const auto top = hn::IfThenElse(negative, low, high);
    const auto bottom = hn::Add(top, hn::IfThenElse(negative, two, hn::Mul(two, hn::Mul(n, n))));
    return hn::Mul(limited, hn::Div(top, bottom));
  }
  // Its slope is the gate plus x times the gate's: 4 n (1 + n) / bottom^2, times n more for x >= 0.
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto one = hn::Set(d, 1), two = hn::Set(d, 2), limited = AtLeast(d, AtMost(d, x, 110), -110);
    const auto n = vm::Exp(d, hn::Neg(hn::Abs(limited)));
    const auto low = hn::Mul(n, hn::Add(n, two)), high = hn::MulAdd(two, n, one);
    const auto negative = hn::Lt(x, hn::Zero(d));
    const auto top = hn::IfThenElse(negative, low, high);
    const auto r = hn::Div(one, hn::Add(top, hn::IfThenElse(negative, two, hn::Mul(two, hn::Mul(n, n)))));
    const auto up = hn::Mul(hn::Set(d, 4), hn::Mul(n, hn::Add(one, n)));
    const auto slope = hn::Mul(hn::Mul(hn::IfThenElse(negative, up, hn::Mul(up, n)), r), r);
    return hn::Mul(dy, hn::MulAdd(limited, slope, hn::Mul(top, r)));
  }
};

struct Gelu {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto near = AtLeast(d, AtMost(d, x, 15), -15);
    return hn::Mul(AtLeast(d, x, -15), vm::Normal(d, near, static_cast<Of<D>*>(nullptr)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto near = AtLeast(d, AtMost(d, x, 15), -15);
    Of<D> density;
    const auto p = vm::Normal(d, near, &density);
    return hn::Mul(dy, hn::MulAdd(near, density, p));
  }
};

// x / (1 + e^(-2u)) with u = sqrt(2 / pi) (x + 0.044715 x^3): the same as by tanh.
struct GeluTanh {
  static constexpr float kSlope = 1.59576912160573071f, kCube = 0.044715f;  // 2 sqrt(2 / pi)
  template <class D>
  HWY_INLINE Of<D> Inner(D d, Of<D> x) const {
    return hn::Mul(hn::Mul(hn::Set(d, kSlope), x), hn::MulAdd(hn::Set(d, kCube), hn::Mul(x, x), hn::Set(d, 1)));
  }
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto near = AtLeast(d, AtMost(d, x, 15), -15);
    return hn::Mul(AtLeast(d, x, -15), vm::Sigmoid(d, Inner(d, near)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto near = AtLeast(d, AtMost(d, x, 15), -15);
    Of<D> other;
    const auto s = vm::Sigmoid(d, Inner(d, near), &other);
    const auto inner = hn::MulAdd(hn::Set(d, 3 * kCube * kSlope), hn::Mul(near, near), hn::Set(d, kSlope));
    return hn::Mul(dy, hn::MulAdd(hn::Mul(near, inner), hn::Mul(s, other), s));
  }
};

GEMMFIT_ACTIVATION_LOOPS(Elu)
GEMMFIT_ACTIVATION_LOOPS(Celu)
GEMMFIT_ACTIVATION_LOOPS(Selu)
GEMMFIT_ACTIVATION_LOOPS(Silu)
GEMMFIT_ACTIVATION_LOOPS(Mish)
GEMMFIT_ACTIVATION_LOOPS(Gelu)
GEMMFIT_ACTIVATION_LOOPS(GeluTanh)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace activations {
namespace {
GEMMFIT_ACTIVATION_CHOICE(Elu)
GEMMFIT_ACTIVATION_CHOICE(Celu)
GEMMFIT_ACTIVATION_CHOICE(Selu)
GEMMFIT_ACTIVATION_CHOICE(Silu)
GEMMFIT_ACTIVATION_CHOICE(Mish)
GEMMFIT_ACTIVATION_CHOICE(Gelu)
GEMMFIT_ACTIVATION_CHOICE(GeluTanh)
}  // namespace

// spec: { alpha }
ActivationFunction elu(const Value& spec) {
  const float alpha = single(spec, "alpha", 1);
  // y tells the side of 0 only where the slope below is positive.
  return EluFunction({alpha}, alpha > 0 ? Reads::y : Reads::x, kManyFlops);
}

// spec: { alpha }
ActivationFunction celu(const Value& spec) {
  const float alpha = single(spec, "alpha", 1);
  if (alpha == 0) throw Error("ERR_SPEC", "celu: alpha must not be 0");
  return CeluFunction({alpha}, Reads::y, kManyFlops);
}

ActivationFunction selu(const Value& /*spec*/) { return SeluFunction({}, Reads::y, kManyFlops); }
ActivationFunction silu(const Value& /*spec*/) { return SiluFunction({}, Reads::x, kManyFlops); }
ActivationFunction mish(const Value& /*spec*/) { return MishFunction({}, Reads::x, kManyFlops); }

// spec: { approximate }
ActivationFunction gelu(const Value& spec) {
  if (spec.flag("approximate", false)) return GeluTanhFunction({}, Reads::x, kManyFlops);
  return GeluFunction({}, Reads::x, kManyFlops);
}

}  // namespace activations
}  // namespace gemmfit
#endif
