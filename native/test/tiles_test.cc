#include "native/kernels/gemm/tiles.h"

#include "native/test/every_target.h"
#include "native/test/gemm_reference.h"

namespace gemmfit::test {
namespace {

EVERY_TARGET_SUITE(TilesTest);

constexpr GemmUnderTest kTiles{tileProduct, [](float x) { return x; }};

TEST_P(TilesTest, MatchesThePlainProductWhateverTheCuts) {
  checkProducts(kTiles, {1, 2, 12, 13, 31}, {1, 3, 10, 16, 20, 33}, {0, 1, 7, 40});
}

// More rows, columns and terms than a block has.
TEST_P(TilesTest, MatchesThePlainProductOfManyBlocks) { checkProducts(kTiles, {261}, {1, 10, 290}, {400, 801}); }

// Rows that lie a multiple of 4 KiB apart take the ways of laying out that copy.
TEST_P(TilesTest, WideRowsAreLaidOutAnew) {
  const int64_t m = 70, n = 512, k = 512;
  const Floats a = randomFloats(m * k, 1), b = randomFloats(k * n, 2);
  for (const bool transposeA : {false, true}) {
    Floats c(static_cast<size_t>(m * n)), narrow(static_cast<size_t>(m * n));
    const Floats from = transposeA ? randomFloats(k * k, 1) : a;
    const Matrix left{from.data(), m, k, 512, transposeA};
    tileProduct({left, {b.data(), k, n, n}, {c.data(), n}});
    for (int64_t j = 0; j < n; j += 16) tileProduct({left, {b.data() + j, k, 16, n}, {narrow.data() + j, n}});
    EXPECT_EQ(c, narrow);
  }
}

}  // namespace
}  // namespace gemmfit::test
