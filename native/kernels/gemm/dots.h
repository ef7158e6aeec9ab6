#pragma once
#include "native/kernels/gemm/matrix.h"

namespace gemmfit {

// A product with few columns, as dot products of rows of a with columns of b: vectors lie along k, where tiles would leave them nearly
// empty. An element's sum is ordered by k alone, as in tileProduct, but otherwise: by what a vector holds.
constexpr int64_t kMostDotColumns = 6;
void dotProduct(const Product& g);  // a not transposed, b not packed

// Whether that is the faster: it follows from n and k, so that rows can be cut anyhow.
inline bool fitsDots(const Product& g) { return !g.a.transposed && !g.b.packed && g.n() <= kMostDotColumns && g.k() >= 16 * (g.n() - 1); }

}  // namespace gemmfit
