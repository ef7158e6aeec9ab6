#include "native/kernels/bf16_gemm.h"

#include <cstring>

#include "native/test/every_target.h"
#include "native/test/gemm_reference.h"

namespace gemmfit::test {
namespace {

// With AVX-512 the machine's instruction where it has one, otherwise emulation.
EVERY_TARGET_SUITE(Bf16GemmTest);

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

constexpr GemmUnderTest kBf16Gemm{bf16Gemm, roundToBf16};

TEST_P(Bf16GemmTest, IsTheProductOfRoundedOperandsWhateverTheCuts) {
  checkProducts(kBf16Gemm, {1, 2, 12, 13, 31}, {1, 10, 16, 33}, {0, 1, 7, 40});
}

// More rows, columns and terms than a block has, and blocks that end in the middle of a pair.
TEST_P(Bf16GemmTest, IsTheProductOfManyBlocks) { checkProducts(kBf16Gemm, {205}, {1, 290}, {385, 801}); }

TEST_P(Bf16GemmTest, RoundsAsTheInstructionDoes) {
  // One term each: the product shows how its operand was rounded.
  Floats a;
  for (uint32_t exponent : {0u, 1u, 2u, 60u, 126u, 127u, 128u, 200u, 254u, 255u})
    for (uint32_t digits :
         {0u, 1u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu, 0x17fffu, 0x18000u, 0x18001u, 0x400000u, 0x7f7fffu, 0x7f8000u, 0x7fffffu})
      for (uint32_t sign : {0u, 1u}) a.push_back(fromBits(sign << 31 | exponent << 23 | digits));
  const auto m = static_cast<int64_t>(a.size());
  const float one = 1;
  Floats c(a.size());
  bf16Gemm({false, false, m, 1, 1, a.data(), 1, &one, 1, c.data(), 1});
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

TEST_P(Bf16GemmTest, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(roundToBf16(1 + 1.0f / 256), 1);
  EXPECT_EQ(roundToBf16(1 + 3.0f / 256), 1 + 4.0f / 256);
  EXPECT_EQ(roundToBf16(1 + 1.01f / 256), 1 + 2.0f / 256);
  EXPECT_EQ(roundToBf16(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(roundToBf16(-kInfinity), -kInfinity);
  EXPECT_EQ(roundToBf16(1e-40f), 0);
}

// What fills up a last pair or vector must not meet an infinity, and NaN spoils its own row and column alone.
TEST_P(Bf16GemmTest, InfinitiesAndNaNStayWhereTheyAre) {
  const int64_t m = 13, n = 17, k = 5;
  for (const bool transposeA : {false, true})
    for (const bool transposeB : {false, true}) {
      Floats a(m * k, 1), b(k * n, 1), c(m * n);
      a[static_cast<size_t>(transposeA ? (k - 1) * m + 12 : 12 * k + k - 1)] = kInfinity;
      b[static_cast<size_t>(transposeB ? 16 * k + k - 1 : (k - 1) * n + 16)] = kNaN;
      bf16Gemm({transposeA, transposeB, m, n, k, a.data(), transposeA ? m : k, b.data(), transposeB ? k : n, c.data(), n});
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          const float got = c[static_cast<size_t>(i * n + j)];
          EXPECT_TRUE(j == 16 ? std::isnan(got) : got == (i == 12 ? kInfinity : static_cast<float>(k))) << i << ", " << j << ": " << got;
        }
    }
}

}  // namespace
}  // namespace gemmfit::test
