#pragma once
#include "native/kernels/gemm/matrix.h"

namespace gemmfit {

// Of the operands of a product: as they are, or rounded to bfloat16 (8 significant bits). Sums are float32 either way.
enum class Precision { float32, bfloat16 };

// The only door to products of matrices: c = a b on the calling thread alone. Which kernel does it follows from the shapes, from what
// the processor has, and from GEMMFIT_GEMM (choice.h); never from threads.
void gemm(const Matrix& a, const Matrix& b, const Result& c, Precision precision = Precision::float32);

// Whether matrices that are read many times should be laid out (packed.h) by who owns them: for products of few rows, which would lay
// them out anew each time; and for large ones, which are cut into tasks that share the work.
bool packsForFewRows();
bool packsForTiles(Precision precision);

}  // namespace gemmfit
