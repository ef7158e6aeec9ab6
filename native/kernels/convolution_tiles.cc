#include "native/kernels/convolution_tiles.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "native/engine/shape.h"
#include "native/kernels/simd_targets.h"
#include "native/kernels/sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/convolution_tiles.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// A tile of the result fills the registers: so many positions, or rows of the kernel, by two vectors of filters.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM
constexpr int kPositions = 12, kRows = 9;
#else
constexpr int kPositions = 6, kRows = 5;
#endif
using Positions = std::make_integer_sequence<int, kPositions>;
using Rows = std::make_integer_sequence<int, kRows>;

int64_t FilterLanes() { return static_cast<int64_t>(hn::Lanes(D())); }

// M neighbouring positions by N vectors of filters. Unrolled by order: Clang leaves a tile of 11 or 12 positions as a loop over memory.
template <int M, int N>
HWY_NOINLINE void ForwardTile(const int64_t* taps, int64_t rows, int64_t step, const float* image, const float* kernel, const float* start,
                              float* grid, int64_t stride) {
  const D d;
  const int64_t lanes = FilterLanes();
  const V start0 = hn::LoadU(d, start), start1 = N == 2 ? hn::LoadU(d, start + lanes) : start0;
  V sum0[M], sum1[M];
  HWY_UNROLL(16)
  for (int m = 0; m < M; ++m) {
    sum0[m] = start0;
    sum1[m] = start1;
  }
  for (int64_t k = 0; k < rows; ++k, kernel += N * lanes) {
    const float* from = image + taps[k];
    const V column0 = hn::LoadU(d, kernel), column1 = N == 2 ? hn::LoadU(d, kernel + lanes) : column0;
    HWY_UNROLL(16)
    for (int m = 0; m < M; ++m) {
      const V cell = hn::Set(d, *from);
      sum0[m] = hn::MulAdd(cell, column0, sum0[m]);
      if (N == 2) sum1[m] = hn::MulAdd(cell, column1, sum1[m]);
      from += step;
    }
  }
  HWY_UNROLL(16)
  for (int m = 0; m < M; ++m) {
    hn::StoreU(sum0[m], d, grid + m * stride);
    if (N == 2) hn::StoreU(sum1[m], d, grid + m * stride + lanes);
  }
}

using Forward = void (*)(const int64_t*, int64_t, int64_t, const float*, const float*, const float*, float*, int64_t);

template <int N, int... M>
HWY_INLINE Forward ForwardOf(int64_t positions, std::integer_sequence<int, M...>) {
  static constexpr Forward table[] = {ForwardTile<M + 1, N>...};
  return table[positions - 1];
}

void ForwardLines(const Lines& at, const float* image, const float* kernel, const float* start, int64_t filters, float* grid) {
  const int64_t lanes = FilterLanes(), width = filters > lanes ? 2 * lanes : lanes, stride = at.gridStep[2];
  const int64_t positions = at.out[2], tiles = ceilDiv(positions, kPositions);
  HWY_ALIGN float whole[kPositions * 2 * HWY_MAX_BYTES / sizeof(float)];
  for (int64_t line = 0; line < at.out[0] * at.out[1]; ++line) {
    const int64_t o0 = line / at.out[1], o1 = line % at.out[1];
    const float* from = image + o0 * at.step[0] + o1 * at.step[1];
    float* to = grid + o0 * at.gridStep[0] + o1 * at.gridStep[1];
    const int64_t first = (at.axis == 0 ? o0 : o1) * at.stride - at.before;  // cell that the first tap sees
    const int64_t skipped = first < 0 ? std::min(at.kernel, ceilDiv(-first, at.dilation)) : 0;
    const int64_t last = first >= at.in ? skipped : std::max(skipped, std::min(at.kernel, ceilDiv(at.in - first, at.dilation)));
    const int64_t* taps = at.taps + skipped * at.tapRows;
    const int64_t rows = (last - skipped) * at.tapRows;
    const float* columns = kernel + skipped * at.tapRows * width;
    for (int64_t t = 0, many = 0; t < tiles; ++t, from += many * at.step[2], to += many * stride) {
      many = (positions + t) / tiles;  // nearly equal parts: small tiles leave registers empty
      const Forward f = filters > lanes ? ForwardOf<2>(many, Positions()) : ForwardOf<1>(many, Positions());
      if (filters == width) {
        f(taps, rows, at.step[2], from, columns, start, to, stride);
        continue;
      }
      f(taps, rows, at.step[2], from, columns, start, whole, width);
      for (int64_t m = 0; m < many; ++m) std::memcpy(to + m * stride, whole + m * width, asSize(filters) * sizeof(float));
    }
  }
}

// K rows of the kernel by N vectors of filters.
template <int K, int N>
HWY_NOINLINE void GradientTile(const Lines& at, const int64_t* taps, const float* image, int64_t imageStep, const float* slope,
                               int64_t slopeStep, int64_t samples, float* gradient, int64_t stride) {
  const D d;
  const int64_t lanes = FilterLanes(), positions = at.out[2], step = at.step[2], slopeLine = at.gridStep[2];
  V sum[K][N];
  for (int k = 0; k < K; ++k)
    for (int n = 0; n < N; ++n) sum[k][n] = hn::Zero(d);
  for (int64_t s = 0; s < samples; ++s)
    for (int64_t o0 = 0; o0 < at.out[0]; ++o0)
      for (int64_t o1 = 0; o1 < at.out[1]; ++o1) {
        const float* line = image + s * imageStep + o0 * at.step[0] + o1 * at.step[1];
        const float* dy = slope + s * slopeStep + o0 * at.gridStep[0] + o1 * at.gridStep[1];
        const float* from[K];
        for (int k = 0; k < K; ++k) from[k] = line + taps[k];
        for (int64_t p = 0, cell = 0; p < positions; ++p, cell += step, dy += slopeLine) {
          V column[N];
          for (int n = 0; n < N; ++n) column[n] = hn::LoadU(d, dy + n * lanes);
          for (int k = 0; k < K; ++k) {
            const V x = hn::Set(d, from[k][cell]);
            for (int n = 0; n < N; ++n) sum[k][n] = hn::MulAdd(x, column[n], sum[k][n]);
          }
        }
      }
  for (int k = 0; k < K; ++k)
    for (int n = 0; n < N; ++n) {
      float* to = gradient + k * stride + n * lanes;
      hn::StoreU(hn::Add(hn::LoadU(d, to), sum[k][n]), d, to);
    }
}

using Gradient = void (*)(const Lines&, const int64_t*, const float*, int64_t, const float*, int64_t, int64_t, float*, int64_t);

template <int N, int... K>
HWY_INLINE Gradient GradientOf(int64_t rows, std::integer_sequence<int, K...>) {
  static constexpr Gradient table[] = {GradientTile<K + 1, N>...};
  return table[rows - 1];
}

void GradientLines(const Lines& at, const float* image, int64_t imageStep, const float* slope, int64_t slopeStep, int64_t samples,
                   int64_t vectors, float* gradient, int64_t stride) {
  const int64_t tiles = ceilDiv(at.rows, kRows);
  for (int64_t t = 0, row = 0, many = 0; t < tiles; ++t, row += many) {
    many = (at.rows + t) / tiles;
    const Gradient f = vectors == 2 ? GradientOf<2>(many, Rows()) : GradientOf<1>(many, Rows());
    f(at, at.taps + row, image, imageStep, slope, slopeStep, samples, gradient + row * stride, stride);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(FilterLanes);
HWY_EXPORT(ForwardLines);
HWY_EXPORT(GradientLines);

int64_t filterLanes() { return HWY_DYNAMIC_DISPATCH(FilterLanes)(); }

void forwardLines(const Lines& at, const float* image, const float* kernel, const float* start, int64_t filters, float* grid) {
  HWY_DYNAMIC_DISPATCH(ForwardLines)(at, image, kernel, start, filters, grid);
}

void gradientLines(const Lines& at, const float* image, int64_t imageStep, const float* slope, int64_t slopeStep, int64_t samples,
                   int64_t vectors, float* gradient, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(GradientLines)(at, image, imageStep, slope, slopeStep, samples, vectors, gradient, stride);
}

}  // namespace gemmfit
#endif
