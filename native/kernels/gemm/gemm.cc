#include "native/kernels/gemm/gemm.h"

#include "native/kernels/gemm/bf16.h"
#include "native/kernels/gemm/blas.h"
#include "native/kernels/gemm/choice.h"
#include "native/kernels/gemm/tiles.h"

namespace gemmfit {
namespace {

// Measured beside OpenBLAS's kernels for Haswell and Cooperlake: never behind by more than noise, up to 1.7 times as fast where rows or
// columns are few. With narrower vectors it has not been measured, so BLAS does those.
bool wideVectors() {
  static const bool wide = tileLanes() >= 8;
  return wide;
}

bool isOwn(const Product& g) {
  switch (gemmChoice()) {
    case GemmChoice::openblas:
      return false;
    case GemmChoice::own:
      return true;
    case GemmChoice::automatic:
      break;
  }
  return g.b.packed || wideVectors();
}

}  // namespace

void gemm(const Matrix& a, const Matrix& b, const Result& c, Precision precision) {
  const Product product{a, b, c};
  if (product.m() <= 0 || product.n() <= 0) return;
  if (precision == Precision::bfloat16) return bf16Product(product);
  if (isOwn(product)) return tileProduct(product);
  blasProduct(product);
}

bool packsForFewRows() { return gemmChoice() != GemmChoice::openblas; }

bool packsForTiles(Precision precision) { return precision == Precision::float32 && isOwn({}); }

}  // namespace gemmfit
