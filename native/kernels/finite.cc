#include "native/kernels/finite.h"

#include <cmath>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/finite.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// 0 times a number is 0; times NaN or infinity it is NaN, which no later term takes away. One multiplication a vector, so that it runs as
// fast as memory gives the numbers.
bool AllFinite(const float* x, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  auto a = zero, b = zero, c = zero, e = zero;
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    a = hn::MulAdd(hn::LoadU(d, x + i), zero, a);
    b = hn::MulAdd(hn::LoadU(d, x + i + lanes), zero, b);
    c = hn::MulAdd(hn::LoadU(d, x + i + 2 * lanes), zero, c);
    e = hn::MulAdd(hn::LoadU(d, x + i + 3 * lanes), zero, e);
  }
  for (; i + lanes <= n; i += lanes) a = hn::MulAdd(hn::LoadU(d, x + i), zero, a);
  float rest = 0;
  for (; i < n; ++i) rest += x[i] * 0.0f;
  const auto sum = hn::Add(hn::Add(a, b), hn::Add(c, e));
  return hn::AllFalse(d, hn::IsNaN(sum)) && !std::isnan(rest);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(AllFinite);

bool allFinite(const float* x, int64_t n) { return HWY_DYNAMIC_DISPATCH(AllFinite)(x, n); }

}  // namespace gemmfit
#endif
