#include "native/kernels/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "native/kernels/orthogonal.h"
#include "native/kernels/simd_targets.h"
// After the choice of instruction sets:
#include "hwy/highway.h"

namespace gemmfit {
namespace {

using Floats = std::vector<float>;

constexpr int64_t kMany = 200000;

// Kolmogorov and Smirnov's distance between the sample and a distribution, times the root of the sample's size: above 1.95 in one
// of a thousand samples.
double distance(Floats sample, const std::function<double(double)>& cumulative) {
  std::sort(sample.begin(), sample.end());
  double most = 0;
  const double n = static_cast<double>(sample.size());
  for (size_t i = 0; i < sample.size(); ++i) {
    const double c = cumulative(static_cast<double>(sample[i]));
    most = std::fmax(most, std::fmax(std::fabs(c - static_cast<double>(i) / n), std::fabs(c - static_cast<double>(i + 1) / n)));
  }
  return most * std::sqrt(n);
}

double normalBelow(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// Neighbours must have nothing to do with each other.
double correlation(const Floats& x, double mean, double variance) {
  double sum = 0;
  for (size_t i = 1; i < x.size(); ++i) sum += (x[i] - mean) * (x[i - 1] - mean);
  return sum / variance / std::sqrt(static_cast<double>(x.size()));
}

TEST(Random, Uniform) {
  Floats x(kMany);
  fillUniform(11, x.data(), kMany, -2, 3);
  for (const float v : x) ASSERT_TRUE(v >= -2 && v < 3);
  EXPECT_LT(distance(x, [](double v) { return (v + 2) / 5; }), 1.95);
  EXPECT_LT(std::fabs(correlation(x, 0.5, 25.0 / 12)), 4);
}

TEST(Random, UniformStaysBelowItsBound) {
  Floats x(kMany);
  const float high = std::nextafter(1.0f, 2.0f);
  fillUniform(5, x.data(), kMany, 1, high);  // one value only: rounding would give the bound half of the time
  for (const float v : x) ASSERT_EQ(v, 1.0f);
  fillUniform(5, x.data(), 9, 7, 7);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(x[static_cast<size_t>(i)], 7);
}

TEST(Random, Normal) {
  Floats x(kMany);
  fillNormal(12, x.data(), kMany, 1, 0.5f);
  EXPECT_LT(distance(x, [](double v) { return normalBelow((v - 1) / 0.5); }), 1.95);
  EXPECT_LT(std::fabs(correlation(x, 1, 0.25)), 4);
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  EXPECT_LT(*least, 1 - 0.5 * 4);  // tails are there: four deviations are passed in about 12 of so many
  EXPECT_GT(*most, 1 + 0.5 * 4);
}

TEST(Random, TruncatedNormal) {
  Floats x(kMany);
  fillTruncatedNormal(13, x.data(), kMany, -1, 2);
  for (const float v : x) ASSERT_TRUE(v >= -5 && v <= 3);
  const double out = normalBelow(-2);
  EXPECT_LT(distance(x, [out](double v) { return (normalBelow((v + 1) / 2) - out) / (1 - 2 * out); }), 1.95);
  double squares = 0;
  for (const float v : x) squares += (v + 1.0) * (v + 1.0);
  // The part of the deviation that is left, by which VarianceScaling divides.
  EXPECT_NEAR(std::sqrt(squares / kMany) / 2, 0.87962566103423978, 0.005);
}

TEST(Random, AValueDependsOnSeedAndPositionOnly) {
  Floats all(101), some(7), other(101);
  fillNormal(3, all.data(), 101, 0, 1);
  fillNormal(3, some.data(), 7, 0, 1);
  fillNormal(4, other.data(), 101, 0, 1);
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i], all[i]);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_NE(other[i], all[i]);
  fillNormal(3, some.data(), 0, 0, 1);
}

TEST(Orthogonal, RowsOrColumnsAreOrthonormal) {
  const int64_t shapes[][2] = {{1, 1}, {1, 9}, {9, 1}, {5, 5}, {40, 60}, {72, 16}, {33, 67}, {101, 101}, {64, 200}, {300, 35}};
  for (int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    for (const auto& shape : shapes) {
      const int64_t rows = shape[0], columns = shape[1];
      Floats q(static_cast<size_t>(rows * columns));
      orthogonal(7, rows, columns, 1.5f, q.data());
      const bool byRows = rows < columns;
      const int64_t count = std::min(rows, columns), length = std::max(rows, columns);
      const auto at = [&](int64_t v, int64_t i) {
        return static_cast<double>(q[static_cast<size_t>(byRows ? v * columns + i : i * columns + v)]);
      };
      for (int64_t a = 0; a < count; ++a)
        for (int64_t b = a; b < count; ++b) {
          double product = 0;
          for (int64_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
          ASSERT_NEAR(product, a == b ? 2.25 : 0, 1e-6) << rows << " x " << columns << ": " << a << ", " << b;
        }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
}

// With the signs fixed the first vector is the first normal vector, scaled: it points everywhere alike.
TEST(Orthogonal, EveryDirectionIsAsLikely) {
  Floats first;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    float q[9];
    orthogonal(seed, 3, 3, 1, q);
    first.push_back(q[4]);
  }
  EXPECT_LT(distance(first, [](double v) { return (v + 1) / 2; }), 1.95);  // an element of a random direction in space is uniform
}

}  // namespace
}  // namespace gemmfit
