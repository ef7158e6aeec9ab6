#pragma once
#include <cstdint>
#include <vector>

namespace gemmfit {

// Cells of one axis that a window covers: never empty, never outside of the image.
struct PoolSpan {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

// Windows over samples of shape [planes, in[0], in[1], in[2], inner]: channels are `inner` where they come last and `planes` where they
// come first. A window is one span of each axis, so padding, strides, whole images and unequal windows are all the same to the kernels.
struct Pooling {
  int64_t planes = 1, inner = 1;
  int64_t in[3] = {1, 1, 1};
  std::vector<PoolSpan> spans[3];
  bool disjoint = false;  // no cell is in two windows
  bool covering = false;  // every cell is in one
  bool shares = false;    // equal maxima of a window share its gradient: else the first has it

  int64_t out(int axis) const { return static_cast<int64_t>(spans[axis].size()); }
  int64_t cellsIn() const { return planes * in[0] * in[1] * in[2] * inner; }
  int64_t cellsOut() const { return planes * out(0) * out(1) * out(2) * inner; }
};

// y = the largest of each window; NaN where there is one in it.
void maxPool(const Pooling& p, int64_t samples, const float* x, float* y);
// The gradient goes to the first of the largest, in row-major order (or to all alike, see `shares`); with `masked` only where that is above
// 0. Where windows do not overlap, dx may be x.
void maxPoolGradient(const Pooling& p, bool masked, int64_t samples, const float* x, const float* y, const float* dy, float* dx);

// y = the mean of each window over the cells that are there.
void averagePool(const Pooling& p, int64_t samples, const float* x, float* y);
void averagePoolGradient(const Pooling& p, int64_t samples, const float* dy, float* dx);

}  // namespace gemmfit
