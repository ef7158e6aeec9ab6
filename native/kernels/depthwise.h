#pragma once
#include "native/kernels/convolution.h"

namespace gemmfit {

// A convolution that keeps channels apart: output channel c * multiplier + j sees channel c alone. As `groups` = channels, but with loops
// over neighbouring channels in place of a matrix product each. The kernel is [taps, filters].
class Depthwise : public Convolution {
 public:
  int64_t blocks() const override { return 1; }
  Block block(int64_t) const override { return {{0, window.taps(), 0, window.channels}, 0, filters}; }
  bool divisible() const override { return false; }
  void toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const override;
  void toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const override;
  void kernelGradient(const Block& block, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                      int64_t stride) const override;

 private:
  const float* widened(const float* image) const;  // each channel `multiplier` times
};

}  // namespace gemmfit
