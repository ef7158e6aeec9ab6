#pragma once
#include <cstdint>

namespace gemmfit {

// A row-major [rows, columns] matrix with orthonormal columns (rows, where there are fewer of them) times gain: the Q of the QR
// decomposition of a matrix of normal random numbers with the signs that make R's diagonal positive, so that every orthogonal
// matrix is as likely as any other.
void orthogonal(uint64_t seed, int64_t rows, int64_t columns, float gain, float* out);

}  // namespace gemmfit
