#include "native/kernels/gemm/packed.h"

#include <algorithm>
#include <cstring>

#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

int64_t packedFloats(int64_t rows, int64_t columns) { return ceilDiv(columns, kPanel) * kPanel * rows; }

void pack(const Matrix& b, float* to) {
  const int64_t k = b.rows, whole = b.columns / kPanel * kPanel, rest = b.columns - whole;
  float* last = to + whole * k;
  if (rest > 0) std::fill(last, last + k * kPanel, 0.0f);
  if (b.transposed) {
    for (int64_t j = 0; j < b.columns; ++j)
      for (int64_t i = 0; i < k; ++i) to[j / kPanel * kPanel * k + i * kPanel + j % kPanel] = b.data[j * b.stride + i];
    return;
  }
  // A row at a time, so that memory is read in its order.
  const float* from = b.data;
  for (int64_t i = 0; i < k; ++i, from += b.stride) {
    float* row = to + i * kPanel;
    for (int64_t j = 0; j < whole; j += kPanel, row += k * kPanel) std::memcpy(row, from + j, kPanel * sizeof(float));
    std::memcpy(last + i * kPanel, from + whole, asSize(rest) * sizeof(float));
  }
}

}  // namespace gemmfit
