#include "native/kernels/finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "native/engine/feed.h"
#include "native/test/every_target.h"

namespace gemmfit {
namespace {

using test::EveryTarget;
using test::everyTarget;
EVERY_TARGET_SUITE(Finite);

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

TEST_P(Finite, FindsEachKindAtEachPlaceOfEachLength) {
  for (const int64_t n : {1, 3, 16, 63, 64, 65, 200}) {
    std::vector<float> x(static_cast<size_t>(n), std::numeric_limits<float>::max());
    EXPECT_TRUE(allFinite(x.data(), n));
    for (int64_t i = 0; i < n; ++i)
      for (const float wrong : {kNaN, kInfinity, -kInfinity}) {
        auto& at = x[static_cast<size_t>(i)];
        const float kept = at;
        at = wrong;
        EXPECT_FALSE(allFinite(x.data(), n)) << n << " " << i;
        // What lies beside it does not count.
        EXPECT_TRUE(allFinite(x.data(), i));
        at = kept;
      }
  }
  EXPECT_TRUE(allFinite(nullptr, 0));
}

TEST_P(Finite, NamesTheFirstElement) {
  std::vector<float> x(10000, 1.0f);
  const ArrayView view{x.data(), ElementType::float32, 1000, 10};
  EXPECT_EQ(firstNotFinite(view), -1);
  x[9999] = kNaN;
  EXPECT_EQ(firstNotFinite(view), 9999);
  x[4097] = -kInfinity;
  EXPECT_EQ(firstNotFinite(view), 4097);
  std::vector<int32_t> whole(100, std::numeric_limits<int32_t>::min());
  EXPECT_EQ(firstNotFinite({whole.data(), ElementType::int32, 100, 1}), -1);
}

TEST(FiniteDouble, MustFitFloat32) {
  std::vector<double> x(5000, 1.0);
  const ArrayView view{x.data(), ElementType::float64, 5000, 1};
  x[4999] = static_cast<double>(std::numeric_limits<float>::max());
  EXPECT_EQ(firstNotFinite(view), -1);
  // The nearest float32 of this one is still the largest; of the next it is infinity.
  x[4999] = std::nextafter(3.4028235677973366e38, 0);
  EXPECT_TRUE(std::isfinite(static_cast<float>(x[4999])));
  EXPECT_EQ(firstNotFinite(view), -1);
  x[4999] = 3.4028235677973366e38;
  EXPECT_FALSE(std::isfinite(static_cast<float>(x[4999])));
  EXPECT_EQ(firstNotFinite(view), 4999);
  x[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(firstNotFinite(view), 2);
}

}  // namespace
}  // namespace gemmfit
