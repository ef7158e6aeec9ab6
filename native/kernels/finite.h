#pragma once
#include <cstdint>

namespace gemmfit {

// Whether all of x[0, n) are numbers: none NaN or infinite.
bool allFinite(const float* x, int64_t n);

}  // namespace gemmfit
