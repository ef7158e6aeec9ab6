// Ops that draw random numbers while training. What they draw follows from seed, step and the element's index alone.
#include <gtest/gtest.h>

#include <map>

#include "native/kernels/noise.h"
#include "native/test/every_target.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

OpSetup noisy(const char* op, Value::Object options, Shape in, int64_t rows) {
  options["op"] = op;
  OpSetup s;
  s.spec = Value(std::move(options));
  s.in = std::move(in);
  s.rows = rows;
  return s;
}

const std::vector<std::pair<const char*, Value::Object>> all = {
    {"dropout", {{"rate", 0.4}}},
    {"dropout", {{"rate", 0.4}, {"noiseShape", integers({0, 1, 5})}}},
    {"dropout", {{"rate", 0.4}, {"noiseShape", integers({1, 0, 5})}}},
    {"alphaDropout", {{"rate", 0.4}}},
    {"alphaDropout", {{"rate", 0.4}, {"noiseShape", integers({0, 3, 1})}}},
    {"gaussianDropout", {{"rate", 0.4}}},
    {"gaussianNoise", {{"stddev", 0.4}}},
};

Floats ones(int64_t n) { return Floats(static_cast<size_t>(n), 1.0f); }

struct Moments {
  double mean = 0, variance = 0, skew = 0, kurtosis = 0;
  explicit Moments(const Floats& x) {
    const auto n = static_cast<double>(x.size());
    for (const float v : x) mean += v / n;
    for (const float v : x) variance += std::pow(v - mean, 2) / n;
    for (const float v : x) skew += std::pow((v - mean) / std::sqrt(variance), 3) / n;
    for (const float v : x) kurtosis += std::pow((v - mean) / std::sqrt(variance), 4) / n;
  }
};

// Chunks of any size, memory shared or not: the same bits.
TEST(NoiseOps, doNotDependOnChunks) {
  for (const auto& [op, options] : all) {
    const int64_t rows = 23, n = 15;
    const Floats x = randomFloats(rows * n, 1), dy = randomFloats(rows * n, 2);
    Floats y, dx;
    for (const int64_t chunk : {23, 1, 2, 7})
      for (const bool shared : {true, false}) {
        OpSetup setup = noisy(op, options, {3, 5}, rows);
        setup.chunk = chunk;
        setup.inPlace = shared;
        OpRunner runner(setup);
        const Floats newY = runner.forward(x), newDx = runner.backward(dy);
        if (y.empty()) {
          y = newY;
          dx = newDx;
          EXPECT_NE(y, x);
        }
        EXPECT_EQ(newY, y) << op << " in chunks of " << chunk;
        EXPECT_EQ(newDx, dx) << op << " in chunks of " << chunk;
      }
  }
}

TEST(NoiseOps, followTheSeedAndTheStep) {
  for (const auto& [op, options] : all) {
    const auto draw = [&, &op = op, &options = options](uint64_t seed, uint64_t number, int own = -1) {
      OpSetup setup = noisy(op, options, {3, 5}, 20);
      if (own >= 0) {
        Value::Object spec = options;
        spec["op"] = op;
        spec["seed"] = own;
        setup.spec = Value(spec);
      }
      setup.seed = seed;
      setup.number = number;
      return OpRunner(setup).forward(ones(300));
    };
    EXPECT_EQ(draw(1, 0), draw(1, 0)) << op;
    EXPECT_NE(draw(1, 0), draw(2, 0)) << op;
    EXPECT_NE(draw(1, 0), draw(1, 1)) << op;
    EXPECT_EQ(draw(1, 0, 7), draw(2, 0, 7)) << op;
    EXPECT_NE(draw(1, 0, 7), draw(1, 0, 8)) << op;
    EXPECT_NE(draw(1, 0, 7), draw(1, 1, 7)) << op;
  }
}

TEST(NoiseOps, doNothingOutsideTrainingOrWithoutNoise) {
  for (auto [op, options] : all)
    for (const bool training : {false, true}) {
      if (training) options[options.count("rate") ? "rate" : "stddev"] = 0;
      OpSetup setup = noisy(op, options, {3, 5}, 7);
      setup.training = training;
      const Floats x = randomFloats(105, 1);
      for (const bool shared : {true, false}) {
        setup.inPlace = shared;
        OpRunner runner(setup);
        EXPECT_TRUE(runner.op->identity);
        EXPECT_EQ(runner.forward(x), x) << op;
        if (training) {
          EXPECT_EQ(runner.backward(x), x) << op;
        }
      }
    }
}

// All are linear in x up to a shift, element by element: the gradient is the slope that two forward passes show.
TEST(NoiseOps, gradientsMatchTheDraw) {
  for (const auto& [op, options] : all) {
    const OpSetup setup = noisy(op, options, {3, 5}, 9);
    const Floats at0 = OpRunner(setup).forward(Floats(135, 0.0f)), at1 = OpRunner(setup).forward(ones(135));
    OpRunner runner(setup);
    runner.forward(ones(135));
    const Floats dx = runner.backward(ones(135));
    for (size_t i = 0; i < dx.size(); ++i) ASSERT_NEAR(dx[i], at1[i] - at0[i], 2e-6) << op << " " << i;
  }
}

EVERY_TARGET_SUITE(NoiseKernels);

// Every instruction set gives what the plain generator gives, from any start.
TEST_P(NoiseKernels, drawsAreThePhiloxNumbers) {
  const uint64_t key = 0x123456789ABCDEFull;
  for (const int64_t first : {int64_t{0}, int64_t{5}, int64_t{63}, int64_t{64}, (int64_t{1} << 38) - 37})
    for (const int64_t n : {1, 3, 7, 17, 31, 64, 100, 300}) {
      Floats keep(static_cast<size_t>(n), kNaN), y = keep, x = randomFloats(n, 4);
      keepMask({key, first}, 0.3, keep.data(), n);
      drop({key, first}, 0.3, {2, 0.5f, -7}, x.data(), y.data(), n);
      for (int64_t i = 0; i < n; ++i) {
        const int64_t at = first + i, counter = at / 64 * 16 + at % 16;
        const uint32_t word = Philox(key, 0, static_cast<uint64_t>(counter)).v[at % 64 / 16];
        const bool kept = word >= static_cast<uint32_t>(0.3 * 0x1p32);
        ASSERT_EQ(keep[static_cast<size_t>(i)], kept ? 1 : 0) << first << " + " << i << " of " << n;
        ASSERT_NEAR(y[static_cast<size_t>(i)], kept ? 2 * x[static_cast<size_t>(i)] + 0.5 : -7, 1e-6);
      }
    }
}

TEST(Dropout, dropsTheRateAndKeepsTheMean) {
  for (const double rate : {0.1, 0.5, 0.9}) {
    const int64_t n = 100000;
    const Floats y = OpRunner(noisy("dropout", {{"rate", rate}}, {1000}, 100)).forward(ones(n));
    int64_t dropped = 0;
    for (const float v : y) {
      if (v == 0)
        ++dropped;
      else
        ASSERT_FLOAT_EQ(v, static_cast<float>(1 / (1 - rate)));
    }
    EXPECT_NEAR(static_cast<double>(dropped) / n, rate, 5 * std::sqrt(rate * (1 - rate) / n));
  }
  EXPECT_EQ(OpRunner(noisy("dropout", {{"rate", 1}}, {3}, 2)).forward(ones(6)), Floats(6, 0.0f));
}

// What is dropped is 0 whatever it was; what is kept stays NaN.
TEST(Dropout, ofNaN) {
  const Floats shape = OpRunner(noisy("dropout", {{"rate", 0.5}}, {50}, 1)).forward(ones(50));
  const Floats y = OpRunner(noisy("dropout", {{"rate", 0.5}}, {50}, 1)).forward(Floats(50, kNaN));
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(std::isnan(y[i]), shape[i] != 0);
}

TEST(Dropout, noiseShapesShareDraws) {
  const int64_t rows = 40, a = 4, b = 5, c = 6;
  const auto run = [&](std::vector<int64_t> noise, int64_t batch = 0) {
    noise.insert(noise.begin(), batch);
    return OpRunner(noisy("dropout", {{"rate", 0.5}, {"noiseShape", integers(noise)}}, {a, b, c}, rows)).forward(ones(rows * a * b * c));
  };
  // The draw of an element may depend only on the axes that the noise has.
  const auto check = [&](const std::vector<int64_t>& noise, int64_t batch) {
    const Floats y = run(noise, batch);
    std::map<std::vector<int64_t>, float> seen;
    double kept = 0;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < a * b * c; ++i) {
        const std::vector<int64_t> key = {batch == 1 ? 0 : r, noise[0] == 1 ? 0 : i / (b * c), noise[1] == 1 ? 0 : i / c % b,
                                          noise[2] == 1 ? 0 : i % c};
        const float v = y[static_cast<size_t>(r * a * b * c + i)];
        const auto [at, fresh] = seen.emplace(key, v);
        ASSERT_EQ(at->second, v);
        if (fresh) kept += v != 0;
      }
    // No more sharing than asked for: as many draws as there are, half of them kept.
    const auto n = static_cast<double>(seen.size());
    EXPECT_NEAR(kept / n, 0.5, 5 * 0.5 / std::sqrt(n));
  };
  for (const int64_t batch : {0, 1, 40})
    for (const int64_t na : {1, 0})
      for (const int64_t nb : {1, 5})
        for (const int64_t nc : {1, 0}) check({na, nb, nc}, batch);
  // Without any sharing it is the same draw as without a noise shape.
  EXPECT_EQ(run({4, 5, 6}), OpRunner(noisy("dropout", {{"rate", 0.5}}, {a, b, c}, rows)).forward(ones(rows * a * b * c)));
}

TEST(GaussianNoise, isNormal) {
  const int64_t n = 200000;
  OpRunner runner(noisy("gaussianNoise", {{"stddev", 0.5}}, {1000}, 200));
  const Floats y = runner.forward(Floats(static_cast<size_t>(n), 0.25f));
  const Moments m(y);
  const double root = std::sqrt(static_cast<double>(n));
  EXPECT_NEAR(m.mean, 0.25, 5 * 0.5 / root);
  EXPECT_NEAR(m.variance, 0.25, 5 * 0.25 * std::sqrt(2.0) / root);
  EXPECT_NEAR(m.skew, 0, 5 * std::sqrt(6.0) / root);
  EXPECT_NEAR(m.kurtosis, 3, 5 * std::sqrt(24.0) / root);
  // The distribution itself (Kolmogorov and Smirnov), and no connection between elements that came from one counter.
  Floats sorted = y;
  std::sort(sorted.begin(), sorted.end());
  double most = 0;
  for (size_t i = 0; i < sorted.size(); ++i)
    most = std::max(most, std::abs(0.5 * std::erfc(-(sorted[i] - 0.25) / 0.5 / std::sqrt(2.0)) - (static_cast<double>(i) + 0.5) / n));
  EXPECT_LT(most, 2 / root);
  for (const int64_t lag : {1, 16, 32, 48}) {
    double sum = 0;
    for (int64_t i = 0; i + lag < n; ++i) sum += (y[static_cast<size_t>(i)] - 0.25) * (y[static_cast<size_t>(i + lag)] - 0.25) / 0.25;
    EXPECT_LT(std::abs(sum) / root, 5) << "lag " << lag;
  }
  const Floats dy = randomFloats(n, 2);
  EXPECT_EQ(runner.backward(dy), dy);
}

TEST(GaussianDropout, multipliesWithNoiseOfMeanOne) {
  const int64_t n = 200000;
  const Moments m(OpRunner(noisy("gaussianDropout", {{"rate", 0.2}}, {1000}, 200)).forward(ones(n)));
  EXPECT_NEAR(m.mean, 1, 5 * 0.5 / std::sqrt(n));
  EXPECT_NEAR(m.variance, 0.25, 5 * 0.25 * std::sqrt(2.0 / n));
  EXPECT_EQ(OpRunner(noisy("gaussianDropout", {{"rate", 0.2}}, {3}, 1)).forward(Floats(3, 0.0f)), Floats(3, 0.0f));
}

TEST(AlphaDropout, keepsMeanAndVariance) {
  const int64_t n = 200000;
  const Floats x = OpRunner(noisy("gaussianNoise", {{"stddev", 1}}, {1000}, 200)).forward(Floats(static_cast<size_t>(n), 0.0f));
  OpSetup setup = noisy("alphaDropout", {{"rate", 0.3}}, {1000}, 200);
  setup.seed = 99;
  const Floats y = OpRunner(setup).forward(x);
  const Moments m(y);
  EXPECT_NEAR(m.mean, 0, 0.02);
  EXPECT_NEAR(m.variance, 1, 0.03);
  // By Keras's formula: a (x keep + alpha' (1 - keep)) + b
  const double low = -1.7580993408473766, a = std::pow(0.7 * (1 + 0.3 * low * low), -0.5), b = -a * low * 0.3;
  int64_t dropped = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const bool gone = std::abs(y[i] - (a * low + b)) < 1e-6;
    dropped += gone;
    ASSERT_NEAR(y[i], gone ? a * low + b : a * x[i] + b, 1e-6);
  }
  EXPECT_NEAR(static_cast<double>(dropped) / n, 0.3, 0.006);
}

TEST(NoiseOps, refuseWhatCannotBe) {
  for (const char* op : {"dropout", "alphaDropout", "gaussianDropout"}) {
    expectRefused(noisy(op, {}, {3}, 1));
    expectRefused(noisy(op, {{"rate", -0.1}}, {3}, 1));
    expectRefused(noisy(op, {{"rate", 1.1}}, {3}, 1));
    expectRefused(noisy(op, {{"rate", std::nan("")}}, {3}, 1));
    expectRefused(noisy(op, {{"rate", 0.5}, {"seed", 0.5}}, {3}, 1));
  }
  expectRefused(noisy("alphaDropout", {{"rate", 1}}, {3}, 1));
  expectRefused(noisy("gaussianDropout", {{"rate", 1}}, {3}, 1));
  expectRefused(noisy("gaussianNoise", {{"stddev", -1}}, {3}, 1));
  for (const std::vector<int64_t>& noise : {std::vector<int64_t>{0}, {0, 2}, {0, 3, 1}, {1, -3}})
    expectRefused(noisy("dropout", {{"rate", 0.5}, {"noiseShape", integers(noise)}}, {3}, 1));
}

}  // namespace
}  // namespace gemmfit::test
