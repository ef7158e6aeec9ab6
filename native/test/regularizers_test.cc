#include "native/engine/regularizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "native/engine/constraint.h"
#include "native/engine/error.h"
#include "native/kernels/simd_targets.h"
// After the choice of instruction sets:
#include "hwy/highway.h"

namespace gemmfit {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

// Keras's own results for this weight (test/parity/units/regularizers_constraints.json).
const Floats kWeight = {0.001, -0.29, -1.116, -0.013, -0.378, -0.481, -1.517, -0.491, -0.241, -0.648, 0.636, 1.74};
const Shape kShape = {3, 4};

Floats someWeight(int64_t n) {
  Floats w(static_cast<size_t>(n));
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(std::sin(1.7 * static_cast<double>(i) + 0.3) * (i % 5 == 0 ? 3 : 0.4));
  return w;
}

template <class F>
void onEveryTarget(const F& f) {
  for (int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    f();
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST(Regularizers, AsInKeras) {
  const struct {
    Value spec;
    double value;
  } cases[] = {
      {Value::Object{{"regularizer", "l1l2"}, {"l1", 0.1}}, 0.75519997},
      {Value::Object{{"regularizer", "l1l2"}, {"l2", 0.1}}, 0.8156422},
      {Value::Object{{"regularizer", "l1l2"}, {"l1", 0.1}, {"l2", 0.2}}, 2.3864844},
      {Value::Object{{"regularizer", "orthogonal"}, {"factor", 0.1}, {"mode", "rows"}}, 0.05306162},
      {Value::Object{{"regularizer", "orthogonal"}, {"factor", 0.1}, {"mode", "columns"}}, 0.05174892},
  };
  for (const auto& c : cases) {
    const auto regularizer = makeRegularizer(c.spec, kShape);
    EXPECT_NEAR(regularizer->value(kWeight.data(), 12), c.value, 3e-7 * std::fmax(1, c.value)) << c.spec.text("regularizer", "");
  }
}

TEST(Regularizers, SumsAndSlopesOfAnyLength) {
  const double l1 = 0.3, l2 = 0.7;
  onEveryTarget([&] {
    for (const bool lasso : {false, true})
      for (const int64_t n : {0, 1, 3, 7, 16, 17, 31, 101}) {
        const auto regularizer = makeRegularizer(Value(Value::Object{{"regularizer", "l1l2"}, {"l1", lasso ? l1 : 0}, {"l2", l2}}), {n});
        ASSERT_TRUE(regularizer->elementwise());
        Floats w = someWeight(n), g(w.size() + 1, 0.25f);
        if (n > 2) w[1] = 0, w[2] = -0.0f;
        double value = 0;
        for (const float x : w) value += (lasso ? l1 : 0) * std::fabs(x) + l2 * static_cast<double>(x) * x;
        EXPECT_NEAR(regularizer->value(w.data(), n), value, 1e-12 * std::fmax(1, value));
        regularizer->addGradient(w.data(), g.data(), n);
        for (size_t i = 0; i < w.size(); ++i) {
          const double slope = (lasso ? l1 : 0) * ((w[i] > 0) - (w[i] < 0)) + 2 * l2 * w[i];
          EXPECT_NEAR(g[i], 0.25 + slope, 1e-6) << n << " " << i;
        }
        EXPECT_EQ(g.back(), 0.25f);
      }
  });
}

// The penalty as it is written down, in double.
double orthogonality(const Doubles& w, int64_t rows, int64_t columns, double factor, bool byRows) {
  const int64_t count = byRows ? rows : columns, length = byRows ? columns : rows;
  const auto at = [&](int64_t v, int64_t i) {
    return byRows ? w[static_cast<size_t>(v * columns + i)] : w[static_cast<size_t>(i * columns + v)];
  };
  Doubles norms;
  for (int64_t v = 0; v < count; ++v) {
    double squares = 0;
    for (int64_t i = 0; i < length; ++i) squares += at(v, i) * at(v, i);
    norms.push_back(std::sqrt(squares));
  }
  double sum = 0;
  for (int64_t a = 0; a < count; ++a)
    for (int64_t b = 0; b < count; ++b) {
      if (a == b) continue;
      double product = 0;
      for (int64_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
      sum += std::fabs(product / (norms[static_cast<size_t>(a)] * norms[static_cast<size_t>(b)]));
    }
  return factor * 0.5 * sum / (static_cast<double>(count) * static_cast<double>(count - 1) / 2);
}

// 700 vectors: their cosines are worked out in several blocks.
TEST(Regularizers, OrthogonalAgainstFiniteDifferences) {
  const Shape shapes[] = {{2, 5}, {3, 4}, {4, 3}, {7, 7}, {5, 2}, {33, 17}, {700, 3}, {3, 700}};
  for (const Shape& shape : shapes)
    for (const bool rows : {true, false}) {
      const int64_t n = sizeOf(shape), count = rows ? shape[0] : shape[1];
      const double factor = 0.1 * static_cast<double>(count);  // a pair's slope shrinks with the number of pairs
      const auto regularizer = makeRegularizer(
          Value(Value::Object{{"regularizer", "orthogonal"}, {"factor", factor}, {"mode", rows ? "rows" : "columns"}}), shape);
      ASSERT_FALSE(regularizer->elementwise());
      const Floats w = someWeight(n);
      Doubles exact(w.begin(), w.end());
      const double value = orthogonality(exact, shape[0], shape[1], factor, rows);
      EXPECT_NEAR(regularizer->value(w.data(), n), value, 1e-6 * std::fmax(1, value)) << toString(shape);
      Floats g(w.size(), 0.5f);
      regularizer->addGradient(w.data(), g.data(), n);
      for (int64_t i = 0; i<n; i += n> 600 ? 173 : 1) {
        const double h = 1e-6;
        double& x = exact[static_cast<size_t>(i)];
        x += h;
        const double above = orthogonality(exact, shape[0], shape[1], factor, rows);
        x -= 2 * h;
        const double below = orthogonality(exact, shape[0], shape[1], factor, rows);
        x += h;
        const double slope = (above - below) / (2 * h);
        EXPECT_NEAR(g[static_cast<size_t>(i)] - 0.5, slope, 2e-6 * std::fmax(1, std::fabs(slope)))
            << toString(shape) << " rows " << rows << " " << i;
      }
    }
}

TEST(Regularizers, OrthogonalOfOneVectorOrOfZeroes) {
  for (const Shape& shape : {Shape{1, 5}, Shape{4, 3}}) {
    const auto regularizer = makeRegularizer(Value(Value::Object{{"regularizer", "orthogonal"}}), shape);
    const Floats zeroes(static_cast<size_t>(sizeOf(shape)), 0);
    Floats g = zeroes;
    EXPECT_EQ(regularizer->value(zeroes.data(), sizeOf(shape)), 0);
    regularizer->addGradient(zeroes.data(), g.data(), sizeOf(shape));
    EXPECT_EQ(g, zeroes);
  }
}

TEST(Regularizers, ImpossibleOnesAreRefused) {
  EXPECT_THROW(makeRegularizer(Value(Value::Object{{"regularizer", "l3"}}), kShape), Error);
  EXPECT_THROW(makeRegularizer(Value(Value::Object{{"regularizer", "orthogonal"}}), {2, 3, 4}), Error);
  EXPECT_THROW(makeRegularizer(Value(), kShape), Error);
}

TEST(Constraints, AsInKeras) {
  const struct {
    Value spec;
    Floats result;
  } cases[] = {
      {Value::Object{{"constraint", "maxNorm"}, {"maxValue", 1.0}, {"axes", Value::Array{0}}},
       {0.0009999998, -0.28999996, -0.5614323, -0.0071902806, -0.37799993, -0.48099995, -0.7631656, -0.27157137, -0.24099995, -0.64799994,
        0.31995603, 0.9623914}},
      {Value::Object{{"constraint", "maxNorm"}, {"maxValue", 1.0}, {"axes", Value::Array{1}}},
       {0.00086719927, -0.25148776, -0.9677944, -0.01127359, -0.2213361, -0.28164726, -0.8882721, -0.2875027, -0.12187768, -0.32770428,
        0.3216357, 0.8799467}},
      {Value::Object{{"constraint", "nonNeg"}}, {0.001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.636, 1.74}},
      {Value::Object{{"constraint", "unitNorm"}, {"axes", Value::Array{0}}},
       {0.002230687, -0.33817887, -0.56143236, -0.0071902806, -0.8431997, -0.56091046, -0.7631656, -0.27157137, -0.53759557, -0.7556549,
        0.31995606, 0.9623914}},
      {Value::Object{{"constraint", "unitNorm"}, {"axes", Value::Array{0, 1}}},
       {0.00035014685, -0.10154257, -0.39076388, -0.0045519085, -0.1323555, -0.16842061, -0.5311727, -0.17192209, -0.08438538, -0.22689514,
        0.22269337, 0.60925543}},
      {Value::Object{{"constraint", "minMaxNorm"}, {"minValue", 0.5}, {"maxValue", 1.0}, {"rate", 0.7}, {"axes", Value::Array{0}}},
       {0.0010807405, -0.28999996, -0.7278027, -0.008933197, -0.4085199, -0.48099998, -0.9893159, -0.33739996, -0.26045844, -0.64799994,
        0.41476923, 1.195674}},
  };
  for (const auto& c : cases) {
    Floats w = kWeight;
    makeConstraint(c.spec, kShape)->apply(w.data());
    for (size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(w[i], c.result[i], 2e-7) << c.spec.text("constraint", "") << " " << i;
  }
}

// Any set of axes of a weight of four: each element's norm is summed up the slow way.
TEST(Constraints, NormsAlongAnyAxes) {
  const Shape shape = {3, 1, 5, 4};
  for (int set = 1; set < 16; ++set) {
    Value::Array axes;
    for (int k = 0; k < 4; ++k)
      if (set >> k & 1) axes.push_back(Value(k % 2 ? k - 4 : k));
    const Floats before = someWeight(60);
    Floats w = before;
    makeConstraint(Value(Value::Object{{"constraint", "unitNorm"}, {"axes", axes}}), shape)->apply(w.data());
    const auto index = [&](size_t i) { return std::vector<size_t>{i / 20, 0, i / 4 % 5, i % 4}; };
    for (size_t i = 0; i < w.size(); ++i) {
      double squares = 0;
      for (size_t j = 0; j < w.size(); ++j) {
        bool same = true;
        for (size_t k = 0; k < 4; ++k) same = same && ((set >> k & 1) || index(i)[k] == index(j)[k]);
        if (same) squares += static_cast<double>(before[j]) * before[j];
      }
      EXPECT_NEAR(w[i], before[i] / (1e-7 + std::sqrt(squares)), 1e-6) << "axes " << set << " element " << i;
    }
  }
}

TEST(Constraints, NanStaysNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* kind : {"nonNeg", "maxNorm", "unitNorm", "minMaxNorm"}) {
    Floats w = {1, nan, 2, 3};
    makeConstraint(Value(Value::Object{{"constraint", kind}}), {2, 2})->apply(w.data());
    EXPECT_TRUE(std::isnan(w[1])) << kind;
    EXPECT_FALSE(std::isnan(w[0])) << kind;
    EXPECT_FALSE(std::isnan(w[2])) << kind;
  }
}

TEST(Constraints, ImpossibleOnesAreRefused) {
  EXPECT_THROW(makeConstraint(Value(Value::Object{{"constraint", "unitNorm"}, {"axes", Value::Array{2}}}), kShape), Error);
  EXPECT_THROW(makeConstraint(Value(Value::Object{{"constraint", "unitNorm"}, {"axes", Value::Array{-3}}}), kShape), Error);
  EXPECT_THROW(makeConstraint(Value(Value::Object{{"constraint", "tight"}}), kShape), Error);
}

}  // namespace
}  // namespace gemmfit
