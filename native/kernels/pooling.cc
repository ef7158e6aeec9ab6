#include "native/kernels/pooling.h"

#include <cstring>

#include "native/kernels/simd_targets.h"
#include "native/kernels/sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/pooling.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using D1 = hn::CappedTag<float, 1>;
using W = hn::ScalableTag<double>;  // sums are wide
using W1 = hn::CappedTag<double, 1>;

// One window: where it begins in a sample's input and in its output, and its cells.
struct Window {
  int64_t from, to;
  int64_t n0, n1, n2;
  int64_t cells() const { return n0 * n1 * n2; }
};

template <class F>
HWY_INLINE void EachWindow(const Pooling& p, F&& f) {
  const int64_t line = p.in[2] * p.inner, slice = p.in[1] * line, plane = p.in[0] * slice;
  int64_t to = 0;
  for (int64_t c = 0; c < p.planes; ++c)
    for (const PoolSpan& a : p.spans[0])
      for (const PoolSpan& b : p.spans[1])
        for (const PoolSpan& e : p.spans[2]) {
          f(Window{c * plane + a.begin * slice + b.begin * line + e.begin * p.inner, to, a.size(), b.size(), e.size()});
          to += p.inner;
        }
}

// f(offset) for the cells of a window in row-major order, offsets counted from its first.
template <class F>
HWY_INLINE void EachCell(const Pooling& p, const Window& w, F&& f) {
  const int64_t line = p.in[2] * p.inner, slice = p.in[1] * line;
  for (int64_t a = 0; a < w.n0; ++a)
    for (int64_t b = 0; b < w.n1; ++b)
      for (int64_t c = 0; c < w.n2; ++c) f(a * slice + b * line + c * p.inner);
}

// f(d, i) for the vectors that cover [0, n): whole ones, then one element at a time.
template <class Whole, class One, class F>
HWY_INLINE void Sweep(int64_t n, F&& f) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(Whole()));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(Whole(), i);
  for (; i < n; ++i) f(One(), i);
}

template <class V>
HWY_INLINE V Larger(V most, V v) {
  return hn::IfThenElse(hn::Or(hn::Gt(v, most), hn::IsNaN(v)), v, most);
}

template <class DW>
HWY_INLINE hn::Vec<DW> Widen(DW d, const float* x) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, DW>(), x));
}

// Neighbouring cells are worth a vector where channels do not give one.
HWY_INLINE bool ByRuns(const Pooling& p, const Window& w) { return p.inner == 1 && w.n2 >= 2 * static_cast<int64_t>(hn::Lanes(D())); }

HWY_INLINE float MaxOfRuns(const Pooling& p, const Window& w, const float* x) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), line = p.in[2], slice = p.in[1] * line;
  auto most = hn::LoadU(d, x);
  for (int64_t a = 0; a < w.n0; ++a)
    for (int64_t b = 0; b < w.n1; ++b) {
      const float* run = x + a * slice + b * line;
      int64_t i = 0;
      for (; i + lanes <= w.n2; i += lanes) most = Larger(most, hn::LoadU(d, run + i));
      // The rest overlaps with what was seen: a maximum does not mind.
      if (i < w.n2) most = Larger(most, hn::LoadU(d, run + w.n2 - lanes));
    }
  HWY_ALIGN float each[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(most, d, each);
  float out = each[0];
  for (int64_t i = 1; i < lanes; ++i)
    if (each[i] > out || each[i] != each[i]) out = each[i];
  return out;
}

void MaxPool(const Pooling& p, int64_t samples, const float* x, float* y) {
  const int64_t line = p.in[2] * p.inner;
  for (int64_t s = 0; s < samples; ++s, x += p.cellsIn(), y += p.cellsOut())
    EachWindow(p, [&](const Window& w) HWY_ATTR {
      const float* from = x + w.from;
      float* to = y + w.to;
      if (ByRuns(p, w)) {
        *to = MaxOfRuns(p, w, from);
      } else if (w.n0 == 1 && w.n1 == 2 && w.n2 == 2) {
        Sweep<D, D1>(p.inner, [&](auto d, int64_t i) HWY_ATTR {
          const auto above = Larger(hn::LoadU(d, from + i), hn::LoadU(d, from + p.inner + i));
          const auto below = Larger(hn::LoadU(d, from + line + i), hn::LoadU(d, from + line + p.inner + i));
          hn::StoreU(Larger(above, below), d, to + i);
        });
      } else {
        Sweep<D, D1>(p.inner, [&](auto d, int64_t i) HWY_ATTR {
          auto most = hn::LoadU(d, from + i);
          EachCell(p, w, [&](int64_t at) HWY_ATTR { most = Larger(most, hn::LoadU(d, from + at + i)); });
          hn::StoreU(most, d, to + i);
        });
      }
    });
}

// f(begin, end) for the cells of an axis that lie before, between and behind its windows, which are in order.
template <class F>
HWY_INLINE void EachGap(const std::vector<PoolSpan>& spans, int64_t cells, F&& f) {
  int64_t end = 0;
  for (const PoolSpan& s : spans) {
    if (s.begin > end) f(end, s.begin);
    end = s.end;
  }
  if (cells > end) f(end, cells);
}

// Zeros for the cells of a sample that are in no window.
HWY_INLINE void ClearBetween(const Pooling& p, float* x) {
  const int64_t line = p.in[2] * p.inner, slice = p.in[1] * line;
  const auto clear = [&](float* from, int64_t begin, int64_t end, int64_t each) {
    std::memset(from + begin * each, 0, asSize((end - begin) * each) * sizeof(float));
  };
  for (int64_t c = 0; c < p.planes; ++c, x += p.in[0] * slice) {
    EachGap(p.spans[0], p.in[0], [&](int64_t begin, int64_t end) { clear(x, begin, end, slice); });
    for (const PoolSpan& a : p.spans[0])
      for (int64_t i = a.begin; i < a.end; ++i) {
        EachGap(p.spans[1], p.in[1], [&](int64_t begin, int64_t end) { clear(x + i * slice, begin, end, line); });
        for (const PoolSpan& b : p.spans[1])
          for (int64_t j = b.begin; j < b.end; ++j)
            EachGap(p.spans[2], p.in[2], [&](int64_t begin, int64_t end) { clear(x + i * slice + j * line, begin, end, p.inner); });
      }
  }
}

// A cell takes the gradient where it is not below the window's largest, and no earlier one of its window did or all that are as large share
// it.
template <bool masked>
HWY_INLINE void MaxPoolGradient(const Pooling& p, int64_t samples, const float* x, const float* y, const float* dy, float* dx) {
  const bool add = !p.disjoint;
  for (int64_t s = 0; s < samples; ++s, x += p.cellsIn(), y += p.cellsOut(), dy += p.cellsOut(), dx += p.cellsIn()) {
    if (add)
      std::memset(dx, 0, asSize(p.cellsIn()) * sizeof(float));
    else if (!p.covering)
      ClearBetween(p, dx);
    EachWindow(p, [&](const Window& w) HWY_ATTR {
      Sweep<D, D1>(p.inner, [&](auto d, int64_t i) HWY_ATTR {
        const float* from = x + w.from + i;
        float* to = dx + w.from + i;
        const auto most = hn::LoadU(d, y + w.to + i);
        auto rest = hn::LoadU(d, dy + w.to + i);
        // What is left of the gradient is it or, once taken, zero; `open` tells that apart from a gradient of zero.
        auto open = hn::Eq(hn::Zero(d), hn::Zero(d));
        if (p.shares) {
          auto equal = hn::Zero(d);
          EachCell(p, w, [&](int64_t at) HWY_ATTR {
            equal = hn::Add(equal, hn::IfThenZeroElse(hn::Lt(hn::LoadU(d, from + at), most), hn::Set(d, 1.0f)));
          });
          rest = hn::Div(rest, equal);
        }
        EachCell(p, w, [&](int64_t at) HWY_ATTR {
          const auto v = hn::LoadU(d, from + at);
          const auto below = hn::Lt(v, most);
          auto takes = hn::AndNot(below, open);
          if (masked) takes = hn::And(takes, hn::Gt(v, hn::Zero(d)));
          const auto g = hn::IfThenElseZero(takes, rest);
          hn::StoreU(add ? hn::Add(hn::LoadU(d, to + at), g) : g, d, to + at);
          if (!p.shares) open = hn::And(open, below);
        });
      });
    });
  }
}

void MaxPoolGradientOf(const Pooling& p, bool masked, int64_t samples, const float* x, const float* y, const float* dy, float* dx) {
  masked ? MaxPoolGradient<true>(p, samples, x, y, dy, dx) : MaxPoolGradient<false>(p, samples, x, y, dy, dx);
}

HWY_INLINE double SumOfRuns(const Pooling& p, const Window& w, const float* x) {
  const W d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), line = p.in[2], slice = p.in[1] * line;
  auto s0 = hn::Zero(d), s1 = hn::Zero(d);
  double rest = 0;
  for (int64_t a = 0; a < w.n0; ++a)
    for (int64_t b = 0; b < w.n1; ++b) {
      const float* run = x + a * slice + b * line;
      int64_t i = 0;
      for (; i + 2 * lanes <= w.n2; i += 2 * lanes) {
        s0 = hn::Add(s0, Widen(d, run + i));
        s1 = hn::Add(s1, Widen(d, run + i + lanes));
      }
      for (; i < w.n2; ++i) rest += run[i];
    }
  return rest + hn::GetLane(hn::SumOfLanes(d, hn::Add(s0, s1)));
}

void AveragePool(const Pooling& p, int64_t samples, const float* x, float* y) {
  for (int64_t s = 0; s < samples; ++s, x += p.cellsIn(), y += p.cellsOut())
    EachWindow(p, [&](const Window& w) HWY_ATTR {
      const float* from = x + w.from;
      float* to = y + w.to;
      const double cells = static_cast<double>(w.cells());
      if (ByRuns(p, w)) {
        *to = static_cast<float>(SumOfRuns(p, w, from) / cells);
        return;
      }
      Sweep<W, W1>(p.inner, [&](auto d, int64_t i) HWY_ATTR {
        auto sum = hn::Zero(d);
        EachCell(p, w, [&](int64_t at) HWY_ATTR { sum = hn::Add(sum, Widen(d, from + at + i)); });
        const hn::Rebind<float, decltype(d)> narrow;
        hn::StoreU(hn::DemoteTo(narrow, hn::Div(sum, hn::Set(d, cells))), narrow, to + i);
      });
    });
}

void AveragePoolGradient(const Pooling& p, int64_t samples, const float* dy, float* dx) {
  const bool add = !p.disjoint;
  for (int64_t s = 0; s < samples; ++s, dy += p.cellsOut(), dx += p.cellsIn()) {
    if (add || !p.covering) std::memset(dx, 0, asSize(p.cellsIn()) * sizeof(float));
    EachWindow(p, [&](const Window& w) HWY_ATTR {
      const float share = 1.0f / static_cast<float>(w.cells());
      const auto give = [&](auto d, const auto g, float* to) HWY_ATTR { hn::StoreU(add ? hn::Add(hn::LoadU(d, to), g) : g, d, to); };
      if (ByRuns(p, w)) {
        const float g = dy[w.to] * share;
        for (int64_t a = 0; a < w.n0; ++a)
          for (int64_t b = 0; b < w.n1; ++b) {
            float* run = dx + w.from + (a * p.in[1] + b) * p.in[2];
            Sweep<D, D1>(w.n2, [&](auto d, int64_t i) HWY_ATTR { give(d, hn::Set(d, g), run + i); });
          }
        return;
      }
      Sweep<D, D1>(p.inner, [&](auto d, int64_t i) HWY_ATTR {
        const auto g = hn::Mul(hn::LoadU(d, dy + w.to + i), hn::Set(d, share));
        EachCell(p, w, [&](int64_t at) HWY_ATTR { give(d, g, dx + w.from + at + i); });
      });
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(MaxPool);
HWY_EXPORT(MaxPoolGradientOf);
HWY_EXPORT(AveragePool);
HWY_EXPORT(AveragePoolGradient);

void maxPool(const Pooling& p, int64_t samples, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(MaxPool)(p, samples, x, y); }
void maxPoolGradient(const Pooling& p, bool masked, int64_t samples, const float* x, const float* y, const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(MaxPoolGradientOf)(p, masked, samples, x, y, dy, dx);
}
void averagePool(const Pooling& p, int64_t samples, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(AveragePool)(p, samples, x, y); }
void averagePoolGradient(const Pooling& p, int64_t samples, const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(AveragePoolGradient)(p, samples, dy, dx);
}

}  // namespace gemmfit
#endif
