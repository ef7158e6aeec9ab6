#include "native/kernels/gemm/bf16.h"

#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/variable.h"
#include "native/kernels/gemm/bf16_amx.h"
#include "native/kernels/gemm/bf16_native.h"

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

// A part of a matrix, rounded, in memory of its own.
Matrix rounded(const Matrix& of, int64_t row, int64_t column, int64_t rows, int64_t columns, float* to) {
  Matrix part{to, rows, columns, of.transposed ? rows : columns, of.transposed};
  const float* from = of.at(row, column);
  for (int64_t r = 0; r < part.storedRows(); ++r, from += of.stride, to += part.stride)
    for (int64_t i = 0; i < part.stride; ++i) to[i] = roundToBf16(from[i]);
  return part;
}

void emulated(const Product& g) {
  for (int64_t k0 = 0; k0 < std::max<int64_t>(1, g.k()); k0 += kBlockK) {
    const int64_t k = std::min(kBlockK, g.k() - k0);
    for (int64_t j = 0; j < g.n(); j += kBlockN) {
      const Matrix b = rounded(g.b, k0, j, k, std::min(kBlockN, g.n() - j), copies().b.get());
      const float* bias = g.c.bias && k0 == 0 ? g.c.bias + j : nullptr;
      for (int64_t i = 0; i < g.m(); i += kBlockM) {
        const Matrix a = rounded(g.a, i, k0, std::min(kBlockM, g.m() - i), k, copies().a.get());
        tileProduct({a, b, {g.c.data + i * g.c.stride + j, g.c.stride, g.c.adds || k0 > 0, bias}});
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
  if (tileLanes() != 16 || !cpuHasBf16()) return Bf16Kernel::emulated;
#ifdef GEMMFIT_BF16_AMX
  if (mayUseAmx()) return Bf16Kernel::amx;
#endif
  return Bf16Kernel::avx512;
#else
  return Bf16Kernel::emulated;
#endif
}

void bf16ProductBy(Bf16Kernel kernel, const Product& g) {
  if (g.m() <= 0 || g.n() <= 0) return;
#ifdef GEMMFIT_BF16_AMX
  if (kernel == Bf16Kernel::amx) return took(Path::gemmBf16Amx), bf16ProductAmx(g);
#endif
#ifdef GEMMFIT_BF16_NATIVE
  if (kernel == Bf16Kernel::avx512) return took(Path::gemmBf16Native), bf16ProductNative(g);
#endif
  took(Path::gemmBf16Emulated);
  emulated(g);
}

void bf16Product(const Product& g) { bf16ProductBy(bf16Kernel(), g); }

}  // namespace gemmfit
