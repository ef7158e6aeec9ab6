// Activations made of exponentials. `Value` takes x; `Gradient` takes x, or y where the table in activations.cc says so: where y alone
// gives the derivative as exactly as x does, or as exactly as TensorFlow has it (sigmoid, tanh).
#if defined(NATIVE_KERNELS_ACTIVATION_CURVES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_KERNELS_ACTIVATION_CURVES_INL_H_
#undef NATIVE_KERNELS_ACTIVATION_CURVES_INL_H_
#else
#define NATIVE_KERNELS_ACTIVATION_CURVES_INL_H_
#endif

#include "native/kernels/activations.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace curves {
namespace hn = hwy::HWY_NAMESPACE;
using vm::AtLeast;
using vm::AtMost;
using vm::Of;

struct Sigmoid {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return vm::Sigmoid(d, x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, hn::Mul(y, hn::Sub(hn::Set(d, 1), y)));
  }
};

struct Tanh {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return vm::Tanh(d, x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    const auto one = hn::Set(d, 1);
    return hn::Mul(dy, hn::Mul(hn::Sub(one, y), hn::Add(one, y)));
  }
};

// x - tanh(x) would lose what is left of a small x.
struct TanhShrink {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto s = hn::Mul(x, x);
    const auto p = vm::Polynomial(d, s,
                                  {0.3333333432674408f, -0.13333311676979065f, 0.05396362394094467f, -0.021830778568983078f,
                                   0.008701320737600327f, -0.0032118538929f, 0.0009271475137f, -0.00014382881636f});
    return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 1)), hn::Mul(hn::Mul(x, s), p), hn::Sub(x, vm::Tanh(d, x)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto t = vm::Tanh(d, x);
    return hn::Mul(dy, hn::Mul(t, t));
  }
};

struct Exponential {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return vm::Exp(d, x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D, Of<D> y, Of<D> dy) const {
    return hn::Mul(dy, y);
  }
};

struct Softplus {  // from y: 1 - e^-y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return vm::Softplus(d, x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return hn::Neg(hn::Mul(dy, vm::Expm1(d, hn::Neg(y))));
  }
};

struct LogSigmoid {  // from y: 1 - e^y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::Neg(vm::Softplus(d, hn::Neg(x)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return hn::Neg(hn::Mul(dy, vm::Expm1(d, y)));
  }
};

struct Softsign {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    // Beyond 1e9 the quotient is 1 to the last bit; infinity over infinity would be NaN.
    const auto limited = AtLeast(d, AtMost(d, x, 1e9f), -1e9f);
    return hn::Div(limited, hn::Add(hn::Set(d, 1), hn::Abs(limited)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto r = hn::Div(hn::Set(d, 1), hn::Add(hn::Set(d, 1), hn::Abs(x)));
    return hn::Mul(dy, hn::Mul(r, r));
  }
};

struct Squareplus {
  float b;
  // h = (|x| + sqrt(x^2 + b)) / 2; below 0 the function is b / (4 h), without a cancellation.
  template <class D>
  HWY_INLINE Of<D> Root(D d, Of<D> x) const {
    const auto a = hn::Abs(x);
    return hn::IfThenElse(hn::Gt(a, hn::Set(d, 1e15f)), a, hn::Sqrt(hn::MulAdd(x, x, hn::Set(d, b))));
  }
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto h = hn::Mul(hn::Set(d, 0.5f), hn::Add(hn::Abs(x), Root(d, x)));
    return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Div(hn::Set(d, 0.25f * b), h), h);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto limited = AtLeast(d, AtMost(d, x, 1e15f), -1e15f);
    return hn::Mul(dy, hn::Div(Value(d, limited), Root(d, limited)));
  }
};

struct Elu {  // from y where alpha is above 0
  float alpha;
  bool fromY;
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

}  // namespace curves
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif
