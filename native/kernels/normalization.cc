#include "native/kernels/normalization.h"

#include <algorithm>
#include <cmath>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/normalization.cc"
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

// Channels whose sums are kept in the first-level cache while rows go by.
constexpr int64_t kColumns = 256;

template <class DW>
HWY_INLINE hn::Vec<DW> Widen(DW d, const float* p) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, DW>(), p));
}

// f(d, i) for the vectors that cover [0, n): whole ones, then one element at a time.
template <class Whole, class One, class F>
HWY_INLINE void Sweep(int64_t n, F&& f) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(Whole()));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(Whole(), i);
  for (; i < n; ++i) f(One(), i);
}

// Adds terms(d, i, v, u) over a run: first += v, second += v * u. Four sums side by side, so that none waits for the one before.
template <class F>
HWY_INLINE void RunSums(int64_t n, double* first, double* second, F&& terms) {
  const W d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
  auto t0 = hn::Zero(d), t1 = hn::Zero(d), t2 = hn::Zero(d), t3 = hn::Zero(d);
  const auto add = [&](int64_t i, hn::Vec<W>& s, hn::Vec<W>& t) HWY_ATTR {
    hn::Vec<W> v, u;
    terms(d, i, v, u);
    s = hn::Add(s, v);
    t = hn::MulAdd(v, u, t);
  };
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    add(i, s0, t0);
    add(i + lanes, s1, t1);
    add(i + 2 * lanes, s2, t2);
    add(i + 3 * lanes, s3, t3);
  }
  for (; i + lanes <= n; i += lanes) add(i, s0, t0);
  *first += hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  *second += hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(t0, t1), hn::Add(t2, t3))));
  for (; i < n; ++i) {
    hn::Vec<W1> v, u;
    terms(W1(), i, v, u);
    *first += hn::GetLane(v);
    *second += hn::GetLane(hn::Mul(v, u));
  }
}

// --- Batch normalization. Channels that lie side by side (inner 1) are taken as vectors of channels, others run by run.

template <bool kGradient>
void ColumnSums(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* centre, double* first,
                double* second) {
  for (int64_t c = range.channel; c < range.channelEnd; c += kColumns) {
    const int64_t n = std::min(kColumns, range.channelEnd - c), at = c - range.channel;
    std::fill(first + at, first + at + n, 0.0);
    std::fill(second + at, second + at + n, 0.0);
    for (int64_t outer = range.outer; outer < range.outerEnd; ++outer) {
      const int64_t o = view.row(outer);
      if (!kGradient && !view.keeps(o, c)) continue;
      const int64_t from = o * view.channels + c;
      Sweep<W, W1>(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto u = hn::Sub(Widen(d, x + from + i), Widen(d, centre + at + i));
        const auto v = kGradient ? Widen(d, dy + from + i) : u;
        hn::StoreU(hn::Add(hn::LoadU(d, first + at + i), v), d, first + at + i);
        hn::StoreU(hn::MulAdd(v, u, hn::LoadU(d, second + at + i)), d, second + at + i);
      });
    }
  }
}

template <bool kGradient>
void BlockSums(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* centre, double* first,
               double* second) {
  for (int64_t c = range.channel; c < range.channelEnd; ++c) {
    const int64_t at = c - range.channel;
    first[at] = second[at] = 0;
    for (int64_t outer = range.outer; outer < range.outerEnd; ++outer) {
      const int64_t o = view.row(outer);
      if (!kGradient && !view.keeps(o, c)) continue;
      const int64_t from = (o * view.channels + c) * view.inner;
      RunSums(view.inner, first + at, second + at, [&](auto d, int64_t i, auto& v, auto& u) HWY_ATTR {
        u = hn::Sub(Widen(d, x + from + i), hn::Set(d, static_cast<double>(centre[at])));
        v = kGradient ? Widen(d, dy + from + i) : u;
      });
    }
  }
}

void ChannelSums(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* centre, double* first,
                 double* second) {
  const bool columns = view.inner == 1 && !view.keepPerChannel;
  if (columns)
    return dy ? ColumnSums<true>(view, range, x, dy, centre, first, second) : ColumnSums<false>(view, range, x, dy, centre, first, second);
  return dy ? BlockSums<true>(view, range, x, dy, centre, first, second) : BlockSums<false>(view, range, x, dy, centre, first, second);
}

void ChannelNormalize(const ChannelView& view, const ChannelRange& range, const float* x, const float* mean, const float* scale,
                      const float* shift, float* y) {
  const int64_t n = range.channelEnd - range.channel;
  for (int64_t outer = range.outer; outer < range.outerEnd; ++outer) {
    const int64_t o = view.row(outer);
    const int64_t from = (o * view.channels + range.channel) * view.inner;
    if (view.inner == 1) {
      Sweep<D, D1>(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto s = shift ? hn::LoadU(d, shift + i) : hn::Zero(d);
        hn::StoreU(hn::MulAdd(hn::Sub(hn::LoadU(d, x + from + i), hn::LoadU(d, mean + i)), hn::LoadU(d, scale + i), s), d, y + from + i);
      });
      continue;
    }
    for (int64_t c = 0; c < n; ++c) {
      const int64_t run = from + c * view.inner;
      Sweep<D, D1>(view.inner, [&](auto d, int64_t i) HWY_ATTR {
        const auto centred = hn::Sub(hn::LoadU(d, x + run + i), hn::Set(d, mean[c]));
        hn::StoreU(hn::MulAdd(centred, hn::Set(d, scale[c]), hn::Set(d, shift ? shift[c] : 0.0f)), d, y + run + i);
      });
    }
  }
}

void ChannelGradient(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* mean,
                     const float* scale, const float* a, const float* b, float* dx) {
  const int64_t n = range.channelEnd - range.channel;
  const bool columns = view.inner == 1 && !view.keepPerChannel;
  for (int64_t outer = range.outer; outer < range.outerEnd; ++outer) {
    const int64_t o = view.row(outer);
    const int64_t from = (o * view.channels + range.channel) * view.inner;
    if (columns) {
      const bool through = a && view.keeps(o, range.channel);
      Sweep<D, D1>(n, [&](auto d, int64_t i) HWY_ATTR {
        auto g = hn::LoadU(d, dy + from + i);
        if (through) {
          const auto centred = hn::Sub(hn::LoadU(d, x + from + i), hn::LoadU(d, mean + i));
          g = hn::Sub(g, hn::MulAdd(centred, hn::LoadU(d, b + i), hn::LoadU(d, a + i)));
        }
        hn::StoreU(hn::Mul(hn::LoadU(d, scale + i), g), d, dx + from + i);
      });
      continue;
    }
    for (int64_t c = 0; c < n; ++c) {
      const int64_t run = from + c * view.inner;
      const bool through = a && view.keeps(o, range.channel + c);
      Sweep<D, D1>(view.inner, [&](auto d, int64_t i) HWY_ATTR {
        auto g = hn::LoadU(d, dy + run + i);
        if (through) {
          const auto centred = hn::Sub(hn::LoadU(d, x + run + i), hn::Set(d, mean[c]));
          g = hn::Sub(g, hn::MulAdd(centred, hn::Set(d, b[c]), hn::Set(d, a[c])));
        }
        hn::StoreU(hn::Mul(hn::Set(d, scale[c]), g), d, dx + run + i);
      });
    }
  }
}

// --- Layer normalization

void GroupNormalize(const GroupNorm& norm, int64_t groups, const float* x, float* mean, float* inverse, float* y) {
  const double n = static_cast<double>(norm.n);
  for (int64_t g = 0; g < groups; ++g, x += norm.n, y += norm.n) {
    // Around one of its own elements a group's squares do not cancel: the error of the variance stays at n times double's.
    const double centre = x[0];
    double first = 0, second = 0;
    RunSums(norm.n, &first, &second,
            [&](auto d, int64_t i, auto& v, auto& u) HWY_ATTR { v = u = hn::Sub(Widen(d, x + i), hn::Set(d, centre)); });
    const double variance = (second - first * first / n) / n;
    const float middle = static_cast<float>(centre + first / n);
    const float scale = static_cast<float>(1.0 / std::sqrt((variance < 0 ? 0.0 : variance) + norm.epsilon));
    if (mean) {
      mean[g] = middle;
      inverse[g] = scale;
    }
    Sweep<D, D1>(norm.n, [&](auto d, int64_t i) HWY_ATTR {
      auto v = hn::LoadU(d, x + i);
      if (norm.centred) v = hn::Sub(v, hn::Set(d, middle));
      v = hn::Mul(v, hn::Set(d, scale));
      if (norm.gamma) v = hn::Mul(v, hn::LoadU(d, norm.gamma + i));
      if (norm.beta) v = hn::Add(v, hn::LoadU(d, norm.beta + i));
      hn::StoreU(v, d, y + i);
    });
  }
}

void GroupGradient(const GroupNorm& norm, int64_t groups, const float* x, const float* dy, const float* mean, const float* inverse,
                   float* dx) {
  for (int64_t g = 0; g < groups; ++g, x += norm.n, dy += norm.n, dx += norm.n) {
    const double shift = norm.centred ? mean[g] : 0.0;
    double first = 0, second = 0;
    RunSums(norm.n, &first, &second, [&](auto d, int64_t i, auto& v, auto& u) HWY_ATTR {
      v = norm.gamma ? hn::Mul(Widen(d, dy + i), Widen(d, norm.gamma + i)) : Widen(d, dy + i);
      u = hn::Sub(Widen(d, x + i), hn::Set(d, shift));
    });
    const double scale = inverse[g], n = static_cast<double>(norm.n);
    const float a = norm.centred ? static_cast<float>(first / n) : 0.0f, b = static_cast<float>(second * scale * scale / n);
    Sweep<D, D1>(norm.n, [&](auto d, int64_t i) HWY_ATTR {
      auto v = hn::LoadU(d, dy + i);
      if (norm.gamma) v = hn::Mul(v, hn::LoadU(d, norm.gamma + i));
      const auto centred = hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean[g]));
      v = hn::Sub(v, hn::MulAdd(centred, hn::Set(d, b), hn::Set(d, a)));
      hn::StoreU(hn::Mul(v, hn::Set(d, inverse[g])), d, dx + i);
    });
  }
}

void GroupWeightGradients(const GroupNorm& norm, int64_t groups, const float* x, const float* dy, const float* mean, const float* inverse,
                          int64_t begin, int64_t end, double* dgamma, double* dbeta) {
  std::fill(dgamma, dgamma + (end - begin), 0.0);
  std::fill(dbeta, dbeta + (end - begin), 0.0);
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t from = g * norm.n + begin;
    const double shift = norm.centred ? mean[g] : 0.0, scale = inverse[g];
    Sweep<W, W1>(end - begin, [&](auto d, int64_t i) HWY_ATTR {
      const auto v = Widen(d, dy + from + i);
      const auto u = hn::Mul(hn::Sub(Widen(d, x + from + i), hn::Set(d, shift)), hn::Set(d, scale));
      hn::StoreU(hn::MulAdd(v, u, hn::LoadU(d, dgamma + i)), d, dgamma + i);
      hn::StoreU(hn::Add(hn::LoadU(d, dbeta + i), v), d, dbeta + i);
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(ChannelSums);
HWY_EXPORT(ChannelNormalize);
HWY_EXPORT(ChannelGradient);
HWY_EXPORT(GroupNormalize);
HWY_EXPORT(GroupGradient);
HWY_EXPORT(GroupWeightGradients);

void channelSums(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* centre, double* first,
                 double* second) {
  HWY_DYNAMIC_DISPATCH(ChannelSums)(view, range, x, dy, centre, first, second);
}
void channelNormalize(const ChannelView& view, const ChannelRange& range, const float* x, const float* mean, const float* scale,
                      const float* shift, float* y) {
  HWY_DYNAMIC_DISPATCH(ChannelNormalize)(view, range, x, mean, scale, shift, y);
}
void channelGradient(const ChannelView& view, const ChannelRange& range, const float* x, const float* dy, const float* mean,
                     const float* scale, const float* a, const float* b, float* dx) {
  HWY_DYNAMIC_DISPATCH(ChannelGradient)(view, range, x, dy, mean, scale, a, b, dx);
}
void groupNormalize(const GroupNorm& norm, int64_t groups, const float* x, float* mean, float* inverse, float* y) {
  HWY_DYNAMIC_DISPATCH(GroupNormalize)(norm, groups, x, mean, inverse, y);
}
void groupGradient(const GroupNorm& norm, int64_t groups, const float* x, const float* dy, const float* mean, const float* inverse,
                   float* dx) {
  HWY_DYNAMIC_DISPATCH(GroupGradient)(norm, groups, x, dy, mean, inverse, dx);
}
void groupWeightGradients(const GroupNorm& norm, int64_t groups, const float* x, const float* dy, const float* mean, const float* inverse,
                          int64_t begin, int64_t end, double* dgamma, double* dbeta) {
  HWY_DYNAMIC_DISPATCH(GroupWeightGradients)(norm, groups, x, dy, mean, inverse, begin, end, dgamma, dbeta);
}

}  // namespace gemmfit
#endif
