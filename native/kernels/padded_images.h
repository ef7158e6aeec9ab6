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
  // Whether a copy with its padding is not out of proportion to the image: windows may reach far beyond it.
  static bool affordable(const Window& window);

  // Positions whose results lie one behind the other, `filters` floats apart.
  Lines lines(int64_t filters) const;
  // Positions whose results are so many floats apart along each axis.
  Lines lines(const int64_t gridStep[3]) const;
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

// The adjoint of a convolution is one too, of the grid: with the taps in reverse order and, where the stride is more than 1, one for
// each of the sets of cells that lie a stride apart. Each has its own share of the taps, perhaps none.
struct AdjointPart {
  Window window;    // over the grid
  int64_t start;    // in floats: the first cell of the image that it makes
  int64_t step[3];  // and from a cell to the next along each axis
  int64_t tap[3];   // the last tap of the kernel that it uses, as its own first; the others go back from there by the stride
  bool empty;       // no tap: its cells are seen by no window
};
int64_t adjointParts(const Window& window);
AdjointPart adjointPart(const Window& window, int64_t filters, int64_t index);
// Whether some cells of the image are seen by no window, and belong to parts that are empty.
bool leavesGaps(const Window& window);
// Whether all parts can be had as PaddedImages.
bool adjointAffordable(const Window& window, int64_t filters);
// The kernel's tap that stands at place t of the part's.
int64_t adjointTap(const Window& window, const AdjointPart& part, int64_t t);

}  // namespace gemmfit
