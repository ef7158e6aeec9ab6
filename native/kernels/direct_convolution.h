#pragma once
#include <memory>

#include "native/kernels/convolution.h"
#include "native/kernels/convolution_tiles.h"

namespace gemmfit {

// The same products with no matrix of windows: tiles of the result stay in registers while the image is read where it is, or from a
// copy with its padding. Sizes that would leave tiles half empty go the way of Convolution.
class DirectConvolution : public Convolution {
 public:
  void toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const override;
  void toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const override;
  void kernelGradient(const Block& block, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                      int64_t stride) const override;
};

}  // namespace gemmfit
