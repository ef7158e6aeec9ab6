#include "native/kernels/gemm/bf16.h"

#include <cstring>

#include "native/test/every_target.h"
#include "native/test/gemm_reference.h"

namespace gemmfit::test {
namespace {

float fromBits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
uint32_t toBits(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Every way to multiply that this machine has, emulation with each of its instruction sets.
struct Way {
  Bf16Kernel kernel;
  int64_t target;
};

std::vector<Way> everyWay() {
  std::vector<Way> out;
  for (const int64_t target : everyTarget()) {
    hwy::SetSupportedTargetsForTest(target);
    for (int kernel = 0; kernel <= static_cast<int>(bf16Kernel()); ++kernel) out.push_back({static_cast<Bf16Kernel>(kernel), target});
  }
  hwy::SetSupportedTargetsForTest(0);
  return out;
}

Bf16Kernel kernelUnderTest;
void product(const Product& g) { bf16ProductBy(kernelUnderTest, g); }

class Bf16ProductTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    hwy::SetSupportedTargetsForTest(GetParam().target);
    kernelUnderTest = GetParam().kernel;
  }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};
std::string nameOf(const testing::TestParamInfo<Way>& info) {
  constexpr const char* names[] = {"emulated", "avx512", "amx"};
  return std::string(names[static_cast<int>(info.param.kernel)]) + "_" + hwy::TargetName(info.param.target);
}
INSTANTIATE_TEST_SUITE_P(Ways, Bf16ProductTest, testing::ValuesIn(everyWay()), nameOf);

constexpr GemmUnderTest kBf16Product{product, roundToBf16};

TEST_P(Bf16ProductTest, IsTheProductOfRoundedOperandsWhateverTheCuts) {
  checkProducts(kBf16Product, {1, 2, 12, 13, 31}, {1, 10, 16, 33}, {0, 1, 7, 40});
  checkProducts(kBf16Product, {16, 17, 32, 33, 65}, {15, 17, 32, 64}, {31, 32, 33, 64});
}

// More rows, columns and terms than a block has, and blocks that end in the middle of a pair.
TEST_P(Bf16ProductTest, IsTheProductOfManyBlocks) {
  checkProducts(kBf16Product, {205}, {1, 290}, {385, 801});
  checkProducts(kBf16Product, {259}, {33}, {513});
  checkProducts(kBf16Product, {33, 259}, {523}, {33});
}

TEST_P(Bf16ProductTest, RoundsAsTheInstructionDoes) {
  // One term each: the product shows how its operand was rounded.
  Floats a;
  for (uint32_t exponent : {0u, 1u, 2u, 60u, 126u, 127u, 128u, 200u, 254u, 255u})
    for (uint32_t digits :
         {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu, 0x17fffu, 0x18000u, 0x18001u, 0x400000u, 0x7f7fffu, 0x7f8000u, 0x7fffffu})
      for (uint32_t sign : {0u, 1u}) a.push_back(fromBits(sign << 31 | exponent << 23 | digits));
  const auto m = static_cast<int64_t>(a.size());
  const float one = 1;
  Floats c(a.size());
  product({{a.data(), m, 1, 1}, {&one, 1, 1, 1}, {c.data(), 1}});
  for (size_t i = 0; i < a.size(); ++i) {
    const float want = roundToBf16(a[i]);
    EXPECT_TRUE(std::isnan(want) ? std::isnan(c[i]) : c[i] == want) << std::hex << toBits(a[i]) << " gives " << toBits(c[i]);
    EXPECT_EQ(std::isnan(a[i]), std::isnan(want));
    EXPECT_EQ(toBits(want) & 0xffffu, 0u);
    if (std::isnormal(a[i]) && std::isfinite(want)) {
      EXPECT_LE(std::abs(want - a[i]), std::abs(a[i]) / 256);
    }
  }
}

// Instructions only beside AVX-512, which tells that the system saves their registers; and one way for all shapes.
TEST_P(Bf16ProductTest, GoesByTheWayThatIsTold) {
  if (tileLanes() != 16) {
    EXPECT_EQ(bf16Kernel(), Bf16Kernel::emulated);
  }
  if (bf16Kernel() != kernelUnderTest) return;
  for (const int64_t n : {1, 40})
    for (const int64_t m : {1, 8, 50}) {
      const int64_t k = 70;
      const Floats a = randomFloats(m * k, 1), b = randomFloats(k * n, 2);
      Floats told(static_cast<size_t>(m * n)), c(told.size());
      const Matrix left{a.data(), m, k, k}, right{b.data(), k, n, n};
      product({left, right, {told.data(), n}});
      bf16Product({left, right, {c.data(), n}});
      EXPECT_EQ(c, told);
    }
}

TEST(Bf16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(roundToBf16(1 + 1.0f / 256), 1);
  EXPECT_EQ(roundToBf16(1 + 3.0f / 256), 1 + 4.0f / 256);
  EXPECT_EQ(roundToBf16(1 + 1.01f / 256), 1 + 2.0f / 256);
  EXPECT_EQ(roundToBf16(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(roundToBf16(-kInfinity), -kInfinity);
  EXPECT_EQ(roundToBf16(1e-40f), 0);
}

// What fills up a last pair or vector must not meet an infinity, and NaN spoils its own row and column alone.
TEST_P(Bf16ProductTest, InfinitiesAndNaNStayWhereTheyAre) {
  const int64_t m = 13, n = 17, k = 5;
  for (const bool transposeA : {false, true})
    for (const bool transposeB : {false, true}) {
      Floats a(m * k, 1), b(k * n, 1), c(m * n);
      a[static_cast<size_t>(transposeA ? (k - 1) * m + 12 : 12 * k + k - 1)] = kInfinity;
      b[static_cast<size_t>(transposeB ? 16 * k + k - 1 : (k - 1) * n + 16)] = kNaN;
      product({{a.data(), m, k, transposeA ? m : k, transposeA}, {b.data(), k, n, transposeB ? k : n, transposeB}, {c.data(), n}});
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          const float got = c[static_cast<size_t>(i * n + j)];
          EXPECT_TRUE(j == 16 ? std::isnan(got) : got == (i == 12 ? kInfinity : static_cast<float>(k))) << i << ", " << j << ": " << got;
        }
    }
}

}  // namespace
}  // namespace gemmfit::test
