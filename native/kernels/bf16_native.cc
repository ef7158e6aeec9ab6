#include "native/kernels/bf16_native.h"

#ifdef GEMMFIT_BF16_NATIVE
#include <cpuid.h>
#include <hwy/targets.h>
#include <immintrin.h>

#include <algorithm>

#include "native/engine/shape.h"
#include "native/engine/variable.h"

#ifndef __clang__
// GCC 12 takes what its own header leaves undefined on purpose for a mistake.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// Without -mavx512bf16 for the file: what it shares with others (templates of the standard library) must run on every machine.
#define BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define BF16_INLINE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), always_inline)) inline

namespace gemmfit {
namespace {

// A tile of C: 12 rows by two vectors. 24 sums, two vectors of b and one of a fill the 32 registers.
constexpr int kRows = 12;
constexpr int64_t kLanes = 16, kPanel = 2 * kLanes;
// As in the float32 product: a's part of a block stays in the second-level cache while panels of b pass over it.
constexpr int64_t kBlockM = 192, kBlockN = 256, kBlockK = 384;
// Pairs between rows and panels, so that they do not all begin at the same place of the first-level cache.
constexpr int64_t kPad = 16;

// Two neighbouring k of a row or column make a pair, which takes the place of a float. Buffers count in pairs.
struct Blocks {
  AlignedFloats a = allocateFloats(kBlockM * (kBlockK / 2 + kPad));
  AlignedFloats b = allocateFloats(kBlockN * (kBlockK / 2 + kPad));
};
// Of the calling thread. Allocated once a thread, at its first product.
Blocks& blocks() {
  thread_local Blocks b;
  return b;
}

struct Tile {
  int64_t pairs;
  const float* a;
  int64_t aStride;  // from a row to the next; side by side: unused, rows are kRows pairs for each k
  const float* b;
  float* c;
  int64_t ldc;
  const float* bias;
  bool adds;
  int64_t columns;
};

BF16_INLINE __mmask16 firstN(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1u); }

template <int Rows, int Vectors, bool SideBySide>
BF16_INLINE void runTile(const Tile& t) {
  const __mmask16 mask0 = firstN(t.columns), mask1 = firstN(t.columns - kLanes);
  const __m512 bias0 = t.bias ? _mm512_maskz_loadu_ps(mask0, t.bias) : _mm512_setzero_ps();
  const __m512 bias1 = Vectors == 2 && t.bias ? _mm512_maskz_loadu_ps(mask1, t.bias + kLanes) : _mm512_setzero_ps();
  __m512 sum0[Rows], sum1[Rows];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
    sum0[r] = bias0;
    sum1[r] = bias1;
  }
  const float* a = t.a;
  const float* b = t.b;
  const int64_t aStride = t.aStride;
  for (int64_t i = 0; i < t.pairs; ++i) {
    const __m512bh b0 = (__m512bh)_mm512_load_ps(b), b1 = Vectors == 2 ? (__m512bh)_mm512_load_ps(b + kLanes) : b0;
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const __m512bh s = (__m512bh)_mm512_set1_ps(SideBySide ? a[r] : a[r * aStride]);
      sum0[r] = _mm512_dpbf16_ps(sum0[r], s, b0);
      if (Vectors == 2) sum1[r] = _mm512_dpbf16_ps(sum1[r], s, b1);
    }
    a += SideBySide ? kRows : 1;
    b += kPanel;
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
    float* to = t.c + r * t.ldc;
    if (t.adds) {
      sum0[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(mask0, to), sum0[r]);
      if (Vectors == 2) sum1[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(mask1, to + kLanes), sum1[r]);
    }
    _mm512_mask_storeu_ps(to, mask0, sum0[r]);
    if (Vectors == 2) _mm512_mask_storeu_ps(to + kLanes, mask1, sum1[r]);
  }
}

template <int Rows>
BF16_TARGET void runRows(bool sideBySide, const Tile& t) {
  if (t.columns > kLanes)
    sideBySide ? runTile<Rows, 2, true>(t) : runTile<Rows, 2, false>(t);
  else
    sideBySide ? runTile<Rows, 1, true>(t) : runTile<Rows, 1, false>(t);
}

using TileFunction = void (*)(bool, const Tile&);
constexpr TileFunction kTiles[kRows] = {runRows<1>, runRows<2>, runRows<3>, runRows<4>,  runRows<5>,  runRows<6>,
                                        runRows<7>, runRows<8>, runRows<9>, runRows<10>, runRows<11>, runRows<12>};

BF16_INLINE __m512i rounded(__m512 high, __m512 low) { return (__m512i)_mm512_cvtne2ps_pbh(high, low); }

// Pairs of two rows of numbers: (even[0], odd[0]), (even[1], odd[1]), ...
BF16_INLINE __m512i pairsOf(__m512 even, __m512 odd) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3,
                                         18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, rounded(odd, even));
}

// Panels of a matrix stored [k, n], two neighbours of `Width` columns (at most a vector) or one in each; the last is filled up with 0.
template <int Width, int Neighbours>
BF16_TARGET void packRows(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride) {
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

// Rows of a stored [m, k], as they are.
BF16_TARGET void packAsStored(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride) {
  for (int64_t r = 0; r < m; ++r, from += ld, to += stride)
    for (int64_t i = 0; i < k; i += 2 * kLanes)
      _mm512_store_si512(to + i / 2, rounded(_mm512_maskz_loadu_ps(firstN(k - i - kLanes), from + i + kLanes),
                                             _mm512_maskz_loadu_ps(firstN(k - i), from + i)));
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

// Panels of b stored [n, k].
BF16_TARGET void packTransposed(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride) {
  const int64_t pairs = ceilDiv(k, 2);
  for (int64_t j = 0; j < ceilDiv(n, kPanel) * kPanel; j += kLanes) {
    float* panel = to + j / kPanel * stride + j % kPanel;
    for (int64_t i = 0; i < k; i += 2 * kLanes) {
      const __mmask16 low = firstN(k - i), high = firstN(k - i - kLanes);
      __m512i r[16];
#pragma GCC unroll 16
      for (int q = 0; q < 16; ++q) {
        const bool there = j + q < n;
        const float* p = from + (there ? (j + q) * ld + i : 0);
        r[q] = rounded(_mm512_maskz_loadu_ps(there ? high : 0, p + kLanes), _mm512_maskz_loadu_ps(there ? low : 0, p));
      }
      turn(r);
      const int64_t some = std::min(kLanes, pairs - i / 2);
#pragma GCC unroll 16
      for (int64_t q = 0; q < 16; ++q)
        if (q < some) _mm512_store_si512(panel + (i / 2 + q) * kPanel, r[q]);
    }
  }
}

}  // namespace

bool cpuHasBf16() {
  // Highway knows AVX-512 and whether the system saves its registers; of this instruction it does not tell. Not __builtin_cpu_supports,
  // which not every compiler's library has.
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return (hwy::SupportedTargets() & HWY_AVX3) != 0 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 5 & 1) != 0;
}

void bf16GemmNative(const TileGemm& g) {
  // The same blocks of k whatever m and n: sums have one order. Even, so that a pair lies in one block.
  const int64_t blockK = std::max<int64_t>(2, ceilDiv(ceilDiv(g.k, std::max<int64_t>(1, ceilDiv(g.k, kBlockK))), 2) * 2);
  const int64_t rowA = ceilDiv(blockK, 2 * kLanes) * kLanes + kPad, panelA = kRows * (blockK / 2) + kPad, panelB = kPanel * (blockK / 2);
  float* const packedA = blocks().a.get();
  float* const packedB = blocks().b.get();
  Tile t{};
  t.ldc = g.ldc;
  t.aStride = rowA;
  for (int64_t k0 = 0; k0 < std::max<int64_t>(1, g.k); k0 += blockK) {
    const int64_t k = std::min(blockK, g.k - k0);
    t.pairs = ceilDiv(k, 2);
    t.adds = g.adds || k0 > 0;
    for (int64_t n0 = 0; n0 < g.n; n0 += kBlockN) {
      const int64_t nn = std::min(kBlockN, g.n - n0);
      if (g.transposeB)
        packTransposed(k, nn, g.b + n0 * g.ldb + k0, g.ldb, packedB, panelB);
      else
        packRows<kLanes, 2>(k, nn, g.b + k0 * g.ldb + n0, g.ldb, packedB, panelB);
      for (int64_t m0 = 0; m0 < g.m; m0 += kBlockM) {
        const int64_t mn = std::min(kBlockM, g.m - m0);
        if (g.transposeA)
          packRows<kRows, 1>(k, mn, g.a + k0 * g.lda + m0, g.lda, packedA, panelA);
        else
          packAsStored(mn, k, g.a + m0 * g.lda + k0, g.lda, packedA, rowA);
        for (int64_t j = 0; j < nn; j += kPanel) {
          t.columns = std::min(kPanel, nn - j);
          t.b = packedB + j / kPanel * panelB;
          t.bias = g.bias && k0 == 0 ? g.bias + n0 + j : nullptr;
          for (int64_t r = 0; r < mn; r += kRows) {
            t.a = packedA + (g.transposeA ? r / kRows * panelA : r * rowA);
            t.c = g.c + (m0 + r) * g.ldc + n0 + j;
            kTiles[std::min<int64_t>(kRows, mn - r) - 1](g.transposeA, t);
          }
        }
      }
    }
  }
}

}  // namespace gemmfit
#endif
