// Sums, maxima and maps over one row, and how rows are grouped: for losses that look at all classes of an item together.
#if defined(NATIVE_KERNELS_LOSS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_KERNELS_LOSS_ROWS_INL_H_
#undef NATIVE_KERNELS_LOSS_ROWS_INL_H_
#else
#define NATIVE_KERNELS_LOSS_ROWS_INL_H_
#endif

#include "native/kernels/loss_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {

// A row of ten classes is shorter than the widest vectors: what is left after whole vectors goes by fours, then one by one.
using D4 = hn::CappedTag<float, 4>;
using D1 = hn::CappedTag<float, 1>;

// f(d, j) for the vectors of tag d that cover [0, n).
template <class F>
HWY_INLINE void RowMap(int64_t n, F&& f) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D())), four = static_cast<int64_t>(hn::Lanes(D4()));
  int64_t j = 0;
  for (; j + lanes <= n; j += lanes) f(D(), j);
  for (; j + four <= n; j += four) f(D4(), j);
  for (; j < n; ++j) f(D1(), j);
}

// Sum of f(d, j), vectors of terms, over a run of at most kBlock.
template <class F>
HWY_INLINE float RunSum(int64_t n, F&& f) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D())), four = static_cast<int64_t>(hn::Lanes(D4()));
  float sum = 0;
  int64_t j = 0;
  if (n >= lanes) {
    auto total = f(D(), 0);
    for (j = lanes; j + lanes <= n; j += lanes) total = hn::Add(total, f(D(), j));
    sum = hn::GetLane(hn::SumOfLanes(D(), total));
  }
  if (j + four <= n) {
    auto total = f(D4(), j);
    for (j += four; j + four <= n; j += four) total = hn::Add(total, f(D4(), j));
    sum += hn::GetLane(hn::SumOfLanes(D4(), total));
  }
  for (; j < n; ++j) sum += hn::GetLane(f(D1(), j));
  return sum;
}

// The same over a row of any length: runs are added up in double.
template <class F>
HWY_INLINE float RowSum(int64_t n, F&& f) {
  if (n <= kBlock) return RunSum(n, f);
  double sum = 0;
  for (int64_t from = 0; from < n; from += kBlock)
    sum += RunSum(std::min(kBlock, n - from), [&](auto d, int64_t j) HWY_ATTR { return f(d, from + j); });
  return static_cast<float>(sum);
}

HWY_INLINE float SumOf(const float* x, int64_t n) {
  return RowSum(n, [&](auto d, int64_t j) HWY_ATTR { return hn::LoadU(d, x + j); });
}

// The greatest of a row; NaN may or may not win, so whoever uses it must meet the NaN itself again.
HWY_INLINE float MaxOf(const float* x, int64_t n) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D())), four = static_cast<int64_t>(hn::Lanes(D4()));
  float most = x[0];
  int64_t j = 0;
  if (n >= lanes) {
    V total = hn::LoadU(D(), x);
    for (j = lanes; j + lanes <= n; j += lanes) total = hn::Max(total, hn::LoadU(D(), x + j));
    most = hn::GetLane(hn::MaxOfLanes(D(), total));
  }
  if (j + four <= n) {
    auto total = hn::LoadU(D4(), x + j);
    for (j += four; j + four <= n; j += four) total = hn::Max(total, hn::LoadU(D4(), x + j));
    const float m = hn::GetLane(hn::MaxOfLanes(D4(), total));
    most = m > most ? m : most;
  }
  for (; j < n; ++j) most = x[j] > most ? x[j] : most;
  return most;
}

// f(first, rows) for groups of at most kRows rows that fit kBlock floats together; a longer row is a group of its own.
constexpr int64_t kRows = 128;
template <class F>
HWY_INLINE void Groups(int64_t items, int64_t width, F&& f) {
  const int64_t group = width < kBlock ? std::min(kRows, kBlock / width) : 1;
  for (int64_t i = 0; i < items; i += group) f(i, std::min(group, items - i));
}

// f(from, count) for runs of a row that fit kBlock floats: one, unless the row is a group of its own.
template <class F>
HWY_INLINE void Runs(int64_t width, F&& f) {
  for (int64_t from = 0; from < width; from += kBlock) f(from, std::min(kBlock, width - from));
}

// out = in - by, over a run.
HWY_INLINE void Subtract(const float* in, float by, int64_t n, float* out) {
  RowMap(n, [&](auto d, int64_t j) HWY_ATTR { hn::StoreU(hn::Sub(hn::LoadU(d, in + j), hn::Set(d, by)), d, out + j); });
}
HWY_INLINE void Divide(const float* in, float by, int64_t n, float* out) {
  RowMap(n, [&](auto d, int64_t j) HWY_ATTR { hn::StoreU(hn::Div(hn::LoadU(d, in + j), hn::Set(d, by)), d, out + j); });
}
HWY_INLINE void ExpInPlace(float* x, int64_t n) {
  MapFloats(
      n, x, [](V a) HWY_ATTR { return ExpNegative(a); }, x);
}
HWY_INLINE void LnInPlace(float* x, int64_t n) {
  MapFloats(
      n, x, [](V a) HWY_ATTR { return Ln(a); }, x);
}

// What a clip to [epsilon, 1 - epsilon] gives for a scalar, NaN included.
HWY_INLINE float ClipOne(float x) { return x < kEpsilon ? kEpsilon : x > kAlmostOne ? kAlmostOne : x; }
HWY_INLINE bool InsideOne(float x) { return !(x < kEpsilon || x > kAlmostOne); }

// A label as a class, or -1 where it is none of them.
HWY_INLINE int64_t ClassOf(float label, int64_t width) {
  return label > -1.0f && label < static_cast<float>(width) ? std::min(static_cast<int64_t>(label), width - 1) : -1;
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif
