#include "native/kernels/softmax.h"

#include <algorithm>
#include <cmath>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/softmax.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// The greatest of a row. Whether NaN wins is left open: the exponential meets it again.
HWY_INLINE float MaxOf(const float* x, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  float most = x[0];
  int64_t i = 0;
  if (n >= lanes) {
    auto v = hn::LoadU(d, x);
    for (i = lanes; i + lanes <= n; i += lanes) v = hn::Max(v, hn::LoadU(d, x + i));
    most = hn::GetLane(hn::MaxOfLanes(d, v));
  }
  for (; i < n; ++i) most = x[i] > most ? x[i] : most;
  return most;
}

HWY_INLINE void Subtract(const float* x, float by, float* y, int64_t n) {
  vm::MapRow(
      n, y, [by](auto d, auto v) HWY_ATTR { return hn::Sub(v, hn::Set(d, by)); }, x);
}
HWY_INLINE void ExpOf(const float* x, float* y, int64_t n) {
  vm::Map(
      n, y, [](auto d, auto v) HWY_ATTR { return vm::Exp(d, v); }, x);
}
HWY_INLINE double SumOf(const float* y, int64_t n) {
  return vm::Sum(
      n, [](auto, auto v) HWY_ATTR { return v; }, y);
}

HWY_INLINE double ExpSum(const float* y, int64_t n) {
  return vm::Sum(
      n, [](auto d, auto v) HWY_ATTR { return vm::Exp(d, v); }, y);
}

// Of rows shorter than a vector, several share an exponential: f(first, count) for groups of rows of at most kGroup floats, or one row.
constexpr int64_t kGroup = 1024;
template <class F>
HWY_INLINE void Groups(int64_t rows, int64_t width, F&& f) {
  const int64_t group = std::max<int64_t>(1, kGroup / width);
  for (int64_t first = 0; first < rows; first += group) f(first, std::min(group, rows - first));
}

void SoftmaxRows(const float* x, float* y, int64_t rows, int64_t width) {
  Groups(rows, width, [&](int64_t first, int64_t count) HWY_ATTR {
    const float* from = x + first * width;
    float* to = y + first * width;
    for (int64_t r = 0; r < count; ++r) Subtract(from + r * width, MaxOf(from + r * width, width), to + r * width, width);
    ExpOf(to, to, count * width);
    for (int64_t r = 0; r < count; ++r) {
      const auto over = static_cast<float>(1 / SumOf(to + r * width, width));
      vm::MapRow(
          width, to + r * width, [over](auto d, auto v) HWY_ATTR { return hn::Mul(v, hn::Set(d, over)); }, to + r * width);
    }
  });
}

void LogSoftmaxRows(const float* x, float* y, int64_t rows, int64_t width) {
  float exponentials[kGroup];
  Groups(rows, width, [&](int64_t first, int64_t count) HWY_ATTR {
    const float* from = x + first * width;
    float* to = y + first * width;
    for (int64_t r = 0; r < count; ++r) Subtract(from + r * width, MaxOf(from + r * width, width), to + r * width, width);
    if (width <= kGroup) ExpOf(to, exponentials, count * width);
    for (int64_t r = 0; r < count; ++r) {
      const double sum = width <= kGroup ? SumOf(exponentials + r * width, width) : ExpSum(to, width);
      Subtract(to + r * width, static_cast<float>(std::log(sum)), to + r * width, width);
    }
  });
}

void SoftmaxRowsGradient(const float* y, const float* dy, float* dx, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; ++r, y += width, dy += width, dx += width) {
    const auto dot = static_cast<float>(vm::Sum(
        width, [](auto, auto v, auto g) HWY_ATTR { return hn::Mul(v, g); }, y, dy));
    vm::MapRow(
        width, dx, [dot](auto d, auto v, auto g) HWY_ATTR { return hn::Mul(v, hn::Sub(g, hn::Set(d, dot))); }, y, dy);
  }
}

void LogSoftmaxRowsGradient(const float* y, const float* dy, float* dx, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; ++r, y += width, dy += width, dx += width) {
    const auto sum = static_cast<float>(SumOf(dy, width));
    vm::MapRow(
        width, dx, [sum](auto d, auto v, auto g) HWY_ATTR { return hn::NegMulAdd(vm::Exp(d, v), hn::Set(d, sum), g); }, y, dy);
  }
}

// Along an axis that is not the last, neighbours in memory belong to different sums: a vector takes as many sums at once as it has lanes.
// f(d, load, store) sees one such bundle: load(p, i) and store(v, p, i) reach element i of each of its sums in the array p.
template <class F>
HWY_INLINE void Columns(const AxisView& view, F&& f) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.inner; c += lanes) {
      const int64_t at = o * view.length * view.inner + c, left = view.inner - c;
      if (left >= lanes)
        f(
            d, [&](const float* p, int64_t i) HWY_ATTR { return hn::LoadU(d, p + at + i * view.inner); },
            [&](auto v, float* p, int64_t i) HWY_ATTR { hn::StoreU(v, d, p + at + i * view.inner); });
      else
        f(
            d, [&](const float* p, int64_t i) HWY_ATTR { return vm::LoadSome(d, p + at + i * view.inner, left); },
            [&](auto v, float* p, int64_t i) HWY_ATTR { vm::StoreSome(d, v, p + at + i * view.inner, left); });
    }
}

// The sum of term(i), i < n, in two levels: a long plain sum of floats would lose digits.
template <class D, class F>
HWY_INLINE hn::Vec<D> SumOver(D d, int64_t n, F&& term) {
  auto all = hn::Zero(d);
  for (int64_t from = 0; from < n; from += vm::kShort) {
    auto sum = hn::Zero(d);
    for (int64_t i = from; i < std::min(n, from + vm::kShort); ++i) sum = hn::Add(sum, term(i));
    all = hn::Add(all, sum);
  }
  return all;
}

void SoftmaxColumns(const AxisView& view, const float* x, float* y) {
  Columns(view, [&](auto d, const auto& load, const auto& store) HWY_ATTR {
    auto most = load(x, 0);
    for (int64_t i = 1; i < view.length; ++i) most = hn::Max(most, load(x, i));
    const auto sum = SumOver(d, view.length, [&](int64_t i) HWY_ATTR {
      const auto e = vm::Exp(d, hn::Sub(load(x, i), most));
      store(e, y, i);
      return e;
    });
    const auto over = hn::Div(hn::Set(d, 1), sum);
    for (int64_t i = 0; i < view.length; ++i) store(hn::Mul(load(y, i), over), y, i);
  });
}

void LogSoftmaxColumns(const AxisView& view, const float* x, float* y) {
  Columns(view, [&](auto d, const auto& load, const auto& store) HWY_ATTR {
    auto most = load(x, 0);
    for (int64_t i = 1; i < view.length; ++i) most = hn::Max(most, load(x, i));
    const auto sum = SumOver(d, view.length, [&](int64_t i) HWY_ATTR { return vm::Exp(d, hn::Sub(load(x, i), most)); });
    // The sum is 1 or more, or NaN.
    const auto log = hn::IfThenElse(hn::IsNaN(sum), sum, hn::Log(d, sum));
    for (int64_t i = 0; i < view.length; ++i) store(hn::Sub(hn::Sub(load(x, i), most), log), y, i);
  });
}

void SoftmaxColumnsGradient(const AxisView& view, const float* y, const float* dy, float* dx) {
  Columns(view, [&](auto d, const auto& load, const auto& store) HWY_ATTR {
    const auto dot = SumOver(d, view.length, [&](int64_t i) HWY_ATTR { return hn::Mul(load(y, i), load(dy, i)); });
    for (int64_t i = 0; i < view.length; ++i) store(hn::Mul(load(y, i), hn::Sub(load(dy, i), dot)), dx, i);
  });
}

void LogSoftmaxColumnsGradient(const AxisView& view, const float* y, const float* dy, float* dx) {
  Columns(view, [&](auto d, const auto& load, const auto& store) HWY_ATTR {
    const auto sum = SumOver(d, view.length, [&](int64_t i) HWY_ATTR { return load(dy, i); });
    for (int64_t i = 0; i < view.length; ++i) store(hn::NegMulAdd(vm::Exp(d, load(y, i)), sum, load(dy, i)), dx, i);
  });
}

void Glu(const AxisView& view, const float* x, float* y) {
  const int64_t half = view.length * view.inner;
  for (int64_t o = 0; o < view.outer; ++o, x += 2 * half, y += half)
    vm::Map(
        half, y, [](auto d, auto a, auto b) HWY_ATTR { return hn::Mul(a, vm::Sigmoid(d, b)); }, x, x + half);
}

void GluGradient(const AxisView& view, const float* x, const float* dy, float* dx) {
  const int64_t half = view.length * view.inner;
  for (int64_t o = 0; o < view.outer; ++o, x += 2 * half, dy += half, dx += 2 * half) {
    vm::Map(
        half, dx, [](auto d, auto b, auto g) HWY_ATTR { return hn::Mul(g, vm::Sigmoid(d, b)); }, x + half, dy);
    vm::Map(
        half, dx + half,
        [](auto d, auto a, auto b, auto g) HWY_ATTR {
          hn::Vec<decltype(d)> other;
          const auto s = vm::Sigmoid(d, b, &other);
          return hn::Mul(hn::Mul(g, a), hn::Mul(s, other));
        },
        x, x + half, dy);
  }
}

void Softmax(const AxisView& v, const float* x, float* y) {
  if (v.inner == 1)
    SoftmaxRows(x, y, v.outer, v.length);
  else
    SoftmaxColumns(v, x, y);
}
void LogSoftmax(const AxisView& v, const float* x, float* y) {
  if (v.inner == 1)
    LogSoftmaxRows(x, y, v.outer, v.length);
  else
    LogSoftmaxColumns(v, x, y);
}
void SoftmaxGradient(const AxisView& v, const float* y, const float* dy, float* dx) {
  if (v.inner == 1)
    SoftmaxRowsGradient(y, dy, dx, v.outer, v.length);
  else
    SoftmaxColumnsGradient(v, y, dy, dx);
}
void LogSoftmaxGradient(const AxisView& v, const float* y, const float* dy, float* dx) {
  if (v.inner == 1)
    LogSoftmaxRowsGradient(y, dy, dx, v.outer, v.length);
  else
    LogSoftmaxColumnsGradient(v, y, dy, dx);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(Softmax);
HWY_EXPORT(LogSoftmax);
HWY_EXPORT(SoftmaxGradient);
HWY_EXPORT(LogSoftmaxGradient);
HWY_EXPORT(Glu);
HWY_EXPORT(GluGradient);

void softmax(const AxisView& v, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(Softmax)(v, x, y); }
void logSoftmax(const AxisView& v, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(LogSoftmax)(v, x, y); }
void softmaxGradient(const AxisView& v, const float* y, const float* dy, float* dx) { HWY_DYNAMIC_DISPATCH(SoftmaxGradient)(v, y, dy, dx); }
void logSoftmaxGradient(const AxisView& v, const float* y, const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(LogSoftmaxGradient)(v, y, dy, dx);
}
void glu(const AxisView& v, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(Glu)(v, x, y); }
void gluGradient(const AxisView& v, const float* x, const float* dy, float* dx) { HWY_DYNAMIC_DISPATCH(GluGradient)(v, x, dy, dx); }

}  // namespace gemmfit
#endif
