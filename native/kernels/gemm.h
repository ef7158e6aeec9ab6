#pragma once
#include <cstdint>

namespace gemmfit {

// Of the operands of a product: as they are, or rounded to bfloat16 (8 significant bits). Sums are float32 either way.
enum class Precision { float32, bfloat16 };

// The only door to matrix products: the engine's own kernel, or BLAS. Row-major C[m,n] = alpha * op(A) op(B) + beta * C, on the calling
// thread alone; with `bias` [n], each row of C begins from it (then beta is 0).
// With bfloat16 alpha is 1 and beta 0 or 1.
// Leading dimensions are those of the stored matrices: lda of A as stored ([m,k], or [k,m] when transposed).
void gemm(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda, const float* b,
          int64_t ldb, float beta, float* c, int64_t ldc, const float* bias = nullptr, Precision precision = Precision::float32);

// The same where b is read by many products: laid out for all of them by pack() of packed_gemm.h, of all its k rows. Only where
// gemmTakesPacked() says so.
bool gemmTakesPacked(Precision precision);
void gemmPacked(bool transposeA, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc);

void useOneBlasThread();  // once, before any gemm
const char* blasName();   // library, version and kernel: for version.blas
}  // namespace gemmfit
