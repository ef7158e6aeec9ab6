#include "native/kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include "native/engine/paths.h"
#include "native/kernels/gemm/choice.h"
#include "native/kernels/gemm/packed.h"
#include "native/test/gemm_reference.h"

namespace gemmfit::test {
namespace {

void product(const Product& g) { gemm(g.a, g.b, g.c); }

// What is laid out has no more memory than it needs, and all that is not written is NaN.
void packedProduct(const Product& g) {
  Floats packed(static_cast<size_t>(packedFloats(g.k(), g.n())) + 1, kNaN);
  Matrix b = g.b;
  pack(b, packed.data() + 1);
  b.packed = packed.data() + 1;
  gemm(g.a, b, g.c);
}

// The door, for every value of GEMMFIT_GEMM.
class GemmTest : public testing::TestWithParam<GemmChoice> {
 protected:
  // BLAS may order sums by the sizes, and the engine goes another way where columns are few.
  Cuts cuts() const { return packsForTiles(Precision::float32) ? Cuts::rows : Cuts::none; }
  Cuts packedCuts() const { return packsForFewRows() ? Cuts::any : Cuts::none; }
  OtherGemmChoice choice_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Choices, GemmTest, testing::Values(GemmChoice::automatic, GemmChoice::openblas, GemmChoice::own),
                         [](const auto& info) {
                           const OtherGemmChoice choice(info.param);
                           return std::string(gemmChoiceName());
                         });

TEST_P(GemmTest, MatchesThePlainProduct) {
  const GemmUnderTest door{product, [](float x) { return x; }, cuts()};
  checkProducts(door, {1, 2, 13, 31}, {1, 3, 10, 16, 33}, {0, 1, 7, 40});
  checkProducts(door, {150}, {1, 10, 70}, {400});
}

TEST_P(GemmTest, MatchesThePlainProductWithAPackedMatrix) {
  const GemmUnderTest door{packedProduct, [](float x) { return x; }, packedCuts()};
  checkProducts(door, {1, 3, 7, 13, 32}, {1, 3, 31, 32, 50, 97}, {0, 1, 5, 33});
  checkProducts(door, {13, 200}, {66}, {500});
}

TEST_P(GemmTest, NoRowsOrColumnsAreNoProduct) {
  const float a = 2, b = 3;
  float c = 5;
  gemm({&a, 0, 1, 1}, {&b, 1, 1, 1}, {&c, 1});
  gemm({&a, 1, 1, 1}, {&b, 1, 0, 1}, {&c, 1});
  EXPECT_EQ(c, 5);
}

// Which kernel multiplies, by what says so.
TEST_P(GemmTest, GoesWhereItIsTold) {
  resetPaths();
  {
    const PathMode mode(Mode::train);
    checkProducts({product, [](float x) { return x; }, cuts()}, {40}, {1, 30}, {20});
    checkProducts({packedProduct, [](float x) { return x; }, packedCuts()}, {7}, {30}, {20});
  }
  int64_t blas = 0, own = 0;
  for (const GemmChoice choice : {GemmChoice::openblas, GemmChoice::own}) {
    const OtherGemmChoice listed(choice);  // each lists what it can take
    for (const PathCount& path : pathCounts())
      if (path.name.rfind("gemm.", 0) == 0) (path.name == "gemm.blas train" ? blas : own) += path.times;
  }
  if (GetParam() == GemmChoice::openblas) EXPECT_EQ(own, 0);
  if (GetParam() == GemmChoice::own) EXPECT_EQ(blas, 0);
  EXPECT_GT(GetParam() == GemmChoice::openblas ? blas : own, 0);
}

}  // namespace
}  // namespace gemmfit::test
