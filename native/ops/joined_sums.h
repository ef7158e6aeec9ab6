#pragma once
#include "native/ops/joined_axes.h"

namespace gemmfit::ops {

// sum = that of each output of a block over so many rows from `x` on, in double.
void sumBlock(const JoinedAxes& axes, const JoinedAxes::Block& block, const float* x, int64_t rows, double* sum);

}  // namespace gemmfit::ops
