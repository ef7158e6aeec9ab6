#include "native/kernels/gemm/dots.h"

#include <algorithm>

#include "native/engine/paths.h"
#include "native/engine/shape.h"
#include "native/engine/variable.h"
#include "native/kernels/simd_targets.h"
#include "native/kernels/sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/gemm/dots.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

// The sums of the lanes of four vectors. Each takes the same additions wherever it stands among the four.
HWY_INLINE void SumFour(const V* v, float* to) {
#if HWY_TARGET == HWY_SCALAR
  for (int r = 0; r < 4; ++r) to[r] = hn::GetLane(v[r]);
#else
  const D d;
  const hn::RepartitionToWide<D> pairs;
  const auto low = hn::BitCast(pairs, hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1])));
  const auto high = hn::BitCast(pairs, hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3])));
  // Each block of 128 bits has a sum for each of the four.
  const V blocks = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, low, high)), hn::BitCast(d, hn::InterleaveUpper(pairs, low, high)));
  HWY_ALIGN float parts[16];
  hn::Store(blocks, d, parts);
  const hn::CappedTag<float, 4> four;
  auto sum = hn::Load(four, parts);
  for (size_t i = 4; i < hn::Lanes(d); i += 4) sum = hn::Add(sum, hn::Load(four, parts + i));
  hn::StoreU(sum, four, to);
#endif
}

struct Rows {
  int64_t k;
  const float* a;
  int64_t aStride;
  const float* b;  // columns, one behind the other
  int64_t bStride;
  float* c;
  int64_t cStride;
  const float* bias;
  bool adds;
};

// `Count` rows, of which `rows` are there, by N columns.
template <int N, int Count>
HWY_INLINE void DotRows(const Rows& g, int64_t rows) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), whole = g.k / lanes * lanes;
  const float* from[Count];
  HWY_UNROLL(8)
  for (int r = 0; r < Count; ++r) from[r] = g.a + std::min<int64_t>(r, rows - 1) * g.aStride;
  V sum[N][Count];
  HWY_UNROLL(4)
  for (int n = 0; n < N; ++n) {
    HWY_UNROLL(8)
    for (int r = 0; r < Count; ++r) sum[n][r] = hn::Zero(d);
  }
  const auto add = [&](const auto& load, int64_t i) HWY_ATTR {
    V column[N];
    HWY_UNROLL(4)
    for (int n = 0; n < N; ++n) column[n] = load(g.b + n * g.bStride + i);
    HWY_UNROLL(8)
    for (int r = 0; r < Count; ++r) {
      const V x = load(from[r] + i);
      HWY_UNROLL(4)
      for (int n = 0; n < N; ++n) sum[n][r] = hn::MulAdd(x, column[n], sum[n][r]);
    }
  };
  for (int64_t i = 0; i < whole; i += lanes) add([&](const float* p) HWY_ATTR { return hn::LoadU(d, p); }, i);
  const auto mask = hn::FirstN(d, asSize(g.k - whole));
  if (whole < g.k) add([&](const float* p) HWY_ATTR { return hn::MaskedLoad(mask, d, p); }, whole);
  for (int n = 0; n < N; ++n) {
    float sums[Count];
    for (int r = 0; r < Count; r += 4) SumFour(sum[n] + r, sums + r);
    for (int64_t r = 0; r < rows; ++r) {
      float& to = g.c[r * g.cStride + n];
      to = g.adds ? to + sums[r] : g.bias ? g.bias[n] + sums[r] : sums[r];
    }
  }
}

template <int N>
HWY_NOINLINE void DotColumns(Rows g, int64_t m) {
  // As many sums at once as hide how long one takes.
  constexpr int kRows = N == 1 ? 8 : 4;
  for (; m > 0; m -= kRows, g.a += kRows * g.aStride, g.c += kRows * g.cStride) {
    if (m <= 4) return DotRows<N, 4>(g, m);
    DotRows<N, kRows>(g, std::min<int64_t>(m, kRows));
  }
}

// Columns at a time: 4 rows by so many sums fit the registers beside what is multiplied.
constexpr int kColumns = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 4 : 2;

// Of a part of k whose columns of b are stored one behind the other.
void DotBlock(const Product& g) {
  const int64_t parts = ceilDiv(g.n(), kColumns);
  for (int64_t i = 0, j = 0, columns = 0; i < parts; ++i, j += columns) {
    columns = (g.n() + i) / parts;
    const Rows rows{g.k(),   g.a.data, g.a.stride, g.b.at(0, j), g.b.stride, g.c.data + j, g.c.stride, g.c.bias ? g.c.bias + j : nullptr,
                    g.c.adds};
    if (columns == 1) DotColumns<1>(rows, g.m());
    if (columns == 2) DotColumns<2>(rows, g.m());
    if (columns == 3 && kColumns >= 3) DotColumns<std::min(3, kColumns)>(rows, g.m());
    if (columns == 4 && kColumns >= 4) DotColumns<std::min(4, kColumns)>(rows, g.m());
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(DotBlock);

constexpr int64_t kBlockK = 2048;

// Columns of b one behind the other. Of the calling thread; allocated at its first product that needs it.
float* columns() {
  thread_local const AlignedFloats block = allocateFloats(kMostDotColumns * kBlockK);
  return block.get();
}

}  // namespace

void dotProduct(const Product& g) {
  took(Path::gemmDots);
  const bool there = g.b.transposed || (g.n() == 1 && g.b.stride == 1);
  for (int64_t k0 = 0; k0 < std::max<int64_t>(1, g.k()); k0 += kBlockK) {
    const int64_t k = std::min(kBlockK, g.k() - k0);
    Matrix b{g.b.at(k0, 0), k, g.n(), g.b.stride, true};
    if (!there) {
      float* to = columns();
      for (int64_t i = 0; i < k; ++i)
        for (int64_t j = 0; j < g.n(); ++j) to[j * kBlockK + i] = g.b.at(k0 + i, 0)[j];
      b.data = to;
      b.stride = kBlockK;
    }
    const Result c{g.c.data, g.c.stride, g.c.adds || k0 > 0, k0 == 0 ? g.c.bias : nullptr};
    HWY_DYNAMIC_DISPATCH(DotBlock)({{g.a.at(0, k0), g.m(), k, g.a.stride}, b, c});
  }
}

}  // namespace gemmfit
#endif
