#include "native/engine/regularizer.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/regularizers/l1l2.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

double PenaltyL1L2(double l1, double l2, const float* w, int64_t n) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> half;
  const auto lanes = static_cast<int64_t>(hn::Lanes(dd));
  auto absolute = hn::Zero(dd), squares = hn::Zero(dd);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto x = hn::PromoteTo(dd, hn::LoadU(half, w + i));
    absolute = hn::Add(absolute, hn::Abs(x));
    squares = hn::MulAdd(x, x, squares);
  }
  double sum1 = hn::GetLane(hn::SumOfLanes(dd, absolute)), sum2 = hn::GetLane(hn::SumOfLanes(dd, squares));
  for (; i < n; ++i) {
    const double x = w[i];
    sum1 += x < 0 ? -x : x;
    sum2 += x * x;
  }
  // A factor of 0 leaves its part out even where the weight is not finite.
  return (l1 == 0 ? 0 : l1 * sum1) + (l2 == 0 ? 0 : l2 * sum2);
}

HWY_INLINE V Slope(V l1, V twoL2, V w) {
  const D d;
  const V sign = hn::IfThenElse(hn::Gt(hn::Abs(w), hn::Zero(d)), hn::CopySign(l1, w), w);  // 0 at 0, NaN at NaN
  return hn::MulAdd(twoL2, w, sign);
}

void SlopeL1L2(float l1, float twoL2, const float* w, float* g, int64_t n) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const V one = hn::Set(d, l1), two = hn::Set(d, twoL2);
  int64_t i = 0;
  if (l1 == 0) {
    for (; i + lanes <= n; i += lanes) hn::StoreU(hn::MulAdd(two, hn::LoadU(d, w + i), hn::LoadU(d, g + i)), d, g + i);
    for (; i < n; ++i) g[i] += twoL2 * w[i];
    return;
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, g + i), Slope(one, two, hn::LoadU(d, w + i))), d, g + i);
  for (; i < n; ++i) g[i] += (w[i] > 0 ? l1 : w[i] < 0 ? -l1 : w[i]) + twoL2 * w[i];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(PenaltyL1L2);
HWY_EXPORT(SlopeL1L2);

class L1L2 : public Regularizer {
 public:
  L1L2(double l1, double l2) : l1_(l1), l2_(l2) {}
  double value(const float* w, int64_t n) override { return HWY_DYNAMIC_DISPATCH(PenaltyL1L2)(l1_, l2_, w, n); }
  void addGradient(const float* w, float* g, int64_t n) override {
    HWY_DYNAMIC_DISPATCH(SlopeL1L2)(static_cast<float>(l1_), static_cast<float>(2 * l2_), w, g, n);
  }

 private:
  double l1_, l2_;
};

}  // namespace

namespace regularizers {
// spec: { l1, l2 }
std::unique_ptr<Regularizer> l1l2(const Value& spec, const Shape& /*shape*/) {
  return std::make_unique<L1L2>(spec.number("l1", 0), spec.number("l2", 0));
}
}  // namespace regularizers
}  // namespace gemmfit
#endif
