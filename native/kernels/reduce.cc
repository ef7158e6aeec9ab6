#include "native/kernels/reduce.h"

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/reduce.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

double SumOf(const float* x, int64_t n) {
  const D d;
  const hn::ScalableTag<double> wide;
  const hn::Rebind<float, decltype(wide)> half;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), wideLanes = static_cast<int64_t>(hn::Lanes(wide));
  auto sum = hn::Zero(wide);
  HWY_ALIGN float part[HWY_MAX_BYTES / sizeof(float)];
  const auto add = [&](hn::Vec<D> v) HWY_ATTR {
    hn::Store(v, d, part);
    for (int64_t i = 0; i < lanes; i += wideLanes) sum = hn::Add(sum, hn::PromoteTo(wide, hn::LoadU(half, part + i)));
  };
  int64_t i = 0;
  for (; i + 8 * lanes <= n; i += 8 * lanes) {
    const auto pair = [&](int64_t k) HWY_ATTR { return hn::Add(hn::LoadU(d, x + i + k * lanes), hn::LoadU(d, x + i + (k + 1) * lanes)); };
    add(hn::Add(hn::Add(pair(0), pair(2)), hn::Add(pair(4), pair(6))));
  }
  for (; i + lanes <= n; i += lanes) add(hn::LoadU(d, x + i));
  double all = hn::GetLane(hn::SumOfLanes(wide, sum));
  for (; i < n; ++i) all += static_cast<double>(x[i]);
  return all;
}

HWY_INLINE float Better(float best, float v, bool least) { return (least ? v < best : v > best) || v != v ? v : best; }

HWY_INLINE hn::Vec<D> Better(hn::Vec<D> best, hn::Vec<D> v, bool least) {
  return hn::IfThenElse(hn::Or(least ? hn::Lt(v, best) : hn::Gt(v, best), hn::IsNaN(v)), v, best);
}

float PeakOf(const float* x, int64_t n, bool least) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  float all = x[0];
  int64_t i = 0;
  if (n >= 2 * lanes) {
    auto best = hn::LoadU(d, x);
    for (i = lanes; i + lanes <= n; i += lanes) best = Better(best, hn::LoadU(d, x + i), least);
    HWY_ALIGN float part[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(best, d, part);
    all = part[0];
    for (int64_t k = 1; k < lanes; ++k) all = Better(all, part[k], least);
  }
  for (; i < n; ++i) all = Better(all, x[i], least);
  return all;
}

void PeakInto(float* best, const float* x, int64_t n, bool least) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(Better(hn::LoadU(d, best + i), hn::LoadU(d, x + i), least), d, best + i);
  for (; i < n; ++i) best[i] = Better(best[i], x[i], least);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(SumOf);
HWY_EXPORT(PeakOf);
HWY_EXPORT(PeakInto);

double sumOf(const float* x, int64_t n) { return HWY_DYNAMIC_DISPATCH(SumOf)(x, n); }
float peakOf(const float* x, int64_t n, bool least) { return HWY_DYNAMIC_DISPATCH(PeakOf)(x, n, least); }
void peakInto(float* best, const float* x, int64_t n, bool least) { HWY_DYNAMIC_DISPATCH(PeakInto)(best, x, n, least); }

}  // namespace gemmfit
#endif
