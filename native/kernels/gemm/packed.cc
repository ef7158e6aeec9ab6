#include "native/kernels/gemm/packed.h"

#include <algorithm>
#include <cstring>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/gemm/packed.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Vectors of at most half a panel: two of them side by side are a tile's width.
using D = hn::CappedTag<float, kPanel / 2>;
using V = hn::Vec<D>;

// Rows of a tile: as many sums as the registers hold beside two vectors of b and one of a.
constexpr int kRows = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 8 : 4;

// `Rows` rows of c, two vectors wide. `columns` of them are c's; the rest is padding.
template <int Rows>
HWY_INLINE void Tile(bool adds, int64_t k, const float* a, int64_t lda, const float* b, float* c, int64_t ldc, int64_t columns) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V first[Rows], second[Rows];
  for (int r = 0; r < Rows; ++r) first[r] = second[r] = hn::Zero(d);
  for (int64_t i = 0; i < k; ++i, b += kPanel) {
    const V b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + lanes);
    for (int r = 0; r < Rows; ++r) {
      const V s = hn::Set(d, a[r * lda + i]);
      first[r] = hn::MulAdd(s, b0, first[r]);
      second[r] = hn::MulAdd(s, b1, second[r]);
    }
  }
  if (columns >= 2 * lanes) {
    for (int r = 0; r < Rows; ++r) {
      float* to = c + r * ldc;
      hn::StoreU(adds ? hn::Add(hn::LoadU(d, to), first[r]) : first[r], d, to);
      hn::StoreU(adds ? hn::Add(hn::LoadU(d, to + lanes), second[r]) : second[r], d, to + lanes);
    }
    return;
  }
  HWY_ALIGN float whole[kPanel];
  for (int r = 0; r < Rows; ++r) {
    hn::Store(first[r], d, whole);
    hn::Store(second[r], d, whole + lanes);
    for (int64_t j = 0; j < columns; ++j) c[r * ldc + j] = adds ? c[r * ldc + j] + whole[j] : whole[j];
  }
}

void PackedGemm(bool adds, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc) {
  const int64_t width = 2 * static_cast<int64_t>(hn::Lanes(D()));
  for (int64_t panel = 0; panel < n; panel += kPanel, packed += k * kPanel)
    for (int64_t at = 0; at < kPanel && panel + at < n; at += width) {
      const int64_t columns = std::min(width, n - panel - at);
      const float* b = packed + at;
      float* to = c + panel + at;
      int64_t r = 0;
      for (; r + kRows <= m; r += kRows) Tile<kRows>(adds, k, a + r * lda, lda, b, to + r * ldc, ldc, columns);
      if (kRows > 4 && r + 4 <= m) {
        Tile<4>(adds, k, a + r * lda, lda, b, to + r * ldc, ldc, columns);
        r += 4;
      }
      if (r + 2 <= m) {
        Tile<2>(adds, k, a + r * lda, lda, b, to + r * ldc, ldc, columns);
        r += 2;
      }
      if (r < m) Tile<1>(adds, k, a + r * lda, lda, b, to + r * ldc, ldc, columns);
    }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(PackedGemm);

int64_t packedFloats(int64_t k, int64_t n) { return (n + kPanel - 1) / kPanel * kPanel * k; }

void pack(bool transposed, int64_t k, int64_t n, const float* b, int64_t ldb, float* packed) {
  const int64_t whole = n / kPanel * kPanel, rest = n - whole;
  float* last = packed + whole * k;
  if (rest > 0) std::fill(last, last + k * kPanel, 0.0f);
  if (transposed) {
    for (int64_t j = 0; j < n; ++j)
      for (int64_t i = 0; i < k; ++i) packed[j / kPanel * kPanel * k + i * kPanel + j % kPanel] = b[j * ldb + i];
    return;
  }
  // A row at a time, so that memory is read in its order.
  for (int64_t i = 0; i < k; ++i, b += ldb) {
    float* to = packed + i * kPanel;
    for (int64_t j = 0; j < whole; j += kPanel, to += k * kPanel) std::memcpy(to, b + j, kPanel * sizeof(float));
    std::memcpy(last + i * kPanel, b + whole, static_cast<size_t>(rest) * sizeof(float));
  }
}

void packedGemm(bool adds, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc) {
  HWY_DYNAMIC_DISPATCH(PackedGemm)(adds, m, n, k, a, lda, packed, c, ldc);
}

}  // namespace gemmfit
#endif
