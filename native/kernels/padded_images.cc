#include "native/kernels/padded_images.h"

#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

PaddedImages::PaddedImages(const Window& window, const WindowPart& part, bool insideOnly) : w_(window) {
  int64_t first[3] = {0, 0, 0},
          tap[3] = {part.tap / w_.kernel[1] / w_.kernel[2], part.tap / w_.kernel[2] % w_.kernel[1], part.tap % w_.kernel[2]};
  const bool one = insideOnly && part.taps == 1;
  for (int a = 0; a < 3; ++a) {
    at_.out[a] = w_.out[a];
    size_[a] = (w_.out[a] - 1) * w_.stride[a] + (w_.kernel[a] - 1) * w_.dilation[a] + 1;
    if (one) {
      const int64_t shift = tap[a] * w_.dilation[a] - w_.before[a];
      first[a] = shift >= 0 ? 0 : std::min(w_.out[a], ceilDiv(-shift, w_.stride[a]));
      const int64_t last = shift >= w_.in[a] ? 0 : std::min(w_.out[a], (w_.in[a] - 1 - shift) / w_.stride[a] + 1);
      at_.out[a] = std::max<int64_t>(0, last - first[a]);
    } else {
      copies_ = copies_ || w_.before[a] > 0 || size_[a] - w_.before[a] > w_.in[a];
    }
  }
  if (!copies_) std::copy(w_.in, w_.in + 3, size_);
  const int64_t cell[3] = {size_[1] * size_[2] * w_.channels, size_[2] * w_.channels, w_.channels};
  for (int a = 0; a < 3; ++a) {
    at_.step[a] = w_.stride[a] * cell[a];
    if (!copies_) offset_ += (first[a] * w_.stride[a] - w_.before[a]) * cell[a];
  }
  sampleSize_ = size_[0] * cell[0];
  at_.rows = part.taps * part.channels;
  auto* taps = reinterpret_cast<int64_t*>(threadPanel(3, 2 * at_.rows));
  at_.taps = taps;
  for (int64_t t = part.tap; t < part.tap + part.taps; ++t) {
    const int64_t k[3] = {t / w_.kernel[1] / w_.kernel[2], t / w_.kernel[2] % w_.kernel[1], t % w_.kernel[2]};
    int64_t to = part.channel;
    for (int a = 0; a < 3; ++a) to += k[a] * w_.dilation[a] * cell[a];
    for (int64_t c = 0; c < part.channels; ++c) *taps++ = to++;
  }
  gridOffset_ = (first[0] * w_.out[1] + first[1]) * w_.out[2] + first[2];
  // A part of the window's taps gets all of its rows.
  const bool whole = part.taps == w_.taps();
  const int axis = w_.kernel[0] > 1 ? 0 : 1;
  at_.axis = axis;
  at_.before = whole ? w_.before[axis] : 0;
  at_.stride = whole ? w_.stride[axis] : 0;
  at_.dilation = w_.dilation[axis];
  at_.in = whole ? w_.in[axis] : 1;
  at_.kernel = whole ? w_.kernel[axis] : 1;
  at_.tapRows = at_.rows / at_.kernel;
}

Lines PaddedImages::lines(int64_t filters) const {
  const int64_t step[3] = {w_.out[1] * w_.out[2] * filters, w_.out[2] * filters, filters};
  Lines at = lines(step);
  if (!w_.pointwise()) return at;
  at.out[2] = w_.positions();
  at.out[0] = at.out[1] = 1;
  return at;
}

Lines PaddedImages::lines(const int64_t gridStep[3]) const {
  Lines at = at_;
  std::copy(gridStep, gridStep + 3, at.gridStep);
  return at;
}

const float* PaddedImages::of(const float* image, int64_t samples) const {
  took(copies_ ? Path::convPadded : Path::convNotPadded);
  if (!copies_) return image + offset_;
  float* to = threadPanel(0, samples * sampleSize_);
  std::memset(to, 0, asSize(samples * sampleSize_) * sizeof(float));
  int64_t from[3], put[3], n[3];  // the cells of the image that some window reaches
  for (int a = 0; a < 3; ++a) {
    from[a] = std::max<int64_t>(0, -w_.before[a]);
    put[a] = std::max<int64_t>(0, w_.before[a]);
    n[a] = std::max<int64_t>(0, std::min(w_.in[a] - from[a], size_[a] - put[a]));
  }
  for (int64_t s = 0; s < samples; ++s)
    for (int64_t i = 0; i < n[0]; ++i)
      for (int64_t j = 0; j < n[1]; ++j) {
        const int64_t cell = ((from[0] + i) * w_.in[1] + from[1] + j) * w_.in[2] + from[2];
        const int64_t line = ((put[0] + i) * size_[1] + put[1] + j) * size_[2] + put[2];
        std::memcpy(to + s * sampleSize_ + line * w_.channels, image + s * w_.inSize() + cell * w_.channels,
                    asSize(n[2] * w_.channels) * sizeof(float));
      }
  return to;
}

bool PaddedImages::affordable(const Window& window) {
  double size = static_cast<double>(window.channels);
  for (int a = 0; a < 3; ++a)
    size *= static_cast<double>((window.out[a] - 1) * window.stride[a] + (window.kernel[a] - 1) * window.dilation[a] + 1);
  return size <= 8.0 * static_cast<double>(window.inSize()) + 65536;
}

// Strides past the end of the image add nothing.
int64_t adjointParts(const Window& window) {
  int64_t parts = 1;
  for (int a = 0; a < 3; ++a) parts *= std::min(window.stride[a], window.in[a]);
  return parts;
}

AdjointPart adjointPart(const Window& window, int64_t filters, int64_t index) {
  AdjointPart part;
  Window& w = part.window;
  w.channels = filters;
  part.start = 0;
  part.empty = false;
  int64_t cell = window.channels;
  for (int a = 2; a >= 0; --a) {
    const int64_t stride = window.stride[a], kernel = window.kernel[a], choices = std::min(stride, window.in[a]), r = index % choices;
    index /= choices;
    // Cell r + stride q is seen by tap k of position (r + before - k * dilation) / stride + q, where that is whole. Where the stride is
    // more than 1, the dilation is 1.
    const int64_t least = (r + window.before[a]) % stride;
    w.kernel[a] = least < kernel ? ceilDiv(kernel - least, stride) : 0;
    w.dilation[a] = window.dilation[a];
    w.in[a] = window.out[a];
    w.out[a] = ceilDiv(window.in[a] - r, stride);
    w.before[a] = (w.kernel[a] - 1) * w.dilation[a] - (r + window.before[a]) / stride;
    part.tap[a] = least + (w.kernel[a] - 1) * stride;
    part.empty = part.empty || w.kernel[a] == 0;
    part.start += r * cell;
    part.step[a] = stride * cell;
    cell *= window.in[a];
  }
  return part;
}

bool leavesGaps(const Window& window) {
  for (int a = 0; a < 3; ++a)
    if (window.stride[a] > window.kernel[a]) return true;
  return false;
}

bool adjointAffordable(const Window& window, int64_t filters) {
  for (int64_t p = 0; p < adjointParts(window); ++p) {
    const AdjointPart part = adjointPart(window, filters, p);
    if (!part.empty && !PaddedImages::affordable(part.window)) return false;
  }
  return true;
}

int64_t adjointTap(const Window& window, const AdjointPart& part, int64_t t) {
  const int64_t* n = part.window.kernel;
  const int64_t at[3] = {t / n[2] / n[1], t / n[2] % n[1], t % n[2]};
  int64_t tap = 0;
  for (int a = 0; a < 3; ++a) tap = tap * window.kernel[a] + part.tap[a] - at[a] * window.stride[a];
  return tap;
}

}  // namespace gemmfit
