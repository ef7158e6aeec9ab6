#pragma once
#include "native/kernels/gemm/matrix.h"

namespace gemmfit {

// A product by the BLAS that the engine was built with. How an element's sum is ordered may hang on the sizes.
void blasProduct(const Product& g);

void useOneBlasThread();  // once, before any product
const char* blasName();   // library, version and kernel: for version.blas

}  // namespace gemmfit
