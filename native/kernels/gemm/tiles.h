#pragma once
#include "native/kernels/gemm/matrix.h"

namespace gemmfit {

// The engine's own product. Faster than BLAS where little is read twice, because then nothing is laid out anew, and with vectors of 16 also
// on large products.
// An element of c is the same sum in the same order whatever m and n are: products can be cut anyhow without changing a bit.
// Of a matrix that is packed nothing else is looked at.
void tileProduct(const Product& g);

// Floats of a vector on this machine.
int64_t tileLanes();

}  // namespace gemmfit
