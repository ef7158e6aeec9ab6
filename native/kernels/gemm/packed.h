#pragma once
#include <cstdint>

namespace gemmfit {

// Products of few rows with a matrix that stays the same for many of them, such as the recurrent kernel over all time steps: BLAS would
// lay it out anew each time, which costs more than the product. Here it is laid out once, in panels of kPanel columns.
// A result depends on its own row and column alone, so that rows can be cut anyhow without changing a bit.
constexpr int64_t kPanel = 32;

int64_t packedFloats(int64_t k, int64_t n);
// b is [k, n], or [n, k] when transposed.
void pack(bool transposed, int64_t k, int64_t n, const float* b, int64_t ldb, float* packed);
// c[m, n] = a[m, k] b, or c += a b when `adds`.
void packedGemm(bool adds, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc);

}  // namespace gemmfit
