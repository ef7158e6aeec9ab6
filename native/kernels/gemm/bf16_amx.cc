#include "native/kernels/gemm/bf16_amx.h"

#ifdef GEMMFIT_BF16_AMX
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "native/engine/shape.h"
#include "native/engine/variable.h"
#include "native/kernels/sizes.h"

#define AMX_TARGET __attribute__((target("amx-tile,amx-bf16")))

namespace gemmfit {
namespace {

// A register holds 16 rows of 16 floats or pairs. C is made in squares of two by two of them, beside two of a and two of b.
constexpr int64_t kSide = kPairVector, kSquare = kPairPanel;
constexpr int64_t kBlockM = 256, kBlockN = 512, kBlockK = 512;
// Pairs between rows, so that they do not all begin at the same place of the first-level cache.
constexpr int64_t kPad = 16;

// Operands as they are laid out, and a square of C where it ends in the middle of one. Of the calling thread, allocated at its first
// product.
struct Blocks {
  AlignedFloats a = allocateFloats(kBlockM * (kBlockK / 2 + kPad));
  AlignedFloats b = allocateFloats(kBlockN * (kBlockK / 2));
  AlignedFloats square = allocateFloats(kSquare * kSquare);
  AlignedFloats bias = allocateFloats(kSquare);
};
Blocks& blocks() {
  thread_local Blocks b;
  return b;
}

struct Square {
  int64_t pairs;
  const float* a;
  int64_t aStride;
  const float* b;
  const float* start;  // what sums begin with; null: 0
  int64_t startStride;
  float* c;
  int64_t ldc;
};

// All registers have 16 rows of 64 bytes.
struct alignas(64) Configuration {
  uint8_t palette = 1, startRow = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

constexpr long bytes(int64_t floats) { return static_cast<long>(floats) * static_cast<long>(sizeof(float)); }

// `Rows` by `Columns` registers of C (1 or 2): sums are 0 to 3, a is in 4 and 5, b in 6 and 7.
template <int Rows, int Columns>
AMX_TARGET void runSquare(const Square& s) {
  // GCC does not know that its loads of registers read what was written before.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  _tile_zero(0);
  if (Columns > 1) _tile_zero(1);
  if (Rows > 1) _tile_zero(2);
  if (Rows > 1 && Columns > 1) _tile_zero(3);
  if (s.start) {
    const float* lower = s.start + kSide * s.startStride;
    _tile_loadd(0, s.start, bytes(s.startStride));
    if (Columns > 1) _tile_loadd(1, s.start + kSide, bytes(s.startStride));
    if (Rows > 1) _tile_loadd(2, lower, bytes(s.startStride));
    if (Rows > 1 && Columns > 1) _tile_loadd(3, lower + kSide, bytes(s.startStride));
  }
  const float* a = s.a;
  const float* b = s.b;
  for (int64_t i = 0; i < s.pairs; i += kSide, a += kSide, b += kSide * kPairPanel) {
    _tile_loadd(6, b, bytes(kPairPanel));
    _tile_loadd(4, a, bytes(s.aStride));
    _tile_dpbf16ps(0, 4, 6);
    if (Columns > 1) {
      _tile_loadd(7, b + kSide, bytes(kPairPanel));
      _tile_dpbf16ps(1, 4, 7);
    }
    if (Rows > 1) {
      _tile_loadd(5, a + kSide * s.aStride, bytes(s.aStride));
      _tile_dpbf16ps(2, 5, 6);
      if (Columns > 1) _tile_dpbf16ps(3, 5, 7);
    }
  }
  float* lower = s.c + kSide * s.ldc;
  _tile_stored(0, s.c, bytes(s.ldc));
  if (Columns > 1) _tile_stored(1, s.c + kSide, bytes(s.ldc));
  if (Rows > 1) _tile_stored(2, lower, bytes(s.ldc));
  if (Rows > 1 && Columns > 1) _tile_stored(3, lower + kSide, bytes(s.ldc));
}

void copyRows(const float* from, int64_t ld, int64_t rows, int64_t columns, float* to, int64_t ldTo) {
  for (int64_t r = 0; r < rows; ++r) std::memcpy(to + r * ldTo, from + r * ld, asSize(columns) * sizeof(float));
}

// What lies in C at `c` alone is written: squares that reach beyond it are made apart.
void makeSquare(Square s, int64_t rows, int64_t columns, bool adds, float* c, int64_t ldc) {
  const bool wide = columns > kSide, high = rows > kSide;
  const bool whole = rows == (high ? 2 : 1) * kSide && columns == (wide ? 2 : 1) * kSide;
  float* const apart = blocks().square.get();
  s.c = whole ? c : apart;
  s.ldc = whole ? ldc : kSquare;
  if (adds) {
    if (!whole) copyRows(c, ldc, rows, columns, apart, kSquare);
    s.start = s.c;
    s.startStride = s.ldc;
  }
  if (high)
    wide ? runSquare<2, 2>(s) : runSquare<2, 1>(s);
  else
    wide ? runSquare<1, 2>(s) : runSquare<1, 1>(s);
  if (!whole) copyRows(apart, kSquare, rows, columns, c, ldc);
}

}  // namespace

bool mayUseAmx() {
  static const bool may = [] {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!cpuHasBf16() || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return false;
    constexpr unsigned amxBf16 = 1u << 22, amxTile = 1u << 24;
    if (!(edx & amxBf16) || !(edx & amxTile)) return false;
    // ARCH_REQ_XCOMP_PERM for the registers' data: an older kernel, or one that does not save them, refuses.
    constexpr long requestPermission = 0x1023, tileData = 18;
    return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  }();
  return may;
}

AMX_TARGET void bf16ProductAmx(const Product& g) {
  // The same blocks of k whatever m and n: sums have one order.
  const int64_t blockK = 2 * pairsFor(ceilDiv(g.k(), std::max<int64_t>(1, ceilDiv(g.k(), kBlockK))));
  const Blocks& mine = blocks();
  float* const laidOutA = mine.a.get();
  float* const laidOutB = mine.b.get();
  const Configuration configuration;
  _tile_loadconfig(&configuration);
  Square s{};
  s.aStride = blockK / 2 + kPad;
  for (int64_t k0 = 0; k0 < std::max<int64_t>(1, g.k()); k0 += std::max<int64_t>(1, blockK)) {
    const int64_t k = std::min(blockK, g.k() - k0), panel = kPairPanel * pairsFor(k);
    s.pairs = pairsFor(k);
    for (int64_t n0 = 0; n0 < g.n(); n0 += kBlockN) {
      const int64_t nn = std::min(kBlockN, g.n() - n0);
      if (g.b.transposed)
        pairPanelsTransposed(k, nn, g.b.data + n0 * g.b.stride + k0, g.b.stride, laidOutB, panel);
      else
        pairPanels(k, nn, g.b.data + k0 * g.b.stride + n0, g.b.stride, laidOutB, panel);
      for (int64_t m0 = 0; m0 < g.m(); m0 += kBlockM) {
        const int64_t mn = std::min(kBlockM, g.m() - m0);
        const bool there = n0 > 0 && g.m() <= kBlockM;  // laid out for the columns before
        if (g.a.transposed && !there)
          pairRowsTransposed(mn, k, g.a.data + k0 * g.a.stride + m0, g.a.stride, laidOutA, s.aStride);
        else if (!there)
          pairRows(mn, k, g.a.data + m0 * g.a.stride + k0, g.a.stride, laidOutA, s.aStride);
        for (int64_t j = 0; j < nn; j += kSquare) {
          const int64_t columns = std::min(kSquare, nn - j);
          s.b = laidOutB + j / kPairPanel * panel;
          s.start = nullptr;
          s.startStride = 0;
          if (g.c.bias && k0 == 0) {
            std::memcpy(mine.bias.get(), g.c.bias + n0 + j, asSize(columns) * sizeof(float));
            s.start = mine.bias.get();
          }
          for (int64_t r = 0; r < mn; r += kSquare) {
            s.a = laidOutA + r * s.aStride;
            makeSquare(s, std::min(kSquare, mn - r), columns, g.c.adds || k0 > 0, g.c.data + (m0 + r) * g.c.stride + n0 + j, g.c.stride);
          }
        }
      }
    }
  }
  _tile_release();
}

}  // namespace gemmfit
#endif
