#include "native/kernels/bf16_gemm.h"

#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/variable.h"
#include "native/kernels/bf16_amx.h"
#include "native/kernels/bf16_native.h"

namespace gemmfit {
namespace {

// What is rounded at a time.
constexpr int64_t kBlockM = 192, kBlockN = 256, kBlockK = 384;

struct Copies {
  AlignedFloats a = allocateFloats(kBlockM * kBlockK);
  AlignedFloats b = allocateFloats(kBlockN * kBlockK);
};
// Of the calling thread. Allocated once a thread, at its first product.
Copies& copies() {
  thread_local Copies c;
  return c;
}

void roundBlock(const float* from, int64_t ld, int64_t rows, int64_t columns, float* to) {
  for (int64_t r = 0; r < rows; ++r, from += ld, to += columns)
    for (int64_t i = 0; i < columns; ++i) to[i] = roundToBf16(from[i]);
}

void emulated(const TileGemm& g) {
  TileGemm part = g;
  for (int64_t k = 0; k < std::max<int64_t>(1, g.k); k += kBlockK) {
    part.k = std::min(kBlockK, g.k - k);
    part.adds = g.adds || k > 0;
    for (int64_t j = 0; j < g.n; j += kBlockN) {
      part.n = std::min(kBlockN, g.n - j);
      part.ldb = g.transposeB ? part.k : part.n;
      part.b = copies().b.get();
      roundBlock(g.b + (g.transposeB ? j * g.ldb + k : k * g.ldb + j), g.ldb, g.transposeB ? part.n : part.k, part.ldb, copies().b.get());
      part.bias = g.bias && k == 0 ? g.bias + j : nullptr;
      for (int64_t i = 0; i < g.m; i += kBlockM) {
        part.m = std::min(kBlockM, g.m - i);
        part.lda = g.transposeA ? part.m : part.k;
        part.a = copies().a.get();
        roundBlock(g.a + (g.transposeA ? k * g.lda + i : i * g.lda + k), g.lda, g.transposeA ? part.k : part.m, part.lda, copies().a.get());
        part.c = g.c + i * g.ldc + j;
        tileGemm(part);
      }
    }
  }
}

}  // namespace

float roundToBf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const uint32_t magnitude = bits & 0x7fffffffu;
  // A NaN stays one (quiet), whatever digits are cut off.
  const uint32_t rounded = magnitude > 0x7f800000u   ? bits | 0x00400000u
                           : magnitude < 0x00800000u ? bits & 0x80000000u
                                                     : bits + 0x7fffu + (bits >> 16 & 1u);
  bits = rounded & 0xffff0000u;
  std::memcpy(&x, &bits, sizeof bits);
  return x;
}

Bf16Kernel bf16Kernel() {
#ifdef GEMMFIT_BF16_NATIVE
  if (tileGemmLanes() != 16 || !cpuHasBf16()) return Bf16Kernel::emulated;
#ifdef GEMMFIT_BF16_AMX
  if (mayUseAmx()) return Bf16Kernel::amx;
#endif
  return Bf16Kernel::avx512;
#else
  return Bf16Kernel::emulated;
#endif
}

void bf16GemmBy(Bf16Kernel kernel, const TileGemm& g) {
  if (g.m <= 0 || g.n <= 0) return;
#ifdef GEMMFIT_BF16_AMX
  if (kernel == Bf16Kernel::amx) return took(Path::gemmBf16Amx), bf16GemmAmx(g);
#endif
#ifdef GEMMFIT_BF16_NATIVE
  if (kernel == Bf16Kernel::avx512) return took(Path::gemmBf16Native), bf16GemmNative(g);
#endif
  took(Path::gemmBf16Emulated);
  emulated(g);
}

void bf16Gemm(const TileGemm& g) { bf16GemmBy(bf16Kernel(), g); }

}  // namespace gemmfit
