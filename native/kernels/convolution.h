#pragma once
#include <cstdint>

#include "native/kernels/gemm/gemm.h"
#include "native/kernels/im2col.h"

namespace gemmfit {

// The three products between an image, over which a window slides, and a grid with one row of `filters` numbers for each position of
// the window. A convolution goes from image to grid; its gradient, and a transposed convolution, from grid to image.
// The kernel is [taps, channels / groups, filters]. Samples are channels-last and lie one behind the other.
// The matrix of windows is made in panels that fit a cache, never for the whole batch.
class Convolution {
 public:
  virtual ~Convolution() = default;
  Window window;
  int64_t filters = 1, groups = 1;
  Precision precision = Precision::float32;

  int64_t kernelRows() const { return window.taps() * (window.channels / groups); }
  int64_t kernelSize() const { return kernelRows() * filters; }
  int64_t gridSize() const { return window.positions() * filters; }

  // grid = bias of each filter (null: none) + windows of image * kernel
  virtual void toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const;
  // image = bias of each channel (null: none) + grid * kernel^T, each row added to the cells its window sees
  virtual void toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const;

  // A block of the kernel: part of the rows and of the columns of one group. Together `blocks` of them are the kernel.
  struct Block {
    WindowPart part;  // its channels count from the first of the image
    int64_t filter, filters;
  };
  Block group(int64_t index) const;  // all that one group has
  virtual int64_t blocks() const { return groups; }
  virtual Block block(int64_t index) const { return group(index); }
  virtual bool divisible() const { return true; }  // whether parts of these blocks are blocks too
  // gradient = beta * gradient + windows^T * grid, for one block; the rows of `gradient` are `stride` apart.
  virtual void kernelGradient(const Block& block, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                              int64_t stride) const;
};

}  // namespace gemmfit
