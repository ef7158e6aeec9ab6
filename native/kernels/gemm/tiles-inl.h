// Register tiles of the engine's product, and how blocks are laid out for them.
#if defined(NATIVE_KERNELS_TILE_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_KERNELS_TILE_GEMM_INL_H_
#undef NATIVE_KERNELS_TILE_GEMM_INL_H_
#else
#define NATIVE_KERNELS_TILE_GEMM_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

// Rows of a tile: as many sums, two vectors wide, as the registers hold beside two vectors of b and one of a.
#undef GEMMFIT_TILE_ROWS
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
#define GEMMFIT_TILE_ROWS 12
#else
#define GEMMFIT_TILE_ROWS 6
#endif
constexpr int kRows = GEMMFIT_TILE_ROWS;

struct Tile {
  int64_t k;
  const float* a;
  int64_t aStride;  // from a row to the next; where rows lie side by side, from one k to the next
  const float* b;
  int64_t bStride;  // from one k to the next
  float* c;
  int64_t ldc;
  const float* bias;
  bool adds;
  int64_t columns;  // of c: at most two vectors
};

// `Rows` rows of c, `Vectors` wide. SideBySide: a's rows lie so, as in a matrix stored transposed. Whole: b can be read by whole vectors.
template <int Rows, int Vectors, bool SideBySide, bool Whole>
HWY_INLINE void RunTile(const Tile& t) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto mask0 = hn::FirstN(d, asSize(std::min(lanes, t.columns)));
  const auto mask1 = hn::FirstN(d, asSize(std::max<int64_t>(0, std::min(lanes, t.columns - lanes))));
  const V bias0 = t.bias ? hn::MaskedLoad(mask0, d, t.bias) : hn::Zero(d);
  const V bias1 = Vectors == 2 && t.bias ? hn::MaskedLoad(mask1, d, t.bias + lanes) : hn::Zero(d);
  V sum0[Rows], sum1[Rows];
  HWY_UNROLL(16)
  for (int r = 0; r < Rows; ++r) {
    sum0[r] = bias0;
    sum1[r] = bias1;
  }
  const float* a = t.a;
  const float* b = t.b;
  const int64_t aStride = t.aStride, bStride = t.bStride;
  for (int64_t i = 0; i < t.k; ++i) {
    const V b0 = Whole ? hn::LoadU(d, b) : hn::MaskedLoad(mask0, d, b);
    const V b1 = Vectors == 1 ? b0 : Whole ? hn::LoadU(d, b + lanes) : hn::MaskedLoad(mask1, d, b + lanes);
    HWY_UNROLL(16)
    for (int r = 0; r < Rows; ++r) {
      const V s = hn::Set(d, SideBySide ? a[r] : a[r * aStride]);
      sum0[r] = hn::MulAdd(s, b0, sum0[r]);
      if (Vectors == 2) sum1[r] = hn::MulAdd(s, b1, sum1[r]);
    }
    a += SideBySide ? aStride : 1;
    b += bStride;
  }
  float* c = t.c;
  const int64_t ldc = t.ldc;
  if (t.columns == Vectors * lanes) {
    HWY_UNROLL(16)
    for (int r = 0; r < Rows; ++r) {
      float* to = c + r * ldc;
      hn::StoreU(t.adds ? hn::Add(hn::LoadU(d, to), sum0[r]) : sum0[r], d, to);
      if (Vectors == 2) hn::StoreU(t.adds ? hn::Add(hn::LoadU(d, to + lanes), sum1[r]) : sum1[r], d, to + lanes);
    }
    return;
  }
  HWY_UNROLL(16)
  for (int r = 0; r < Rows; ++r) {
    float* to = c + r * ldc;
    hn::BlendedStore(t.adds ? hn::Add(hn::MaskedLoad(mask0, d, to), sum0[r]) : sum0[r], mask0, d, to);
    if (Vectors == 2) hn::BlendedStore(t.adds ? hn::Add(hn::MaskedLoad(mask1, d, to + lanes), sum1[r]) : sum1[r], mask1, d, to + lanes);
  }
}

using TileFunction = void (*)(int, const Tile&);

template <int Vectors, bool SideBySide, bool Whole>
HWY_NOINLINE void RunTileOf(int rows, const Tile& t) {
  switch (rows) {
    case 1:
      return RunTile<1, Vectors, SideBySide, Whole>(t);
    case 2:
      return RunTile<2, Vectors, SideBySide, Whole>(t);
    case 3:
      return RunTile<3, Vectors, SideBySide, Whole>(t);
    case 4:
      return RunTile<4, Vectors, SideBySide, Whole>(t);
    case 5:
      return RunTile<5, Vectors, SideBySide, Whole>(t);
    case 6:
      return RunTile<6, Vectors, SideBySide, Whole>(t);
#if GEMMFIT_TILE_ROWS > 6
    case 7:
      return RunTile<7, Vectors, SideBySide, Whole>(t);
    case 8:
      return RunTile<8, Vectors, SideBySide, Whole>(t);
    case 9:
      return RunTile<9, Vectors, SideBySide, Whole>(t);
    case 10:
      return RunTile<10, Vectors, SideBySide, Whole>(t);
    case 11:
      return RunTile<11, Vectors, SideBySide, Whole>(t);
    case 12:
      return RunTile<12, Vectors, SideBySide, Whole>(t);
#endif
    default:
      return;
  }
}

HWY_INLINE TileFunction tileFunction(bool two, bool sideBySide, bool whole) {
  if (sideBySide)
    return two ? (whole ? RunTileOf<2, true, true> : RunTileOf<2, true, false>)
               : (whole ? RunTileOf<1, true, true> : RunTileOf<1, true, false>);
  return two ? (whole ? RunTileOf<2, false, true> : RunTileOf<2, false, false>)
             : (whole ? RunTileOf<1, false, true> : RunTileOf<1, false, false>);
}

// Loads of a partial vector may not touch what lies behind a row; what is missing is 0.
HWY_INLINE V LoadSome(D d, const float* p, int64_t n) {
  if (n >= static_cast<int64_t>(hn::Lanes(d))) return hn::LoadU(d, p);
  return n <= 0 ? hn::Zero(d) : hn::MaskedLoad(hn::FirstN(d, asSize(n)), d, p);
}

// Panels, two vectors wide, of b stored [k, n]: a row at a time, so that memory is read in its order.
HWY_INLINE void PackRows(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t panelStride) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), panel = 2 * lanes, whole = n / panel * panel;
  for (int64_t i = 0; i < k; ++i, from += ld) {
    float* o = to + i * panel;
    for (int64_t j = 0; j < whole; j += panel, o += panelStride) {
      hn::StoreU(hn::LoadU(d, from + j), d, o);
      hn::StoreU(hn::LoadU(d, from + j + lanes), d, o + lanes);
    }
    if (whole == n) continue;
    hn::StoreU(LoadSome(d, from + whole, n - whole), d, o);
    hn::StoreU(LoadSome(d, from + whole + lanes, n - whole - lanes), d, o + lanes);
  }
}

// to = from^T for a matrix [rows, columns]: squares of 4 by 4 are turned in registers.
HWY_INLINE void Turn(const float* from, int64_t rows, int64_t columns, int64_t stride, float* to, int64_t toStride) {
  int64_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::CappedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> pairs;
  for (; j + 4 <= rows; j += 4) {
    const float* p = from + j * stride;
    int64_t i = 0;
    for (; i + 4 <= columns; i += 4) {
      const auto r0 = hn::LoadU(d, p + i), r1 = hn::LoadU(d, p + stride + i);
      const auto r2 = hn::LoadU(d, p + 2 * stride + i), r3 = hn::LoadU(d, p + 3 * stride + i);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1)), low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1)), high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
      float* o = to + i * toStride + j;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, o);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, o + toStride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, o + 2 * toStride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, o + 3 * toStride);
    }
    for (; i < columns; ++i)
      for (int64_t q = 0; q < 4; ++q) to[i * toStride + j + q] = p[q * stride + i];
  }
#endif
  for (; j < rows; ++j)
    for (int64_t i = 0; i < columns; ++i) to[i * toStride + j] = from[j * stride + i];
}

// Panels of b stored [n, k].
HWY_INLINE void PackTransposed(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t panelStride) {
  const int64_t panel = 2 * static_cast<int64_t>(hn::Lanes(D()));
  for (; n > 0; n -= panel, from += panel * ld, to += panelStride) {
    const int64_t columns = std::min(panel, n);
    Turn(from, columns, k, ld, to, panel);
    for (int64_t j = columns; j < panel; ++j)
      for (int64_t i = 0; i < k; ++i) to[i * panel + j] = 0;
  }
}

// Panels, kRows wide (the last as wide as it is), of a stored [k, m].
HWY_INLINE void PackColumns(int64_t k, int64_t m, const float* from, int64_t ld, float* to, int64_t panelStride) {
  const int64_t rest = m % kRows;
  for (int64_t i = 0; i < k; ++i, from += ld) {
    float* o = to + i * kRows;
    int64_t r = 0;
    for (; r + kRows <= m; r += kRows, o += panelStride) std::memcpy(o, from + r, kRows * sizeof(float));
    for (int64_t q = 0; q < rest; ++q) to[r / kRows * panelStride + i * rest + q] = from[r + q];
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif  // NATIVE_KERNELS_TILE_GEMM_INL_H_
