#include "native/kernels/depthwise.h"

#include <algorithm>

#include "native/engine/shape.h"
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

// Positions [first, last) along the last axis for which tap k of the window lies inside the input.
struct Range {
  int64_t first, last;
};
HWY_INLINE Range Inside(const Window& w, int64_t k) {
  const int64_t shift = k * w.dilation[2] - w.before[2];
  const int64_t first = shift >= 0 ? 0 : ceilDiv(-shift, w.stride[2]);
  const int64_t last = w.in[2] - shift <= 0 ? 0 : std::min(w.out[2], (w.in[2] - 1 - shift) / w.stride[2] + 1);
  return {std::min(first, w.out[2]), std::max(std::min(first, w.out[2]), last)};
}

// Calls f(position of the line's first cell, first cell of the input line, first tap) for each line of the output and each line of taps
// inside the input.
template <class F>
HWY_INLINE void EachLine(const Window& w, const F& f) {
  for (int64_t o0 = 0; o0 < w.out[0]; ++o0)
    for (int64_t o1 = 0; o1 < w.out[1]; ++o1)
      for (int64_t k0 = 0; k0 < w.kernel[0]; ++k0)
        for (int64_t k1 = 0; k1 < w.kernel[1]; ++k1) {
          const int64_t i0 = o0 * w.stride[0] - w.before[0] + k0 * w.dilation[0], i1 = o1 * w.stride[1] - w.before[1] + k1 * w.dilation[1];
          if (i0 < 0 || i0 >= w.in[0] || i1 < 0 || i1 >= w.in[1]) continue;
          f((o0 * w.out[1] + o1) * w.out[2], (i0 * w.in[1] + i1) * w.in[2], (k0 * w.kernel[1] + k1) * w.kernel[2]);
        }
}

// Calls f(vector type, first channel) for whole vectors of channels, then for those left one by one.
template <class F>
HWY_INLINE void EachVector(int64_t channels, const F& f) {
  const hn::ScalableTag<float> whole;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(whole));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) f(whole, c);
  for (; c < channels; ++c) f(one, c);
}

void Forward(const Window& w, const float* kernel, const float* x, float* y) {
  const int64_t channels = w.channels, step = w.stride[2] * channels;
  EachLine(w, [&](int64_t position, int64_t cell, int64_t tap) {
    for (int64_t k = 0; k < w.kernel[2]; ++k) {
      const Range r = Inside(w, k);
      const float* from = x + (cell + k * w.dilation[2] - w.before[2]) * channels;
      EachVector(channels, [&](auto d, int64_t c) {
        const auto weight = hn::LoadU(d, kernel + (tap + k) * channels + c);
        for (int64_t o = r.first; o < r.last; ++o) {
          float* to = y + (position + o) * channels + c;
          hn::StoreU(hn::MulAdd(hn::LoadU(d, from + o * step + c), weight, hn::LoadU(d, to)), d, to);
        }
      });
    }
  });
}

void InputGradient(const Window& w, const float* kernel, const float* dy, float* dx) {
  const int64_t channels = w.channels, step = w.stride[2] * channels;
  EachLine(w, [&](int64_t position, int64_t cell, int64_t tap) {
    for (int64_t k = 0; k < w.kernel[2]; ++k) {
      const Range r = Inside(w, k);
      float* to = dx + (cell + k * w.dilation[2] - w.before[2]) * channels;
      EachVector(channels, [&](auto d, int64_t c) {
        const auto weight = hn::LoadU(d, kernel + (tap + k) * channels + c);
        for (int64_t o = r.first; o < r.last; ++o) {
          float* at = to + o * step + c;
          hn::StoreU(hn::MulAdd(hn::LoadU(d, dy + (position + o) * channels + c), weight, hn::LoadU(d, at)), d, at);
        }
      });
    }
  });
}

void KernelGradient(const Window& w, const float* x, const float* dy, float* gradient, int64_t stride) {
  const int64_t channels = w.channels, step = w.stride[2] * channels;
  EachLine(w, [&](int64_t position, int64_t cell, int64_t tap) {
    for (int64_t k = 0; k < w.kernel[2]; ++k) {
      const Range r = Inside(w, k);
      const float* from = x + (cell + k * w.dilation[2] - w.before[2]) * channels;
      EachVector(channels, [&](auto d, int64_t c) {
        auto sum = hn::Zero(d);
        for (int64_t o = r.first; o < r.last; ++o) sum = hn::MulAdd(hn::LoadU(d, from + o * step + c), hn::LoadU(d, dy + (position + o) * channels + c), sum);
        float* g = gradient + (tap + k) * stride + c;
        hn::StoreU(hn::Add(hn::LoadU(d, g), sum), d, g);
      });
    }
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(Forward);
HWY_EXPORT(InputGradient);
HWY_EXPORT(KernelGradient);

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
  float* to = threadPanel(0, n * multiplier);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < multiplier; ++j) to[i * multiplier + j] = image[i];
  return to;
}

void Depthwise::toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const {
  const Window w = wide(*this);
  for (int64_t s = 0; s < samples; ++s) {
    float* to = grid + s * gridSize();
    if (bias) fillRows(bias, filters, window.positions(), to);
    else std::fill(to, to + gridSize(), 0.0f);
    HWY_DYNAMIC_DISPATCH(Forward)(w, kernel, widened(image + s * window.inSize()), to);
  }
}

void Depthwise::toImage(const float* kernel, const float* grid, int64_t samples, float* image) const {
  const Window w = wide(*this);
  const int64_t multiplier = filters / window.channels, n = window.inSize();
  for (int64_t s = 0; s < samples; ++s, image += n) {
    float* to = image;
    if (multiplier > 1) {
      to = threadPanel(0, n * multiplier);
      std::fill(to, to + n * multiplier, 0.0f);
    }
    HWY_DYNAMIC_DISPATCH(InputGradient)(w, kernel, grid + s * gridSize(), to);
    for (int64_t i = 0; i < n * (multiplier > 1); ++i)
      for (int64_t j = 0; j < multiplier; ++j) image[i] += to[i * multiplier + j];
  }
}

void Depthwise::kernelGradient(const Block&, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                               int64_t stride) const {
  const Window w = wide(*this);
  if (beta == 0)
    for (int64_t t = 0; t < window.taps(); ++t) std::fill(gradient + t * stride, gradient + t * stride + filters, 0.0f);
  for (int64_t s = 0; s < samples; ++s)
    HWY_DYNAMIC_DISPATCH(KernelGradient)(w, widened(image + s * window.inSize()), grid + s * gridSize(), gradient, stride);
}

}  // namespace gemmfit
#endif
