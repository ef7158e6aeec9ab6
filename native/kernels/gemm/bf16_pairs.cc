#include "native/kernels/gemm/bf16_pairs.h"

#ifdef GEMMFIT_BF16_NATIVE
#include <algorithm>

#include "native/engine/shape.h"
#include "native/kernels/gemm/bf16_target-inl.h"

namespace gemmfit {
namespace {

BF16_INLINE __m512i rounded(__m512 high, __m512 low) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

// Pairs of two rows of numbers: (even[0], odd[0]), (even[1], odd[1]), ...
BF16_INLINE __m512i pairsOf(__m512 even, __m512 odd) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3,
                                         18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, rounded(odd, even));
}

// Panels of a matrix stored [k, n], two neighbours of `Width` columns (at most a vector) or one in each; the last is filled up with 0.
template <int Width, int Neighbours>
BF16_TARGET void sideBySide(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride) {
  constexpr int64_t panel = Width * Neighbours;
  for (int64_t i = 0; i < k; i += 2, from += 2 * ld, to += panel) {
    const __mmask16 hasOdd = i + 1 < k ? 0xffff : 0;
    float* o = to;
    for (int64_t j = 0; j < n; j += panel, o += stride)
#pragma GCC unroll 2
      for (int64_t q = 0; q < panel; q += Width) {
        const float* p = from + j + q;
        const __mmask16 mask = firstN(std::min<int64_t>(Width, n - j - q));
        const __m512i pairs = pairsOf(_mm512_maskz_loadu_ps(mask, p), _mm512_maskz_loadu_ps(mask & hasOdd, p + ld));
        _mm512_mask_storeu_epi32(o + q, firstN(Width), pairs);
      }
  }
}

// A square of 16 by 16 pairs, turned in registers.
BF16_INLINE void turn(__m512i* r) {
  __m512i t[16];
#pragma GCC unroll 4
  for (int q = 0; q < 16; q += 4) {
    const __m512i low01 = _mm512_unpacklo_epi32(r[q], r[q + 1]), high01 = _mm512_unpackhi_epi32(r[q], r[q + 1]);
    const __m512i low23 = _mm512_unpacklo_epi32(r[q + 2], r[q + 3]), high23 = _mm512_unpackhi_epi32(r[q + 2], r[q + 3]);
    t[q] = _mm512_unpacklo_epi64(low01, low23);
    t[q + 1] = _mm512_unpackhi_epi64(low01, low23);
    t[q + 2] = _mm512_unpacklo_epi64(high01, high23);
    t[q + 3] = _mm512_unpackhi_epi64(high01, high23);
  }
  // t[4 a + b] holds in its quarter c: column 4 c + b of rows 4 a to 4 a + 3.
#pragma GCC unroll 4
  for (int b = 0; b < 4; ++b) {
    const __m512i low01 = _mm512_shuffle_i32x4(t[b], t[4 + b], 0x44), high01 = _mm512_shuffle_i32x4(t[b], t[4 + b], 0xee);
    const __m512i low23 = _mm512_shuffle_i32x4(t[8 + b], t[12 + b], 0x44), high23 = _mm512_shuffle_i32x4(t[8 + b], t[12 + b], 0xee);
    r[b] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    r[4 + b] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    r[8 + b] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    r[12 + b] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
  }
}

}  // namespace

void pairPanels(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride) {
  sideBySide<kPairVector, 2>(k, n, from, ld, to, stride);
  const int64_t pairs = ceilDiv(k, 2);
  for (int64_t j = 0; j < n; j += kPairPanel, to += stride) std::fill(to + pairs * kPairPanel, to + pairsFor(k) * kPairPanel, 0.0f);
}

void pairGroups(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride) {
  sideBySide<kPairGroup, 1>(k, m, from, ld, to, stride);
}

BF16_TARGET void pairRows(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride) {
  for (int64_t r = 0; r < m; ++r, from += ld, to += stride)
    for (int64_t i = 0; i < k; i += 2 * kPairVector)
      _mm512_store_si512(to + i / 2, rounded(_mm512_maskz_loadu_ps(firstN(k - i - kPairVector), from + i + kPairVector),
                                             _mm512_maskz_loadu_ps(firstN(k - i), from + i)));
}

BF16_TARGET void pairPanelsTransposed(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride) {
  for (int64_t j = 0; j < n; j += kPairPanel, to += stride)
    for (int64_t half = 0; half < kPairPanel; half += kPairVector)
      for (int64_t i = 0; i < k; i += 2 * kPairVector) {
        const __mmask16 low = firstN(k - i), high = firstN(k - i - kPairVector);
        __m512i r[16];
#pragma GCC unroll 16
        for (int q = 0; q < 16; ++q) {
          const bool there = j + half + q < n;
          const float* p = from + (there ? (j + half + q) * ld + i : 0);
          r[q] = rounded(_mm512_maskz_loadu_ps(there ? high : 0, p + kPairVector), _mm512_maskz_loadu_ps(there ? low : 0, p));
        }
        turn(r);
#pragma GCC unroll 16
        for (int64_t q = 0; q < 16; ++q) _mm512_store_si512(to + (i / 2 + q) * kPairPanel + half, r[q]);
      }
}

BF16_TARGET void pairRowsTransposed(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride) {
  for (int64_t i = 0; i < k; i += 2 * kPairVector)
    for (int64_t j = 0; j < m; j += kPairVector) {
      const __mmask16 mask = firstN(m - j);
      __m512i r[16];
#pragma GCC unroll 16
      for (int64_t q = 0; q < 16; ++q) {
        const int64_t even = i + 2 * q;
        const float* p = from + (even < k ? even * ld + j : 0);
        r[q] = pairsOf(_mm512_maskz_loadu_ps(even < k ? mask : 0, p), _mm512_maskz_loadu_ps(even + 1 < k ? mask : 0, p + ld));
      }
      turn(r);
      const int64_t some = std::min(kPairVector, m - j);
#pragma GCC unroll 16
      for (int64_t q = 0; q < 16; ++q)
        if (q < some) _mm512_store_si512(to + (j + q) * stride + i / 2, r[q]);
    }
}

}  // namespace gemmfit
#endif
