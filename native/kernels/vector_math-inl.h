// Functions of vectors that are right on the whole line: NaN stays NaN, infinities give limits. Highway's own are only promised inside
// a range (its Exp makes 0 of NaN). Also the loops that take arrays of any length through vectors.
#if defined(NATIVE_KERNELS_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_KERNELS_VECTOR_MATH_INL_H_
#undef NATIVE_KERNELS_VECTOR_MATH_INL_H_
#else
#define NATIVE_KERNELS_VECTOR_MATH_INL_H_
#endif

#include <cstdint>
#include <cstring>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

#include "native/kernels/sizes.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace vm {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using Of = hn::Vec<D>;

// Comparisons with NaN are false: these let it through where Min and Max make no promise.
template <class D>
HWY_INLINE Of<D> AtLeast(D d, Of<D> x, float low) {
  return hn::IfThenElse(hn::Lt(x, hn::Set(d, low)), hn::Set(d, low), x);
}
template <class D>
HWY_INLINE Of<D> AtMost(D d, Of<D> x, float high) {
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, high)), hn::Set(d, high), x);
}

template <class D>
HWY_INLINE Of<D> Exp(D d, Of<D> x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, AtMost(d, x, 104.0f)));
}

template <class D>
HWY_INLINE Of<D> Expm1(D d, Of<D> x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Expm1(d, AtMost(d, x, 104.0f)));
}

template <class D>
HWY_INLINE Of<D> Tanh(D d, Of<D> x) {
  const auto limited = AtLeast(d, AtMost(d, x, 20.0f), -20.0f);
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, limited));
}

// 1 / (1 + e^-x), and where asked for 1 / (1 + e^x), which is 1 minus that without the cancellation.
template <class D>
HWY_INLINE Of<D> Sigmoid(D d, Of<D> x, Of<D>* other = nullptr) {
  const auto e = vm::Exp(d, hn::Neg(hn::Abs(x)));
  const auto large = hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), e));
  const auto small = hn::Mul(e, large);
  const auto negative = hn::Lt(x, hn::Zero(d));
  if (other) *other = hn::IfThenElse(negative, large, small);
  return hn::IfThenElse(negative, small, large);
}

// ln(1 + e^x)
template <class D>
HWY_INLINE Of<D> Softplus(D d, Of<D> x) {
  return hn::Add(AtLeast(d, x, 0.0f), hn::Log1p(d, vm::Exp(d, hn::Neg(hn::Abs(x)))));
}

// a[0] + a[1] x + ... by Horner.
template <class D, size_t N>
HWY_INLINE Of<D> Polynomial(D d, Of<D> x, const float (&a)[N]) {
  auto sum = hn::Set(d, a[N - 1]);
  for (size_t i = N - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, a[i]));
  return sum;
}

// The standard normal distribution: P(X <= x), and the density there. For x in [-15, 15].
template <class D>
HWY_INLINE Of<D> Normal(D d, Of<D> x, Of<D>* density) {
  const hn::RebindToUnsigned<D> bits;
  const auto a = hn::Abs(x);
  // e^(-a^2/2) with a^2 in two parts: rounded to one float, the exponent of the far tail would be off by 1e-5.
  const auto high = hn::BitCast(d, hn::And(hn::BitCast(bits, a), hn::Set(bits, 0xFFFFF000u)));
  const auto low = hn::Mul(hn::Set(d, -0.5f), hn::Mul(hn::Sub(a, high), hn::Add(a, high)));
  const auto e =
      hn::Mul(vm::Exp(d, hn::Mul(hn::Set(d, -0.5f), hn::Mul(high, high))), Polynomial(d, low, {1.0f, 1.0f, 1.0f / 2, 1.0f / 6, 1.0f / 24}));
  // The tail beyond a is e^(-a^2/2) t P(t) for t = 4 / (a + 4): P fitted at Chebyshev points, relative error 1.5e-8.
  const auto t = hn::Div(hn::Set(d, 4.0f), hn::Add(a, hn::Set(d, 4.0f)));
  const auto p =
      Polynomial(d, t,
                 {0.09975048154592514f, 0.09943928569555283f, 0.09598341584205627f, 0.06970860064029694f, 0.09357014298439026f,
                  -0.0006522189942188561f, 0.04502948001027107f, 0.03885560482740402f, -0.057215359061956406f, 0.015530566684901714f});
  const auto tail = hn::Mul(e, hn::Mul(t, p));
  if (density) *density = hn::Mul(e, hn::Set(d, 0.3989422804f));
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail));
}

// The first `n` floats at x, fewer than a vector, without touching memory behind them; the other lanes are 0.
template <class D>
HWY_INLINE Of<D> LoadSome(D d, const float* x, int64_t n) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(lanes, x, asSize(n) * sizeof(float));
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, asSize(n)), d, x);
#endif
}
template <class D>
HWY_INLINE void StoreSome(D d, Of<D> v, float* y, int64_t n) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, lanes);
  std::memcpy(y, lanes, asSize(n) * sizeof(float));
#else
  hn::BlendedStore(v, hn::FirstN(d, asSize(n)), d, y);
#endif
}

// y[i] = f(x[i], ...) for arrays of n floats; y may be one of them.
template <class F, class... Arrays>
HWY_INLINE void Map(int64_t n, float* y, F&& f, const Arrays*... x) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, x + i)...), d, y + i);
  if (i < n) StoreSome(d, f(d, LoadSome(d, x + i, n - i)...), y + i, n - i);
}

// f(d, i) for vectors that cover [0, n) exactly: whole ones, then fours, then ones. For rows that may be short and lie next to each
// other: a masked store would hold up the load of the next row, which it seems to overlap.
template <class F>
HWY_INLINE void Pieces(int64_t n, F&& f) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 4> four;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), lanes4 = static_cast<int64_t>(hn::Lanes(four));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(d, i);
  for (; i + lanes4 <= n; i += lanes4) f(four, i);
  for (; i < n; ++i) f(one, i);
}

// y[i] = f(x[i], ...) in such pieces.
template <class F, class... Arrays>
HWY_INLINE void MapRow(int64_t n, float* y, F&& f, const Arrays*... x) {
  Pieces(n, [&](auto d, int64_t i) HWY_ATTR { hn::StoreU(f(d, hn::LoadU(d, x + i)...), d, y + i); });
}

// The sum of f(d, x[i], ...). At most some thousand floats: it is a float sum.
template <class F, class... Arrays>
HWY_INLINE float ShortSum(int64_t n, F&& f, const Arrays*... x) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 4> four;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), lanes4 = static_cast<int64_t>(hn::Lanes(four));
  float total = 0;
  int64_t i = 0;
  if (n >= lanes) {
    auto sum = hn::Zero(d);
    for (; i + lanes <= n; i += lanes) sum = hn::Add(sum, f(d, hn::LoadU(d, x + i)...));
    total = hn::GetLane(hn::SumOfLanes(d, sum));
  }
  if (i + lanes4 <= n) {
    auto sum = hn::Zero(four);
    for (; i + lanes4 <= n; i += lanes4) sum = hn::Add(sum, f(four, hn::LoadU(four, x + i)...));
    total += hn::GetLane(hn::SumOfLanes(four, sum));
  }
  for (; i < n; ++i) total += hn::GetLane(f(one, hn::LoadU(one, x + i)...));
  return total;
}

constexpr int64_t kShort = 1024;

// The same for any length: short sums added up in double.
template <class F, class... Arrays>
HWY_INLINE double Sum(int64_t n, F&& f, const Arrays*... x) {
  double sum = 0;
  for (int64_t i = 0; i < n; i += kShort) sum += ShortSum(n - i < kShort ? n - i : kShort, f, (x + i)...);
  return sum;
}

}  // namespace vm
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif
