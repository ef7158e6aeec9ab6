#include "native/kernels/padded_images.h"

#include <algorithm>
#include <cstring>

#include "native/engine/shape.h"

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
      copies_ = copies_ || w_.before[a] > 0 || size_[a] > w_.in[a];
    }
  }
  if (!copies_) std::copy(w_.in, w_.in + 3, size_);
  const int64_t cell[3] = {size_[1] * size_[2] * w_.channels, size_[2] * w_.channels, w_.channels};
  for (int a = 0; a < 3; ++a) {
    at_.step[a] = w_.stride[a] * cell[a];
    offset_ += (first[a] * w_.stride[a] - (one ? w_.before[a] : 0)) * cell[a];
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
  if (w_.pointwise()) {
    at_.out[2] = w_.positions();
    at_.out[0] = at_.out[1] = 1;
  }
}

const Lines& PaddedImages::lines(int64_t filters) {
  at_.gridStep[2] = filters;
  at_.gridStep[1] = w_.out[2] * filters;
  at_.gridStep[0] = w_.out[1] * at_.gridStep[1];
  return at_;
}

const float* PaddedImages::of(const float* image, int64_t samples) const {
  if (!copies_) return image + offset_;
  float* to = threadPanel(0, samples * sampleSize_);
  std::memset(to, 0, static_cast<size_t>(samples * sampleSize_) * sizeof(float));
  int64_t n[3];  // cells of the image that some window reaches
  for (int a = 0; a < 3; ++a) n[a] = std::min(w_.in[a], size_[a] - w_.before[a]);
  for (int64_t s = 0; s < samples; ++s)
    for (int64_t i = 0; i < n[0]; ++i)
      for (int64_t j = 0; j < n[1]; ++j) {
        const int64_t line = ((i + w_.before[0]) * size_[1] + j + w_.before[1]) * size_[2] + w_.before[2];
        std::memcpy(to + s * sampleSize_ + line * w_.channels, image + s * w_.inSize() + (i * w_.in[1] + j) * w_.in[2] * w_.channels,
                    static_cast<size_t>(n[2] * w_.channels) * sizeof(float));
      }
  return to;
}

bool reversed(const Window& window, int64_t channels, Window* adjoint) {
  Window w = window;
  w.channels = channels;
  bool exists = true;
  for (int a = 0; a < 3; ++a) {
    w.in[a] = window.out[a];
    w.out[a] = window.in[a];
    w.before[a] = (window.kernel[a] - 1) * window.dilation[a] - window.before[a];
    exists = exists && window.stride[a] == 1 && w.before[a] >= 0;
  }
  *adjoint = w;
  return exists;
}

}  // namespace gemmfit
