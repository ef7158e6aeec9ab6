#pragma once
#include "native/kernels/gemm/tiling.h"

namespace gemmfit::ops {

// How products of a whole batch with one kernel are cut into tasks.
constexpr double kTileFlops = 4e6;
constexpr double kWeightTaskFlops = 2e6;
constexpr int64_t kMostTiles = 8;

// A product this large is cut into tiles by itself, which share the work of laying out its kernel, unless the kernel stays in a core's
// cache anyway: then rows go through the whole stack together.
inline bool isTiled(double flops, int64_t kernelFloats) {
  constexpr double kTiledFlops = 1.6e7;
  constexpr int64_t kCachedKernel = 131072;  // floats
  return flops >= kTiledFlops && kernelFloats > kCachedKernel;
}

// Tiles of the gradient of a kernel [width, units].
inline Tiling kernelTiles(int64_t width, int64_t units, int64_t rows, int64_t mostFloats) {
  constexpr int64_t kFewestRows = 48;
  const Tiling tiles = tiling(width, units, rows, kWeightTaskFlops, kMostTiles, mostFloats);
  // Whole rows of the kernel, where that leaves enough of them: the optimizer then reads and writes memory in its order.
  if (tiles.columns < units && mostFloats / units >= kFewestRows)
    return {width, units, mostFloats / units, units, ceilDiv(width, mostFloats / units), 1};
  return tiles;
}

}  // namespace gemmfit::ops
