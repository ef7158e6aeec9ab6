#include "native/kernels/gemm/gemm.h"

#include "native/kernels/gemm/bf16.h"
#include "native/kernels/gemm/blas.h"
#include "native/kernels/gemm/choice.h"
#include "native/kernels/gemm/dots.h"
#include "native/kernels/gemm/tiles.h"

namespace gemmfit {
namespace {

// Measured on a Zen 5 beside OpenBLAS 0.3.21. Its kernels for Haswell: ahead everywhere. Those for Skylake-X, which it does not choose
// there by itself: ahead by up to 4 times or level, but for two to eight columns with a as it is stored (0.5 to 0.9 where rows are few) and
// for one or two with a transposed (0.6 to 0.9). What BLAS has for a processor hangs on its version, so that shapes alone would not tell
// where to go there. With vectors of fewer than eight floats it has not been measured, so BLAS does those.
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
  if (isOwn(product)) return fitsDots(product) ? dotProduct(product) : tileProduct(product);
  blasProduct(product);
}

bool packsForFewRows() { return gemmChoice() != GemmChoice::openblas; }

bool packsForTiles(Precision precision) { return precision == Precision::float32 && isOwn({}); }

}  // namespace gemmfit
