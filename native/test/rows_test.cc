#include "native/kernels/rows.h"

#include "native/test/every_target.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

EVERY_TARGET_SUITE(Rows);

TEST_P(Rows, AreAddedUpInDouble) {
  for (const int64_t width : {1, 3, 8, 17, 64, 100, 257})
    for (const int64_t count : {0, 1, 7, 8, 9, 200}) {
      SCOPED_TRACE(std::to_string(count) + " rows of " + std::to_string(width));
      const Floats matrix = randomFloats(11 * width, 31);
      Doubles sum(static_cast<size_t>(width), 0.25), want = sum;
      RowSum rows(width, sum.data());
      for (int64_t r = 0; r < count; ++r) {
        const float* row = matrix.data() + r * r % 11 * width;
        rows.add(row);
        for (size_t k = 0; k < want.size(); ++k) want[k] += static_cast<double>(row[k]);
      }
      rows.flush();
      for (size_t k = 0; k < want.size(); ++k) ASSERT_NEAR(sum[k], want[k], 1e-6 * static_cast<double>(count) + 1e-12) << "column " << k;
    }
}

TEST_P(Rows, MoveInTheirOrder) {
  constexpr int64_t kFrom = 5, kFirst = 70000, kTo = 4;
  for (const int64_t width : {1, 3, 16, 17, 64, 101}) {
    const int64_t stride = width + 2;
    const Floats from = randomFloats(kFrom * stride, 32);
    std::vector<RowMove> moves;
    Floats sums = randomFloats(kTo * width, 33), want = sums;
    for (int64_t i = 0; i < 23; ++i) {
      const int64_t source = i * i % kFrom, to = i * 3 % kTo;
      moves.push_back(rowMove(source, kFirst + to));
      for (int64_t k = 0; k < width; ++k) want[static_cast<size_t>(to * width + k)] += from[static_cast<size_t>(source * stride + k)];
    }
    addMovedRows(moves.data(), static_cast<int64_t>(moves.size()), from.data(), stride, kFirst, width, sums.data());
    EXPECT_EQ(sums, want) << width << " columns";
  }
}

}  // namespace
}  // namespace gemmfit::test
