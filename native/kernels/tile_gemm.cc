#include "native/kernels/tile_gemm.h"

#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/variable.h"
#include "native/kernels/packed_gemm.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/tile_gemm.cc"
#include "hwy/foreach_target.h"
#include "native/kernels/tile_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// What is laid out anew of a and b at a time: a's part stays in the second-level cache while panels of b pass over it.
constexpr int64_t kBlockM = 192, kBlockN = 256, kBlockK = 384;
// Between panels and rows of a block, so that they do not all begin at the same place of the first-level cache.
constexpr int64_t kPad = 16;

// Blocks of the calling thread. Allocated once a thread, at its first product that needs them.
float* blockA() {
  thread_local const AlignedFloats block = allocateFloats(kBlockM * (kBlockK + kPad));
  return block.get();
}
float* blockB() {
  thread_local const AlignedFloats block = allocateFloats(kBlockN * (kBlockK + kPad));
  return block.get();
}

void Product(const TileGemm& g) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), panel = 2 * lanes;
  // A layout of b pays from some passes over it on. Rows a multiple of 1 KiB apart fall on few places of the cache: a is copied then.
  const bool strided = g.lda % 256 == 0;
  const bool packB = !g.packed && (g.transposeB || g.m > 20 * kRows || (g.m > 4 * kRows && g.ldb >= 512 && g.ldb % 16 == 0));
  const bool packA = g.n > (strided || !g.transposeA ? 2 : 8) * panel && (strided || g.transposeA);
  if (!packA && !packB) took(Path::gemmInPlace);
  if (packA) took(Path::gemmLayOutA);
  if (packB) took(Path::gemmLayOutB);
  if (g.transposeA) took(Path::gemmColumnsOfA);
  if (g.transposeB) took(Path::gemmRowsOfB);
  if (g.packed) took(Path::gemmPacked);
  const int64_t blockM = packA ? kBlockM : g.m, blockN = packB ? kBlockN : g.n;
  // The same blocks of k whatever m and n: sums have one order, and long ones keep their digits.
  const int64_t blockK = ceilDiv(g.k, std::max<int64_t>(1, ceilDiv(g.k, kBlockK)));
  const int64_t panelA = kRows * blockK + kPad, panelB = panel * blockK + kPad, rowA = blockK + kPad;
  Tile t{};
  t.ldc = g.ldc;
  for (int64_t k0 = 0; k0 < std::max<int64_t>(1, g.k); k0 += std::max<int64_t>(1, blockK)) {
    t.k = std::min(blockK, g.k - k0);
    t.adds = g.adds || k0 > 0;
    for (int64_t n0 = 0; n0 < g.n; n0 += blockN) {
      const int64_t nn = std::min(blockN, g.n - n0);
      if (packB && g.transposeB)
        PackTransposed(t.k, nn, g.b + n0 * g.ldb + k0, g.ldb, blockB(), panelB);
      else if (packB)
        PackRows(t.k, nn, g.b + k0 * g.ldb + n0, g.ldb, blockB(), panelB);
      for (int64_t m0 = 0; m0 < g.m; m0 += blockM) {
        const int64_t mn = std::min(blockM, g.m - m0);
        const float* a = g.a + (g.transposeA ? k0 * g.lda + m0 : m0 * g.lda + k0);
        const bool there = n0 > 0 && g.m <= blockM;  // laid out for the columns before
        if (packA && g.transposeA && !there)
          PackColumns(t.k, mn, a, g.lda, blockA(), panelA);
        else if (packA && !there)
          for (int64_t r = 0; r < mn; ++r) std::memcpy(blockA() + r * rowA, a + r * g.lda, static_cast<size_t>(t.k) * sizeof(float));
        for (int64_t j = 0; j < nn; j += panel) {
          t.columns = std::min(panel, nn - j);
          if (g.packed) {
            t.b = g.packed + j / kPanel * kPanel * g.k + k0 * kPanel + j % kPanel;
            t.bStride = kPanel;
          } else {
            t.b = packB ? blockB() + j / panel * panelB : g.b + k0 * g.ldb + n0 + j;
            t.bStride = packB ? panel : g.ldb;
          }
          t.bias = g.bias && k0 == 0 ? g.bias + n0 + j : nullptr;
          const TileFunction run =
              tileFunction(t.columns > lanes, g.transposeA, g.packed || packB || t.columns == lanes || t.columns == panel);
          for (int64_t r = 0; r < mn; r += kRows) {
            const int rows = static_cast<int>(std::min<int64_t>(kRows, mn - r));
            if (g.transposeA) {
              t.a = packA ? blockA() + r / kRows * panelA : a + r;
              t.aStride = packA ? rows : g.lda;
            } else {
              t.aStride = packA ? rowA : g.lda;
              t.a = (packA ? blockA() : a) + r * t.aStride;
            }
            t.c = g.c + (m0 + r) * g.ldc + n0 + j;
            run(rows, t);
          }
        }
      }
    }
  }
}

int64_t LaneCount() { return static_cast<int64_t>(hn::Lanes(D())); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(Product);
HWY_EXPORT(LaneCount);

void tileGemm(const TileGemm& g) {
  if (g.m <= 0 || g.n <= 0) return;
  // One column of a product with a transposed is one row of the product the other way round, and fills vectors.
  if (g.n == 1 && g.transposeA && g.ldc == 1 && !g.bias) {
    took(Path::gemmTurned);
    TileGemm turned{true, false, 1, g.m, g.k, g.b, g.transposeB ? 1 : g.ldb, g.a, g.lda, g.c, g.m};
    turned.adds = g.adds;
    return HWY_DYNAMIC_DISPATCH(Product)(turned);
  }
  HWY_DYNAMIC_DISPATCH(Product)(g);
}

int64_t tileGemmLanes() { return HWY_DYNAMIC_DISPATCH(LaneCount)(); }

}  // namespace gemmfit
#endif
