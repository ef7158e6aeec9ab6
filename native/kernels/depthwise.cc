#include "native/kernels/depthwise.h"

#include <algorithm>
#include <utility>

#include "native/engine/paths.h"
#include "native/engine/shape.h"
#include "native/kernels/padded_images.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/depthwise.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Tiles fill the registers: positions (forward) or taps (gradient) by one vector of channels.
constexpr int kPositions = 8, kTaps = 9;
using Positions = std::make_integer_sequence<int, kPositions>;
using Taps = std::make_integer_sequence<int, kTaps>;

// Calls f(vector type, first channel) for whole vectors of channels, then for smaller ones.
template <class F>
HWY_INLINE void EachVector(int64_t channels, const F& f) {
  int64_t c = 0;
  const auto each = [&](auto d) {
    const auto lanes = static_cast<int64_t>(hn::Lanes(d));
    for (; c + lanes <= channels; c += lanes) f(d, c);
  };
  each(hn::ScalableTag<float>());
  each(hn::CappedTag<float, 4>());
  each(hn::CappedTag<float, 1>());
}

template <int M, class D>
HWY_INLINE void ForwardTile(D d, const Lines& at, const float* image, const float* kernel, int64_t channels, const float* bias,
                            float* grid) {
  hn::Vec<D> sum[M];
  const auto start = bias ? hn::LoadU(d, bias) : hn::Zero(d);
  for (int m = 0; m < M; ++m) sum[m] = start;
  for (int64_t t = 0; t < at.rows; ++t, kernel += channels) {
    const float* from = image + at.taps[t];
    const auto weight = hn::LoadU(d, kernel);
    for (int m = 0; m < M; ++m) sum[m] = hn::MulAdd(hn::LoadU(d, from + m * at.step[2]), weight, sum[m]);
  }
  for (int m = 0; m < M; ++m) hn::StoreU(sum[m], d, grid + m * at.gridStep[2]);
}

template <class D, int... M>
HWY_INLINE auto ForwardOf(D, int64_t positions, std::integer_sequence<int, M...>) {
  using Function = void (*)(D, const Lines&, const float*, const float*, int64_t, const float*, float*);
  static constexpr Function table[] = {ForwardTile<M + 1, D>...};
  return table[positions - 1];
}

// grid = bias + windows * kernel, channel by channel, for one sample. `taps` of the lines do not count channels.
void Forward(const Lines& at, const float* image, const float* kernel, int64_t channels, const float* bias, float* grid) {
  const int64_t tiles = ceilDiv(at.out[2], kPositions);
  for (int64_t o0 = 0; o0 < at.out[0]; ++o0)
    for (int64_t o1 = 0; o1 < at.out[1]; ++o1) {
      const float* line = image + o0 * at.step[0] + o1 * at.step[1];
      float* to = grid + o0 * at.gridStep[0] + o1 * at.gridStep[1];
      for (int64_t t = 0, p = 0, many = 0; t < tiles; ++t, p += many) {
        many = (at.out[2] + t) / tiles;
        EachVector(channels, [&](auto d, int64_t c) {
          ForwardOf(d, many, Positions())(d, at, line + p * at.step[2] + c, kernel + c, channels, bias ? bias + c : nullptr,
                                          to + p * at.gridStep[2] + c);
        });
      }
    }
}

template <int K, class D>
HWY_INLINE void GradientTile(D d, const Lines& at, const int64_t* taps, const float* image, const float* slope, int64_t channels,
                             float* gradient, int64_t stride) {
  hn::Vec<D> sum[K];
  for (int k = 0; k < K; ++k) sum[k] = hn::Zero(d);
  for (int64_t o0 = 0; o0 < at.out[0]; ++o0)
    for (int64_t o1 = 0; o1 < at.out[1]; ++o1) {
      const float* line = image + o0 * at.step[0] + o1 * at.step[1];
      const float* dy = slope + o0 * at.gridStep[0] + o1 * at.gridStep[1];
      const float* from[K];
      for (int k = 0; k < K; ++k) from[k] = line + taps[k];
      for (int64_t p = 0, cell = 0; p < at.out[2]; ++p, cell += at.step[2], dy += channels) {
        const auto column = hn::LoadU(d, dy);
        for (int k = 0; k < K; ++k) sum[k] = hn::MulAdd(hn::LoadU(d, from[k] + cell), column, sum[k]);
      }
    }
  for (int k = 0; k < K; ++k) hn::StoreU(hn::Add(hn::LoadU(d, gradient + k * stride), sum[k]), d, gradient + k * stride);
}

template <class D, int... K>
HWY_INLINE auto GradientOf(D, int64_t taps, std::integer_sequence<int, K...>) {
  using Function = void (*)(D, const Lines&, const int64_t*, const float*, const float*, int64_t, float*, int64_t);
  static constexpr Function table[] = {GradientTile<K + 1, D>...};
  return table[taps - 1];
}

// gradient += windows * slope, channel by channel, for one sample.
void KernelGradient(const Lines& at, const float* image, const float* slope, int64_t channels, float* gradient, int64_t stride) {
  const int64_t tiles = ceilDiv(at.rows, kTaps);
  for (int64_t t = 0, tap = 0, many = 0; t < tiles; ++t, tap += many) {
    many = (at.rows + t) / tiles;
    EachVector(channels, [&](auto d, int64_t c) {
      GradientOf(d, many, Taps())(d, at, at.taps + tap, image + c, slope + c, channels, gradient + tap * stride + c, stride);
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(Forward);
HWY_EXPORT(KernelGradient);

enum Slot { kTurnedSlot = 5, kWideSlot = 4 };  // PaddedImages has 0 and 3

// All taps of one channel: vectors of channels lie side by side from there on.
WindowPart firstChannel(const Window& w) { return {0, w.taps(), 0, 1}; }

// The window over an image that has every channel as often as there are filters for it.
Window wide(const Convolution& c) {
  Window w = c.window;
  w.channels = c.filters;
  return w;
}

}  // namespace

const float* Depthwise::widened(const float* image) const {
  const int64_t multiplier = filters / window.channels, n = window.inSize();
  if (multiplier == 1) return image;
  float* to = threadPanel(kWideSlot, n * multiplier);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < multiplier; ++j) to[i * multiplier + j] = image[i];
  return to;
}

void Depthwise::toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const {
  const Window w = wide(*this);
  took(PaddedImages::affordable(w) ? Path::depthwiseDirect : Path::depthwisePanels);
  if (!PaddedImages::affordable(w)) return Convolution::toGrid(kernel, bias, image, samples, grid);
  const PaddedImages images(w, firstChannel(w), false);
  const Lines at = images.lines(filters);
  for (int64_t s = 0; s < samples; ++s)
    HWY_DYNAMIC_DISPATCH(Forward)(at, images.of(widened(image + s * window.inSize()), 1), kernel, filters, bias, grid + s * gridSize());
}

void Depthwise::toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const {
  const Window w = wide(*this);
  const int64_t multiplier = filters / window.channels, n = window.inSize(), cells = n / window.channels, taps = window.taps();
  took(adjointAffordable(w, filters) ? Path::depthwiseImageDirect : Path::depthwiseImagePanels);
  if (!adjointAffordable(w, filters)) return Convolution::toImage(kernel, bias, grid, samples, image);
  const bool gaps = leavesGaps(w);
  float* turned = threadPanel(kTurnedSlot, taps * filters);
  for (int64_t s = 0; s < samples; ++s, image += n, grid += gridSize()) {
    float* to = multiplier == 1 ? image : threadPanel(kWideSlot, n * multiplier);
    const float* start = multiplier == 1 ? bias : nullptr;
    if (gaps) fillRows(start, filters, cells, to);
    for (int64_t p = 0; p < adjointParts(w); ++p) {
      const AdjointPart part = adjointPart(w, filters, p);
      if (part.empty) continue;
      for (int64_t t = 0; t < part.window.taps(); ++t) {
        const float* from = kernel + adjointTap(w, part, t) * filters;
        std::copy(from, from + filters, turned + t * filters);
      }
      const PaddedImages images(part.window, firstChannel(part.window), false);
      HWY_DYNAMIC_DISPATCH(Forward)(images.lines(part.step), images.of(grid, 1), turned, filters, start, to + part.start);
    }
    if (multiplier == 1) continue;
    fillRows(bias, window.channels, cells, image);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < multiplier; ++j) image[i] += to[i * multiplier + j];
  }
}

void Depthwise::kernelGradient(const Block&, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                               int64_t stride) const {
  const Window w = wide(*this);
  if (!PaddedImages::affordable(w)) {
    for (int64_t g = 0; g < groups; ++g)
      Convolution::kernelGradient(group(g), image, grid, samples, beta, gradient + group(g).filter, stride);
    return;
  }
  if (beta == 0)
    for (int64_t t = 0; t < window.taps(); ++t) std::fill(gradient + t * stride, gradient + t * stride + filters, 0.0f);
  const PaddedImages images(w, firstChannel(w), false);
  const Lines at = images.lines(filters);
  for (int64_t s = 0; s < samples; ++s) HWY_DYNAMIC_DISPATCH(KernelGradient)
  (at, images.of(widened(image + s * window.inSize()), 1), grid + s * gridSize(), filters, gradient, stride);
}

}  // namespace gemmfit
#endif
