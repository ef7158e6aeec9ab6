// Vector functions that losses share. Highway's own functions are exact enough but say nothing sensible outside their domain
// (NaN becomes 0 in Exp, Log of 0 is finite); these follow IEEE there, so that a broken prediction shows in the loss.
#if defined(NATIVE_KERNELS_LOSS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_KERNELS_LOSS_MATH_INL_H_
#undef NATIVE_KERNELS_LOSS_MATH_INL_H_
#else
#define NATIVE_KERNELS_LOSS_MATH_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kMaxLanes = 64;  // the longest vectors used: those of SVE
using D = hn::CappedTag<float, kMaxLanes>;
using V = hn::Vec<D>;

constexpr float kEpsilon = 1e-7f;                             // keras.backend.epsilon()
constexpr float kAlmostOne = static_cast<float>(1.0 - 1e-7);  // as float32: 1 - 2^-23
constexpr int64_t kBlock = 1024;                              // floats of a buffer on the stack

HWY_INLINE V C(float x) { return hn::Set(D(), x); }

// e^x for x <= 0.
HWY_INLINE V ExpNegative(V x) { return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(D(), x)); }

// ln x for every x.
HWY_INLINE V Ln(V x) {
  const V inf = C(std::numeric_limits<float>::infinity());
  const V outside = hn::IfThenElse(hn::Lt(x, hn::Zero(D())), C(std::numeric_limits<float>::quiet_NaN()), x);  // NaN, infinity, or ...
  const V special = hn::IfThenElse(hn::Eq(x, hn::Zero(D())), hn::Neg(inf), outside);
  return hn::IfThenElse(hn::And(hn::Gt(x, hn::Zero(D())), hn::Lt(x, inf)), hn::Log(D(), x), special);
}

// ln x for x in [1e-8, 1e30] or NaN.
HWY_INLINE V LnInside(V x) { return hn::IfThenElse(hn::IsNaN(x), x, hn::Log(D(), x)); }

HWY_INLINE V Sigmoid(V z) {
  const V e = ExpNegative(hn::Neg(hn::Abs(z)));
  const V r = hn::Div(C(1), hn::Add(C(1), e));
  return hn::IfThenElse(hn::Lt(z, hn::Zero(D())), hn::Mul(e, r), r);
}

// ln(1 + e^z)
HWY_INLINE V Softplus(V z) {
  const V positive = hn::IfThenElse(hn::Lt(z, hn::Zero(D())), hn::Zero(D()), z);
  return hn::Add(positive, hn::Log1p(D(), ExpNegative(hn::Neg(hn::Abs(z)))));
}

// x where it is not below `low`: NaN stays NaN, which Max would not promise.
HWY_INLINE V AtLeast(V x, V low) { return hn::IfThenElse(hn::Lt(x, low), low, x); }
HWY_INLINE V Clip(V x, V low, V high) { return hn::IfThenElse(hn::Gt(x, high), high, AtLeast(x, low)); }
// Where a clip passes the gradient on: the limits themselves belong to the inside, and NaN must come through.
HWY_INLINE hn::Mask<D> Inside(V x, V low, V high) { return hn::Not(hn::Or(hn::Lt(x, low), hn::Gt(x, high))); }

// x^exponent for one exponent. Small whole exponents are products, right for negative x too.
class Power {
 public:
  explicit Power(float exponent) : exponent_(exponent), whole_(exponent >= 0 && exponent <= 8 ? static_cast<int>(exponent) : -1) {
    if (whole_ >= 0 && static_cast<float>(whole_) != exponent) whole_ = -1;
  }
  HWY_INLINE V operator()(V x) const {
    if (whole_ >= 0) {
      V r = C(1);
      for (int i = 0; i < whole_; ++i) r = hn::Mul(r, x);
      return r;
    }
    const V log = Ln(x);  // -infinity at 0
    const V power = hn::Mul(C(exponent_), log);
    const V limited = hn::IfThenElse(hn::Gt(power, C(88.0f)), C(88.0f), power);
    const V r = hn::IfThenElse(hn::IsNaN(power), power, hn::Exp(D(), limited));
    return hn::IfThenElse(hn::Gt(power, C(88.0f)), C(std::numeric_limits<float>::infinity()), r);
  }

 private:
  float exponent_;
  int whole_;
};

// Sum of a run of at most kBlock floats.
HWY_INLINE float SumBlock(const float* x, int64_t n) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
  float sum = 0;
  int64_t j = 0;
  if (n >= lanes) {
    V total = hn::LoadU(D(), x);
    for (j = lanes; j + lanes <= n; j += lanes) total = hn::Add(total, hn::LoadU(D(), x + j));
    sum = hn::GetLane(hn::SumOfLanes(D(), total));
  }
  for (; j < n; ++j) sum += x[j];
  return sum;
}

// Applies `f(j)` to j = 0, lanes, ... as long as whole vectors fit, then `tail(j, count)` once for what is left.
template <class F, class Tail>
HWY_INLINE void Vectors(int64_t n, F&& f, Tail&& tail) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
  int64_t j = 0;
  for (; j + lanes <= n; j += lanes) f(j);
  if (j < n) tail(j, n - j);
}

// out[j] = f(a[j], b[j], ...): tails go through a padded copy, so nothing is read or written outside the arrays.
template <class F, class... Arrays>
HWY_INLINE void MapFloats(int64_t n, float* out, F&& f, const Arrays*... in) {
  const D d;
  Vectors(
      n, [&](int64_t j) HWY_ATTR { hn::StoreU(f(hn::LoadU(d, in + j)...), d, out + j); },
      [&](int64_t j, int64_t left) HWY_ATTR {
        float result[kMaxLanes];
        const auto load = [&](const float* x) HWY_ATTR {
          float padded[kMaxLanes];
          std::fill(padded, padded + hn::Lanes(d), 0.5f);
          std::copy(x, x + left, padded);
          return hn::LoadU(d, padded);
        };
        hn::StoreU(f(load(in + j)...), d, result);
        std::copy(result, result + left, out + j);
      });
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif
