#pragma once
#include "native/kernels/gemm/matrix.h"

namespace gemmfit {

// Of the operands of a product: as they are, or rounded to bfloat16 (8 significant bits). Sums are float32 either way.
enum class Precision { float32, bfloat16 };

// The only door to products of matrices: c = a b on the calling thread alone. b.packed where gemmTakesPacked() says so.
void gemm(const Matrix& a, const Matrix& b, const Result& c, Precision precision = Precision::float32);

// Whether products of this precision are the engine's own, and read a matrix that is laid out once for many of them.
bool gemmTakesPacked(Precision precision);

}  // namespace gemmfit
