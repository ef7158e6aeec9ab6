#include "native/kernels/gemm/bf16_native.h"

#ifdef GEMMFIT_BF16_NATIVE
#include <cpuid.h>

#include <algorithm>

#include "native/engine/shape.h"
#include "native/engine/variable.h"
#include "native/kernels/gemm/bf16_target-inl.h"

namespace gemmfit {
namespace {

// A tile of C: 12 rows by two vectors. 24 sums, two vectors of b and one of a fill the 32 registers.
constexpr int kRows = kPairGroup;
constexpr int64_t kLanes = kPairVector, kPanel = kPairPanel;
// As in the float32 product: a's part of a block stays in the second-level cache while panels of b pass over it.
constexpr int64_t kBlockM = 192, kBlockN = 256, kBlockK = 384;
// Pairs between rows and panels, so that they do not all begin at the same place of the first-level cache.
constexpr int64_t kPad = 16;

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

}  // namespace

bool cpuHasBf16() {
  // Not __builtin_cpu_supports, which not every compiler's library has.
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  static const bool has = __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 5 & 1) != 0;
  return has;
}

void bf16ProductNative(const Product& g) {
  // The same blocks of k whatever m and n: sums have one order. Even, so that a pair lies in one block.
  const int64_t blockK = std::max<int64_t>(2, ceilDiv(ceilDiv(g.k(), std::max<int64_t>(1, ceilDiv(g.k(), kBlockK))), 2) * 2);
  const int64_t rowA = pairsFor(blockK) + kPad, panelA = kRows * pairsFor(blockK) + kPad, panelB = kPanel * pairsFor(blockK);
  float* const packedA = blocks().a.get();
  float* const packedB = blocks().b.get();
  Tile t{};
  t.ldc = g.c.stride;
  t.aStride = rowA;
  for (int64_t k0 = 0; k0 < std::max<int64_t>(1, g.k()); k0 += blockK) {
    const int64_t k = std::min(blockK, g.k() - k0);
    t.pairs = ceilDiv(k, 2);
    t.adds = g.c.adds || k0 > 0;
    for (int64_t n0 = 0; n0 < g.n(); n0 += kBlockN) {
      const int64_t nn = std::min(kBlockN, g.n() - n0);
      if (g.b.transposed)
        pairPanelsTransposed(k, nn, g.b.data + n0 * g.b.stride + k0, g.b.stride, packedB, panelB);
      else
        pairPanels(k, nn, g.b.data + k0 * g.b.stride + n0, g.b.stride, packedB, panelB);
      for (int64_t m0 = 0; m0 < g.m(); m0 += kBlockM) {
        const int64_t mn = std::min(kBlockM, g.m() - m0);
        if (g.a.transposed)
          pairGroups(mn, k, g.a.data + k0 * g.a.stride + m0, g.a.stride, packedA, panelA);
        else
          pairRows(mn, k, g.a.data + m0 * g.a.stride + k0, g.a.stride, packedA, rowA);
        for (int64_t j = 0; j < nn; j += kPanel) {
          t.columns = std::min(kPanel, nn - j);
          t.b = packedB + j / kPanel * panelB;
          t.bias = g.c.bias && k0 == 0 ? g.c.bias + n0 + j : nullptr;
          for (int64_t r = 0; r < mn; r += kRows) {
            t.a = packedA + (g.a.transposed ? r / kRows * panelA : r * rowA);
            t.c = g.c.data + (m0 + r) * g.c.stride + n0 + j;
            kTiles[std::min<int64_t>(kRows, mn - r) - 1](g.a.transposed, t);
          }
        }
      }
    }
  }
}

}  // namespace gemmfit
#endif
