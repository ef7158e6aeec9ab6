#pragma once
#include "native/kernels/gemm/matrix.h"

namespace gemmfit {

// A right-hand matrix that stays the same for many products, such as the recurrent kernel over all time steps: to lay it out anew each
// time would cost more than a product of few rows. Here it is laid out once, in panels of kPanel columns, each [rows, kPanel].
constexpr int64_t kPanel = 32;

int64_t packedFloats(int64_t rows, int64_t columns);
void pack(const Matrix& b, float* to);

}  // namespace gemmfit
