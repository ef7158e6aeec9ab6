#include "native/kernels/rows.h"

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/rows.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

// kVectors vectors of columns, from `column` on.
template <int kVectors>
HWY_INLINE void AddColumns(const float* const* rows, int64_t count, int64_t column, double* sum) {
  const D d;
  const hn::ScalableTag<double> wide;
  const hn::Rebind<float, decltype(wide)> half;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), wideLanes = static_cast<int64_t>(hn::Lanes(wide));
  hn::Vec<D> v[kVectors];
  for (int k = 0; k < kVectors; ++k) v[k] = hn::LoadU(d, rows[0] + column + k * lanes);
  for (int64_t r = 1; r < count; ++r)
    for (int k = 0; k < kVectors; ++k) v[k] = hn::Add(v[k], hn::LoadU(d, rows[r] + column + k * lanes));
  HWY_ALIGN float part[kVectors * HWY_MAX_BYTES / sizeof(float)];
  for (int k = 0; k < kVectors; ++k) hn::Store(v[k], d, part + k * lanes);
  for (int64_t i = 0; i < kVectors * lanes; i += wideLanes) {
    double* to = sum + column + i;
    hn::StoreU(hn::Add(hn::LoadU(wide, to), hn::PromoteTo(wide, hn::LoadU(half, part + i))), wide, to);
  }
}

void AddRows(const float* const* rows, int64_t count, int64_t width, double* sum) {
  constexpr int kVectors = 4;
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  int64_t i = 0;
  for (; i + kVectors * lanes <= width; i += kVectors * lanes) AddColumns<kVectors>(rows, count, i, sum);
  for (; i + lanes <= width; i += lanes) AddColumns<1>(rows, count, i, sum);
  for (; i < width; ++i) {
    float part = rows[0][i];
    for (int64_t r = 1; r < count; ++r) part += rows[r][i];
    sum[i] += static_cast<double>(part);
  }
}

void AddMovedRows(const RowMove* moves, int64_t count, const float* from, int64_t stride, int64_t first, int64_t columns, float* sums) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t m = 0; m < count; ++m) {
    const float* row = from + movesFrom(moves[m]) * stride;
    float* to = sums + (movesTo(moves[m]) - first) * columns;
    int64_t k = 0;
    for (; k + lanes <= columns; k += lanes) hn::StoreU(hn::Add(hn::LoadU(d, to + k), hn::LoadU(d, row + k)), d, to + k);
    for (; k < columns; ++k) to[k] += row[k];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(AddRows);
HWY_EXPORT(AddMovedRows);

void addRows(const float* const* rows, int64_t count, int64_t width, double* sum) {
  HWY_DYNAMIC_DISPATCH(AddRows)(rows, count, width, sum);
}

void addMovedRows(const RowMove* moves, int64_t count, const float* from, int64_t stride, int64_t first, int64_t columns, float* sums) {
  HWY_DYNAMIC_DISPATCH(AddMovedRows)(moves, count, from, stride, first, columns, sums);
}

}  // namespace gemmfit
#endif
