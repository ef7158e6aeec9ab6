#pragma once
#include <cstdint>

namespace gemmfit {

// Where weight tasks hand over gradients. A tile is a contiguous range [offset, offset + n) of one weight.
//   float* g = updater.tile(id, offset, n);   // memory for the tile: a thread's scratch, or the weight's own gradient buffer
//   ... write g[0..n) ...
//   updater.done(id, offset, n, g);           // adds regularizer gradients, then updates the weight at once where that is allowed
// Every element of a trainable weight is handed over exactly once a step, but for tables with lazy rows (OpEnv::lazyRows). n <= kTileFloats
// unless the op asked for a gradient buffer by wantsGradientBuffer. One tile at a time a thread.
class Updater {
 public:
  virtual ~Updater() = default;
  virtual float* tile(int weight, int64_t offset, int64_t n) = 0;
  virtual void done(int weight, int64_t offset, int64_t n, float* g) = 0;

  // The same for a block of a matrix: `rows` runs of `columns` elements, `stride` apart from `offset` on; rows * columns <= kTileFloats
  // unless there is a gradient buffer. The tile's rows are `*ld` apart.
  virtual float* block(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, int64_t* ld) = 0;
  virtual void blockDone(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, float* g, int64_t ld) = 0;
};

}  // namespace gemmfit
