#include "native/kernels/gemm/dots.h"

#include "native/kernels/gemm/tiles.h"
#include "native/test/every_target.h"
#include "native/test/gemm_reference.h"

namespace gemmfit::test {
namespace {

EVERY_TARGET_SUITE(DotsTest);

// Of a matrix as it is stored; the cases with a transposed are no business of dot products.
constexpr GemmUnderTest kDots{[](const Product& g) { g.a.transposed ? tileProduct(g) : dotProduct(g); }, [](float x) { return x; }};

TEST_P(DotsTest, MatchThePlainProductWhateverTheCuts) {
  checkProducts(kDots, {1, 3, 4, 5, 8, 9, 29}, {1, 2, 3, 4, 5, 6}, {0, 1, 7, 16, 17, 70});
}

// More terms than there is room for columns of b.
TEST_P(DotsTest, MatchThePlainProductOfManyTerms) { checkProducts(kDots, {7}, {1, 3, 6}, {2048, 4500}); }

// What decides must not hang on the rows, or a batch that is cut elsewhere would have other bits.
TEST(Dots, FollowFromColumnsAndTerms) {
  const float one = 1;
  float c = 0;
  for (const int64_t n : {1, 2, 4, 6, 7})
    for (const int64_t k : {1, 15, 16, 80}) {
      const auto fits = [&](int64_t m) { return fitsDots({{&one, m, k, k}, {&one, k, n, n}, {&c, n}}); };
      EXPECT_EQ(fits(1), fits(1000)) << n << ", " << k;
      EXPECT_EQ(fits(1), n <= kMostDotColumns && k >= 16 * (n - 1)) << n << ", " << k;
    }
  EXPECT_FALSE(fitsDots({{&one, 8, 8, 8, true}, {&one, 8, 1, 1}, {&c, 1}}));
}

}  // namespace
}  // namespace gemmfit::test
