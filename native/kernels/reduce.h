#pragma once
#include <cstdint>

namespace gemmfit {

// The sum of neighbouring numbers: each vector of them in float32 with its next seven, the rest in double.
double sumOf(const float* x, int64_t n);

// The largest (or with `least` the smallest) of neighbouring numbers; NaN where one of them is.
float peakOf(const float* x, int64_t n, bool least);

// best[i] = the larger (or smaller) of best[i] and x[i]; NaN where one of them is.
void peakInto(float* best, const float* x, int64_t n, bool least);

}  // namespace gemmfit
