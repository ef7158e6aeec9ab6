#pragma once
#include "native/kernels/convolution_tiles.h"
#include "native/kernels/im2col.h"

namespace gemmfit {

// The part of a window that a block of the kernel reads, over images with their padding: copies where there is any. A block of one tap
// needs none where positions that see padding may be left out, as in a gradient.
// Uses this thread's panels 0 and 3, so that one object at a time is in use on a thread.
class PaddedImages {
 public:
  PaddedImages(const Window& window, const WindowPart& part, bool insideOnly);

  // Positions whose results are `filters` floats apart.
  const Lines& lines(int64_t filters);
  int64_t gridOffset() const { return gridOffset_; }  // in positions, of the first that counts
  int64_t sampleSize() const { return sampleSize_; }
  // Samples `sampleSize` floats apart, to be read at the taps of `lines`. The window must be alive.
  const float* of(const float* image, int64_t samples) const;

 private:
  const Window& w_;
  Lines at_;
  int64_t size_[3];
  int64_t sampleSize_, offset_ = 0, gridOffset_ = 0;
  bool copies_ = false;
};

// The window of the adjoint of a convolution with stride 1, which is a convolution of the grid with the taps in reverse order.
// False where there is none.
bool reversed(const Window& window, int64_t channels, Window* adjoint);

}  // namespace gemmfit
