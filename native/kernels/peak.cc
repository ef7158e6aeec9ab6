#include "native/kernels/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/peak.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// `rounds` times 12 independent multiply-adds of whole vectors; returns their floating-point operations.
double MultiplyAdds(int64_t rounds, volatile float* sink) {
  const hn::ScalableTag<float> d;
  // Twelve different beginnings, or the compiler sees one chain.
  const auto start = [&](float at) HWY_ATTR { return hn::Set(d, at + *sink); };
  auto a = start(1), b = start(2), c = start(3), e = start(4), f = start(5), g = start(6), h = start(7), i = start(8), j = start(9),
       k = start(10), l = start(11), m = start(12);
  const auto x = hn::Set(d, 0.999f), y = hn::Set(d, 1e-3f);
  for (int64_t r = 0; r < rounds; ++r) {
    a = hn::MulAdd(a, x, y), b = hn::MulAdd(b, x, y), c = hn::MulAdd(c, x, y), e = hn::MulAdd(e, x, y);
    f = hn::MulAdd(f, x, y), g = hn::MulAdd(g, x, y), h = hn::MulAdd(h, x, y), i = hn::MulAdd(i, x, y);
    j = hn::MulAdd(j, x, y), k = hn::MulAdd(k, x, y), l = hn::MulAdd(l, x, y), m = hn::MulAdd(m, x, y);
  }
  const auto ab = hn::Add(hn::Add(a, b), hn::Add(c, e)), fg = hn::Add(hn::Add(f, g), hn::Add(h, i));
  *sink = hn::GetLane(hn::Add(hn::Add(ab, fg), hn::Add(hn::Add(j, k), hn::Add(l, m))));
  return static_cast<double>(rounds) * 24 * static_cast<double>(hn::Lanes(d));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(MultiplyAdds);

double measurePeak() {
  volatile float sink = 0;
  double best = 0;
  for (int turn = 0; turn < 5; ++turn) {
    const auto begin = std::chrono::steady_clock::now();
    const double flops = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(200000, &sink);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    best = std::max(best, flops / seconds * 1e-9);
  }
  return best;
}

}  // namespace gemmfit
#endif
