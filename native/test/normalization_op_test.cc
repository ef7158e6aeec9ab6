#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

Value spec(const std::vector<int64_t>& axis, bool invert = false, const std::vector<double>& mean = {},
           const std::vector<double>& variance = {}) {
  return object(
      {{"op", "normalization"}, {"axis", integers(axis)}, {"invert", invert}, {"mean", numbers(mean)}, {"variance", numbers(variance)}});
}

void check(const Shape& in, const std::vector<int64_t>& axis, bool invert) {
  SCOPED_TRACE(toString(in) + toString(axis));
  const auto place = [&](int64_t e) {
    int64_t at = 0, stride = 1;
    for (size_t a = in.size(); a-- > 0; e /= in[a])
      if (std::count(axis.begin(), axis.end(), static_cast<int64_t>(a) + 1)) {
        at += e % in[a] * stride;
        stride *= in[a];
      }
    return static_cast<size_t>(at);
  };
  size_t n = 0;
  for (int64_t e = 0; e < sizeOf(in); ++e) n = std::max(n, place(e) + 1);
  Doubles mean, variance;
  for (size_t i = 0; i < n; ++i) {
    mean.push_back(static_cast<double>(i) - 2);
    variance.push_back(static_cast<double>(i) * 0.5 + 0.25);
  }
  OpSetup setup{spec(axis, invert, mean, variance), in, 4};
  const Floats x = randomFloats(4 * sizeOf(in), 1);
  checkOp(setup, x, [&](const Doubles& v, const std::vector<Doubles>&) {
    Doubles y(v.size());
    for (size_t i = 0; i < v.size(); ++i) {
      const size_t k = place(static_cast<int64_t>(i) % sizeOf(in));
      y[i] = invert ? mean[k] + v[i] * std::sqrt(variance[k]) : (v[i] - mean[k]) / std::sqrt(variance[k]);
    }
    return y;
  });
  // The same numbers as weights.
  OpSetup weighted{spec(axis, invert), in, 4};
  const auto size = static_cast<int64_t>(n);
  weighted.weights = {{size}, {size}, {}};
  weighted.trainable = {false, false, false};
  OpRunner runner(weighted);
  std::copy(mean.begin(), mean.end(), runner.weights[0]->data());
  std::copy(variance.begin(), variance.end(), runner.weights[1]->data());
  EXPECT_EQ(runner.forward(x), OpRunner(setup).forward(x));
}

TEST(Normalization, Axes) {
  for (const bool invert : {false, true}) {
    check({3}, {1}, invert);
    check({3}, {}, invert);
    check({2, 3}, {2}, invert);
    check({2, 3}, {1}, invert);
    check({2, 3, 4}, {1, 3}, invert);
    check({2, 3, 4}, {2}, invert);
    check({2, 3, 4}, {1, 2, 3}, invert);
  }
}

TEST(Normalization, NoVarianceIsDividedByALittle) {
  const Floats y = OpRunner({spec({1}, false, {1, 1}, {0, 4}), {2}}).forward({3, 3});
  EXPECT_FLOAT_EQ(y[0], 2e7f);
  EXPECT_FLOAT_EQ(y[1], 1.0f);
}

TEST(Normalization, ImpossibleSpecs) {
  expectRefused({spec({1}), {2}});
  expectRefused({spec({1}, false, {1}, {1, 2}), {2}});
  expectRefused({spec({2}, false, {1}, {1}), {2}});
  expectRefused({spec({0}, false, {1}, {1}), {2}});
  OpSetup setup{spec({1}), {2}};
  setup.weights = {{2}, {3}};
  setup.trainable = {false, false};
  expectRefused(setup);
}

}  // namespace
}  // namespace gemmfit::test
