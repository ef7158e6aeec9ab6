#pragma once
#include "native/kernels/convolution.h"

namespace gemmfit {

// The same products with no matrix of windows: loops that hold a tile of the result in registers and read the image where it is, or a
// copy with its padding. Of one group only. What a sample gives has the same bits wherever it stands in a batch.
class DirectConvolution : public Convolution {
 public:
  void toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const override;
  void kernelGradient(const Block& block, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                      int64_t stride) const override;
};

}  // namespace gemmfit
