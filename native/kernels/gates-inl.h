// Sigmoid and tanh for the kernels of gates. Included once for each instruction set.
#if defined(GEMMFIT_GATES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef GEMMFIT_GATES_INL
#undef GEMMFIT_GATES_INL
#else
#define GEMMFIT_GATES_INL
#endif

#include <cstring>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#include "native/kernels/sizes.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace gates {
namespace hn = hwy::HWY_NAMESPACE;

// Both end exactly at their limits: a slope that is not quite 0 there is much where it is multiplied by an input of 1e10.

// 1 / (1 + e^-x). The clamp keeps e^-x finite; below it the result is 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SigmoidOf(D d, V x) {
  const V limit = hn::Set(d, 86.0f);
  const V e = hn::Exp(d, hn::Min(hn::Neg(x), limit));
  const V y = hn::IfThenZeroElse(hn::Lt(x, hn::Neg(limit)), hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), e)));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// x P(x^2) / Q(x^2), a minimax fit of tanh on [-7.9, 7.9], within 3 units in the last place; from 9 on, tanh is 1 in float.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhOf(D d, V x) {
  const V limit = hn::Set(d, 7.90531110763549805f);
  const V t = hn::Max(hn::Min(x, limit), hn::Neg(limit));
  const V s = hn::Mul(t, t);
  V p = hn::MulAdd(hn::Set(d, -2.76076847742355e-16f), s, hn::Set(d, 2.00018790482477e-13f));
  p = hn::MulAdd(p, s, hn::Set(d, -8.60467152213735e-11f));
  p = hn::MulAdd(p, s, hn::Set(d, 5.12229709037114e-08f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.48572235717979e-05f));
  p = hn::MulAdd(p, s, hn::Set(d, 6.37261928875436e-04f));
  p = hn::MulAdd(p, s, hn::Set(d, 4.89352455891786e-03f));
  V q = hn::MulAdd(hn::Set(d, 1.19825839466702e-06f), s, hn::Set(d, 1.18534705686654e-04f));
  q = hn::MulAdd(q, s, hn::Set(d, 2.26843463243900e-03f));
  q = hn::MulAdd(q, s, hn::Set(d, 4.89352518554385e-03f));
  const V y = hn::IfThenElse(hn::Ge(hn::Abs(x), hn::Set(d, 9.0f)), hn::CopySign(hn::Set(d, 1.0f), x), hn::Div(hn::Mul(t, p), q));
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// f(load, store) for the vectors that cover [0, n). The last one, where it is not whole, goes through memory of its own.
template <class D, class F>
HWY_INLINE void Sweep(D d, int64_t n, F&& f) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    f([&](const float* p) HWY_ATTR { return hn::LoadU(d, p + i); }, [&](hn::Vec<D> v, float* p) HWY_ATTR { hn::StoreU(v, d, p + i); });
  if (i == n) return;
  const size_t rest = asSize(n - i) * sizeof(float);
  float part[HWY_MAX_BYTES / sizeof(float)] = {};
  f(
      [&](const float* p) HWY_ATTR {
        std::memcpy(part, p + i, rest);
        return hn::LoadU(d, part);
      },
      [&](hn::Vec<D> v, float* p) HWY_ATTR {
        hn::StoreU(v, d, part);
        std::memcpy(p + i, part, rest);
      });
}

}  // namespace gates
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif
