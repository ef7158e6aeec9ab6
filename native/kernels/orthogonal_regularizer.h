#pragma once
#include <memory>

#include "native/kernels/regularizers.h"

namespace gemmfit {

// factor * mean of |cosine| over all pairs of rows (or columns) of a matrix.
std::unique_ptr<Regularizer> makeOrthogonalRegularizer(double factor, bool rows, const Shape& shape);

}  // namespace gemmfit
