#include "native/kernels/gates.h"

#include "native/test/recurrent_reference.h"

namespace gemmfit::test {
namespace {

// Small values keep their digits, large ones end at the limits, NaN stays.
TEST(Gates, AreRightOnTheWholeLine) {
  Floats z = {0, 1e-30f, -1e-6f, 1e-3f, -0.5f, 3, -7.9f, 8, -20, 50, -87, 200, -1e30f, kInfinity, -kInfinity, kNaN};
  const Floats more = randomFloats(84, 4, -12, 12);
  z.insert(z.end(), more.begin(), more.end());
  const int64_t n = static_cast<int64_t>(z.size());
  Floats gates, c(z.size()), tanhC(z.size()), h(z.size());
  const Floats zeros(z.size(), 0.0f);
  for (int i = 0; i < 4; ++i) gates.insert(gates.end(), z.begin(), z.end());
  lstmForward({1, n, nullptr, gates.data(), zeros.data(), zeros.data(), c.data(), tanhC.data(), h.data(), {}});
  for (size_t i = 0; i < z.size(); ++i) {
    const double x = z[i], s = gates[i], t = gates[2 * z.size() + i];
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(s) && std::isnan(t) && std::isnan(h[i]));
      continue;
    }
    if (std::fabs(x) >= 9) EXPECT_EQ(t, x < 0 ? -1 : 1);
    if (x < -87 || x > 17) EXPECT_EQ(s, x < 0 ? 0 : 1);
    EXPECT_NEAR(t, std::tanh(x), 4e-7 * std::abs(std::tanh(x))) << x;
    if (x >= -80)
      EXPECT_NEAR(s, sigmoid(x), 4e-7 * sigmoid(x)) << x;
    else
      EXPECT_LT(s, 1e-30) << x;
  }
}

}  // namespace
}  // namespace gemmfit::test
