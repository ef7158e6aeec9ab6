#include "native/kernels/direct_convolution.h"

#include <algorithm>
#include <cstring>

#include "native/engine/shape.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/direct_convolution.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef GEMMFIT_DIRECT_CONVOLUTION_ONCE
#define GEMMFIT_DIRECT_CONVOLUTION_ONCE
namespace gemmfit {

// An image whose padding is part of it, so that every window is whole.
struct Padded {
  int64_t size[3];      // of the axes
  int64_t rowStep[2];   // from one line of positions to the next, along the outer axes
  int64_t step;         // from one position to the next along a line
  const int64_t* taps;  // where each row of the kernel reads, from the window's first cell on
  int64_t rows;         // of the kernel
};

}  // namespace gemmfit
#endif

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// A tile of the result fills the registers: positions (forward) or rows of the kernel (gradient) by two vectors of filters.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM
constexpr int kPositions = 12, kRows = 9;
#else
constexpr int kPositions = 6, kRows = 5;
#endif

HWY_INLINE int64_t Lanes() { return static_cast<int64_t>(hn::Lanes(D())); }

// y[p, :] = start + windows * w for M neighbouring positions; w is [taps, N vectors].
template <int M, int N>
HWY_NOINLINE void ForwardTile(const Padded& g, const float* x, const float* w, const float* start, float* y, int64_t stride) {
  const D d;
  const int64_t lanes = Lanes();
  V sum[M][N];
  for (int n = 0; n < N; ++n) {
    const V s = hn::LoadU(d, start + n * lanes);
    for (int m = 0; m < M; ++m) sum[m][n] = s;
  }
  for (int64_t k = 0; k < g.rows; ++k, w += N * lanes) {
    const float* from = x + g.taps[k];
    V column[N];
    for (int n = 0; n < N; ++n) column[n] = hn::LoadU(d, w + n * lanes);
    for (int m = 0; m < M; ++m) {
      const V cell = hn::Set(d, from[m * g.step]);
      for (int n = 0; n < N; ++n) sum[m][n] = hn::MulAdd(cell, column[n], sum[m][n]);
    }
  }
  for (int m = 0; m < M; ++m)
    for (int n = 0; n < N; ++n) hn::StoreU(sum[m][n], d, y + m * stride + n * lanes);
}

using ForwardFunction = void (*)(const Padded&, const float*, const float*, const float*, float*, int64_t);

template <int N, int... M>
HWY_INLINE ForwardFunction ChooseForward(int64_t m, std::integer_sequence<int, M...>) {
  static constexpr ForwardFunction table[] = {ForwardTile<M + 1, N>...};
  return table[m - 1];
}

}  // namespace

int64_t FilterLanes() { return Lanes(); }

// One line of positions for `filters` <= 2 vectors of filters. `w` is packed [taps, vectors], `start` the bias, both filled up with zeros.
void ForwardLine(const Padded& g, const float* x, int64_t positions, const float* w, const float* start, int64_t filters, float* y,
                 int64_t stride) {
  const int64_t lanes = Lanes(), width = filters > lanes ? 2 * lanes : lanes;
  const int64_t tiles = ceilDiv(positions, kPositions);
  HWY_ALIGN float rest[kPositions * 2 * HWY_MAX_BYTES / sizeof(float)];
  for (int64_t t = 0, p = 0; t < tiles; ++t) {
    const int64_t many = (positions - p) / (tiles - t);
    const auto all = std::make_integer_sequence<int, kPositions>();
    const ForwardFunction f = filters > lanes ? ChooseForward<2>(many, all) : ChooseForward<1>(many, all);
    if (filters == width) {
      f(g, x + p * g.step, w, start, y + p * stride, stride);
    } else {
      f(g, x + p * g.step, w, start, rest, width);
      for (int64_t m = 0; m < many; ++m) std::memcpy(y + (p + m) * stride, rest + m * width, static_cast<size_t>(filters) * sizeof(float));
    }
    p += many;
  }
}

namespace {

// g[k, :] += the sum over positions of x[position + tap k] * dy[position, :] for K rows of the kernel.
template <int K, int N>
HWY_NOINLINE void GradientTile(const Padded& g, const float* x, const int64_t out[3], int64_t row, const float* dy, int64_t dyStride,
                               float* gradient, int64_t stride) {
  const D d;
  const int64_t lanes = Lanes();
  V sum[K][N];
  for (int k = 0; k < K; ++k)
    for (int n = 0; n < N; ++n) sum[k][n] = hn::Zero(d);
  for (int64_t o0 = 0; o0 < out[0]; ++o0)
    for (int64_t o1 = 0; o1 < out[1]; ++o1) {
      const float* line = x + o0 * g.rowStep[0] + o1 * g.rowStep[1];
      const float* from[K];
      for (int k = 0; k < K; ++k) from[k] = line + g.taps[row + k];
      for (int64_t at = 0, p = 0; p < out[2]; ++p, at += g.step, dy += dyStride) {
        V slope[N];
        for (int n = 0; n < N; ++n) slope[n] = hn::LoadU(d, dy + n * lanes);
        for (int k = 0; k < K; ++k) {
          const V cell = hn::Set(d, from[k][at]);
          for (int n = 0; n < N; ++n) sum[k][n] = hn::MulAdd(cell, slope[n], sum[k][n]);
        }
      }
    }
  for (int k = 0; k < K; ++k)
    for (int n = 0; n < N; ++n) {
      float* to = gradient + k * stride + n * lanes;
      hn::StoreU(hn::Add(hn::LoadU(d, to), sum[k][n]), d, to);
    }
}

using GradientFunction = void (*)(const Padded&, const float*, const int64_t*, int64_t, const float*, int64_t, float*, int64_t);

template <int N, int... K>
HWY_INLINE GradientFunction ChooseGradient(int64_t k, std::integer_sequence<int, K...>) {
  static constexpr GradientFunction table[] = {GradientTile<K + 1, N>...};
  return table[k - 1];
}

}  // namespace

// gradient[:, 0 .. vectors * lanes) += the sums of one sample; dy has whole vectors.
void GradientSample(const Padded& g, const float* x, const int64_t out[3], const float* dy, int64_t dyStride, int64_t vectors, float* gradient,
                    int64_t stride) {
  const int64_t tiles = ceilDiv(g.rows, kRows);
  for (int64_t t = 0, row = 0; t < tiles; ++t) {
    const int64_t many = (g.rows - row) / (tiles - t);
    const auto all = std::make_integer_sequence<int, kRows>();
    (vectors == 2 ? ChooseGradient<2>(many, all) : ChooseGradient<1>(many, all))(g, x, out, row, dy, dyStride, gradient + row * stride, stride);
    row += many;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(FilterLanes);
HWY_EXPORT(ForwardLine);
HWY_EXPORT(GradientSample);

constexpr int64_t kPaddedFloats = 65536;

// The image of one call with its padding: copied sample by sample where there is any.
class PaddedImages {
 public:
  PaddedImages(const Window& w, int64_t* taps) : w_(w) {
    bool same = true;
    for (int a = 0; a < 3; ++a) {
      g_.size[a] = (w.out[a] - 1) * w.stride[a] + (w.kernel[a] - 1) * w.dilation[a] + 1;
      same = same && w.before[a] == 0 && g_.size[a] <= w.in[a];
    }
    copies_ = !same;
    if (same) std::copy(w.in, w.in + 3, g_.size);
    sampleSize_ = g_.size[0] * g_.size[1] * g_.size[2] * w.channels;
    g_.step = w.stride[2] * w.channels;
    g_.rowStep[1] = w.stride[1] * g_.size[2] * w.channels;
    g_.rowStep[0] = w.stride[0] * g_.size[1] * g_.size[2] * w.channels;
    g_.rows = w.taps() * w.channels;
    g_.taps = taps;
    for (int64_t k0 = 0; k0 < w.kernel[0]; ++k0)
      for (int64_t k1 = 0; k1 < w.kernel[1]; ++k1)
        for (int64_t k2 = 0; k2 < w.kernel[2]; ++k2)
          for (int64_t c = 0; c < w.channels; ++c)
            *taps++ = ((k0 * w.dilation[0] * g_.size[1] + k1 * w.dilation[1]) * g_.size[2] + k2 * w.dilation[2]) * w.channels + c;
  }
  const Padded& geometry() const { return g_; }
  int64_t sampleSize() const { return sampleSize_; }
  int64_t samplesAtOnce() const { return copies_ ? std::max<int64_t>(1, kPaddedFloats / sampleSize_) : INT64_MAX; }

  // Samples one behind the other, `sampleSize` floats each.
  const float* make(const float* image, int64_t samples) const {
    if (!copies_) return image;
    float* to = threadPanel(0, samples * sampleSize_);
    std::memset(to, 0, static_cast<size_t>(samples * sampleSize_) * sizeof(float));
    const int64_t width = std::min(w_.in[2], g_.size[2] - w_.before[2]) * w_.channels;
    for (int64_t s = 0; s < samples; ++s)
      for (int64_t i0 = 0; i0 < std::min(w_.in[0], g_.size[0] - w_.before[0]); ++i0)
        for (int64_t i1 = 0; i1 < std::min(w_.in[1], g_.size[1] - w_.before[1]); ++i1)
          std::memcpy(to + s * sampleSize_ + (((i0 + w_.before[0]) * g_.size[1] + i1 + w_.before[1]) * g_.size[2] + w_.before[2]) * w_.channels,
                      image + s * w_.inSize() + (i0 * w_.in[1] + i1) * w_.in[2] * w_.channels, static_cast<size_t>(width) * sizeof(float));
    return to;
  }

 private:
  const Window& w_;
  Padded g_;
  bool copies_;
  int64_t sampleSize_;
};

}  // namespace

void DirectConvolution::toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const {
  const Window& w = window;
  const int64_t rows = kernelRows(), width = 2 * HWY_DYNAMIC_DISPATCH(FilterLanes)();
  auto* taps = reinterpret_cast<int64_t*>(threadPanel(3, 2 * rows));
  const PaddedImages images(w, taps);
  const Padded& g = images.geometry();
  const int64_t blocks = ceilDiv(filters, width);
  // The kernel's columns block by block, behind them the bias, both filled up with zeros to whole vectors.
  float* packed = threadPanel(4, blocks * width * (rows + 1));
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t f = b * width, n = std::min(width, filters - f), used = n > width / 2 ? width : width / 2;
    float* to = packed + b * width * (rows + 1);
    for (int64_t k = 0; k <= rows; ++k, to += used) {
      const float* from = k < rows ? kernel + k * filters + f : bias ? bias + f : nullptr;
      for (int64_t i = 0; i < used; ++i) to[i] = from && i < n ? from[i] : 0;
    }
  }
  for (int64_t first = 0; first < samples;) {
    const int64_t many = std::min(images.samplesAtOnce(), samples - first);
    const float* x = images.make(image + first * w.inSize(), many);
    for (int64_t b = 0; b < blocks; ++b) {
      const int64_t f = b * width, n = std::min(width, filters - f), used = n > width / 2 ? width : width / 2;
      const float* columns = packed + b * width * (rows + 1);
      for (int64_t s = 0; s < many; ++s)
        for (int64_t o0 = 0; o0 < w.out[0]; ++o0)
          for (int64_t o1 = 0; o1 < w.out[1]; ++o1)
            HWY_DYNAMIC_DISPATCH(ForwardLine)
            (g, x + s * images.sampleSize() + o0 * g.rowStep[0] + o1 * g.rowStep[1], w.out[2], columns, columns + rows * used, n,
             grid + (first + s) * gridSize() + (o0 * w.out[1] + o1) * w.out[2] * filters + f, filters);
    }
    first += many;
  }
}

void DirectConvolution::kernelGradient(const Block&, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                                       int64_t stride) const {
  const Window& w = window;
  const int64_t rows = kernelRows(), lanes = HWY_DYNAMIC_DISPATCH(FilterLanes)();
  auto* taps = reinterpret_cast<int64_t*>(threadPanel(3, 2 * rows));
  const PaddedImages images(w, taps);
  if (beta == 0)
    for (int64_t k = 0; k < rows; ++k) std::memset(gradient + k * stride, 0, static_cast<size_t>(filters) * sizeof(float));
  for (int64_t s = 0; s < samples; ++s) {
    const float* x = images.make(image + s * w.inSize(), 1);
    const float* dy = grid + s * gridSize();
    int64_t f = 0;
    for (int64_t vectors = 2; f + lanes <= filters; f += vectors * lanes) {
      vectors = f + 2 * lanes <= filters ? 2 : 1;
      HWY_DYNAMIC_DISPATCH(GradientSample)(images.geometry(), x, w.out, dy + f, filters, vectors, gradient + f, stride);
    }
    if (f == filters) continue;
    // Filters that do not fill a vector: through copies that do.
    const int64_t n = filters - f;
    float* slope = threadPanel(4, (w.positions() + rows) * lanes);
    float* sum = slope + w.positions() * lanes;
    std::memset(slope, 0, static_cast<size_t>((w.positions() + rows) * lanes) * sizeof(float));
    for (int64_t p = 0; p < w.positions(); ++p) std::memcpy(slope + p * lanes, dy + p * filters + f, static_cast<size_t>(n) * sizeof(float));
    HWY_DYNAMIC_DISPATCH(GradientSample)(images.geometry(), x, w.out, slope, lanes, 1, sum, lanes);
    for (int64_t k = 0; k < rows; ++k)
      for (int64_t i = 0; i < n; ++i) gradient[k * stride + f + i] += sum[k * lanes + i];
  }
}

}  // namespace gemmfit
#endif
