#include "native/kernels/elementwise.h"

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/elementwise.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void ScaleAdd(float scale, float offset, const float* x, float* y, int64_t n) {
  vm::Map(
      n, y, [=](auto d, auto v) HWY_ATTR { return hn::MulAdd(v, hn::Set(d, scale), hn::Set(d, offset)); }, x);
}

void ScaleAddRows(const float* scale, const float* offset, const float* x, float* y, int64_t rows, int64_t width) {
  for (int64_t r = 0; r < rows; ++r)
    vm::MapRow(
        width, y + r * width, [](auto, auto v, auto a, auto b) HWY_ATTR { return hn::MulAdd(v, a, b); }, x + r * width, scale, offset);
}

void SelectScaled(const float* keep, float a, float b, float c, const float* x, float* y, int64_t n) {
  vm::Map(
      n, y,
      [=](auto d, auto k, auto v)
          HWY_ATTR { return hn::IfThenElse(hn::Eq(k, hn::Zero(d)), hn::Set(d, c), hn::MulAdd(v, hn::Set(d, a), hn::Set(d, b))); },
      keep, x);
}

double L1L2Sum(float l1, float l2, const float* x, int64_t n) {
  return vm::Sum(
      n, [=](auto d, auto v) HWY_ATTR { return hn::MulAdd(hn::Mul(v, v), hn::Set(d, l2), hn::Mul(hn::Abs(v), hn::Set(d, l1))); }, x);
}

void AddL1L2Gradient(float l1, float l2, float factor, const float* x, const float* dy, float* dx, int64_t n) {
  const float one = l1 * factor, two = 2 * l2 * factor;
  vm::Map(
      n, dx,
      [=](auto d, auto v, auto g) HWY_ATTR {
        // Of 0 and NaN, the sign is themselves.
        const auto sign = hn::IfThenElse(hn::Gt(hn::Abs(v), hn::Zero(d)), hn::CopySign(hn::Set(d, one), v), v);
        return hn::MulAdd(v, hn::Set(d, two), hn::Add(g, sign));
      },
      x, dy);
}

bool AnyDiffers(const float* x, float value, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto v = hn::Set(d, value);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    if (!hn::AllTrue(d, hn::Eq(hn::LoadU(d, x + i), v))) return true;
  for (; i < n; ++i)
    if (!(x[i] == value)) return true;
  return false;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(ScaleAdd);
HWY_EXPORT(ScaleAddRows);
HWY_EXPORT(SelectScaled);
HWY_EXPORT(L1L2Sum);
HWY_EXPORT(AddL1L2Gradient);
HWY_EXPORT(AnyDiffers);

void scaleAdd(float scale, float offset, const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(ScaleAdd)(scale, offset, x, y, n); }
void scaleAddRows(const float* scale, const float* offset, const float* x, float* y, int64_t rows, int64_t width) {
  HWY_DYNAMIC_DISPATCH(ScaleAddRows)(scale, offset, x, y, rows, width);
}
void selectScaled(const float* keep, float a, float b, float c, const float* x, float* y, int64_t n) {
  HWY_DYNAMIC_DISPATCH(SelectScaled)(keep, a, b, c, x, y, n);
}
double l1l2Sum(float l1, float l2, const float* x, int64_t n) { return HWY_DYNAMIC_DISPATCH(L1L2Sum)(l1, l2, x, n); }
void addL1L2Gradient(float l1, float l2, float factor, const float* x, const float* dy, float* dx, int64_t n) {
  HWY_DYNAMIC_DISPATCH(AddL1L2Gradient)(l1, l2, factor, x, dy, dx, n);
}
bool anyDiffers(const float* x, float value, int64_t n) { return HWY_DYNAMIC_DISPATCH(AnyDiffers)(x, value, n); }

}  // namespace gemmfit
#endif
