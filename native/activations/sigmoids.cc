// Curves between two levels, and those whose slopes they are.
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/activations/sigmoids.cc"
#include "hwy/foreach_target.h"
#include "native/activations/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

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
  explicit Squareplus(const ActivationNumbers& numbers) : b(numbers[0]) {}
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

GEMMFIT_ACTIVATION_LOOPS(Sigmoid)
GEMMFIT_ACTIVATION_LOOPS(Tanh)
GEMMFIT_ACTIVATION_LOOPS(TanhShrink)
GEMMFIT_ACTIVATION_LOOPS(Exponential)
GEMMFIT_ACTIVATION_LOOPS(Softplus)
GEMMFIT_ACTIVATION_LOOPS(LogSigmoid)
GEMMFIT_ACTIVATION_LOOPS(Softsign)
GEMMFIT_ACTIVATION_LOOPS(Squareplus)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace activations {
namespace {
GEMMFIT_ACTIVATION_CHOICE(Sigmoid)
GEMMFIT_ACTIVATION_CHOICE(Tanh)
GEMMFIT_ACTIVATION_CHOICE(TanhShrink)
GEMMFIT_ACTIVATION_CHOICE(Exponential)
GEMMFIT_ACTIVATION_CHOICE(Softplus)
GEMMFIT_ACTIVATION_CHOICE(LogSigmoid)
GEMMFIT_ACTIVATION_CHOICE(Softsign)
GEMMFIT_ACTIVATION_CHOICE(Squareplus)
}  // namespace

ActivationFunction sigmoid(const Value& /*spec*/) { return SigmoidFunction({}, Reads::y, kManyFlops); }
ActivationFunction tanh(const Value& /*spec*/) { return TanhFunction({}, Reads::y, kManyFlops); }
ActivationFunction exponential(const Value& /*spec*/) { return ExponentialFunction({}, Reads::y, kManyFlops); }
ActivationFunction softplus(const Value& /*spec*/) { return SoftplusFunction({}, Reads::y, kManyFlops); }
ActivationFunction logSigmoid(const Value& /*spec*/) { return LogSigmoidFunction({}, Reads::y, kManyFlops); }
ActivationFunction tanhShrink(const Value& /*spec*/) { return TanhShrinkFunction({}, Reads::x, kManyFlops); }
ActivationFunction softsign(const Value& /*spec*/) { return SoftsignFunction({}, Reads::x, kFewFlops); }

// spec: { b }
ActivationFunction squareplus(const Value& spec) { return SquareplusFunction({single(spec, "b", 4)}, Reads::x, kFewFlops); }

}  // namespace activations
}  // namespace gemmfit
#endif
