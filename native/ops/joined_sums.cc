#include "native/ops/joined_sums.h"

#include "native/kernels/reduce.h"
#include "native/kernels/rows.h"

namespace gemmfit::ops {

void sumBlock(const JoinedAxes& axes, const JoinedAxes::Block& block, const float* x, int64_t rows, double* sum) {
  constexpr int64_t kShort = 16;
  std::fill_n(sum, block.outputs, 0.0);
  if (block.outputs == block.count) {
    RowSum all(block.count, sum);
    for (int64_t r = 0; r < rows; ++r, x += axes.size) axes.lines(block, [&](int64_t at) { all.add(x + at); });
    return all.flush();
  }
  for (int64_t r = 0; r < rows; ++r, x += axes.size)
    axes.lines(block, [&](int64_t at) {
      if (block.count >= kShort)
        *sum += sumOf(x + at, block.count);
      else
        for (int64_t i = 0; i < block.count; ++i) *sum += static_cast<double>(x[at + i]);
    });
}

}  // namespace gemmfit::ops
