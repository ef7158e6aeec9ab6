#pragma once
#include <cstdint>

namespace gemmfit {

// The engine's own product: row-major C[m,n] = op(A) op(B), from `bias` [n] in every row where it is given, or added to what C holds.
// Faster than BLAS where little is read twice, because then nothing is laid out anew, and with vectors of 16 also on large products.
// An element of C is the same sum in the same order whatever m and n are: products can be cut anyhow without changing a bit.
struct TileGemm {
  bool transposeA, transposeB;  // a is stored [k, m]; b is stored [n, k]
  int64_t m, n, k;
  const float* a;
  int64_t lda;
  const float* b;
  int64_t ldb;
  float* c;
  int64_t ldc;
  bool adds = false;
  const float* bias = nullptr;    // not with `adds`
  const float* packed = nullptr;  // all of b as pack() of packed_gemm.h lays it out; b and ldb are not looked at then
};
void tileGemm(const TileGemm& g);

// Floats of a vector on this machine.
int64_t tileGemmLanes();

}  // namespace gemmfit
