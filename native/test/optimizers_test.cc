#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/optimizer.h"
#include "native/kernels/simd_targets.h"
// After the choice of instruction sets:
#include "hwy/highway.h"

namespace gemmfit {
namespace {

using Doubles = std::vector<double>;
using Floats = std::vector<float>;

// A rule as its formula is written: one element, in double. s: its state.
using Reference = std::function<void(double& w, double g, Doubles& s, double lr, int64_t t)>;

struct Case {
  std::string name;
  Value::Object spec;
  Doubles initialState;
  Reference rule;
  double lr = 0.01;
  double tolerance = 3e-6;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

Case adam(const char* name, bool amsgrad, double b1, double b2, double eps) {
  Value::Object spec{{"optimizer", "adam"}, {"beta1", b1}, {"beta2", b2}, {"epsilon", eps}, {"amsgrad", amsgrad}};
  return {name, spec, Doubles(amsgrad ? 3 : 2, 0.0), [=](double& w, double g, Doubles& s, double lr, int64_t t) {
            s[0] = b1 * s[0] + (1 - b1) * g;
            s[1] = b2 * s[1] + (1 - b2) * g * g;
            if (amsgrad) s[2] = std::fmax(s[2], s[1]);
            const double corrected = lr * std::sqrt(1 - std::pow(b2, t)) / (1 - std::pow(b1, t));
            w -= corrected * s[0] / (std::sqrt(s[amsgrad ? 2 : 1]) + eps);
          }};
}

Case rmsprop(const char* name, double momentum, bool centered) {
  Value::Object spec{{"optimizer", "rmsprop"}, {"rho", 0.8}, {"momentum", momentum}, {"centered", centered}, {"epsilon", 1e-3}};
  const size_t mean = momentum > 0 ? 2 : 1;
  return {name, spec, Doubles(1 + (momentum > 0) + centered, 0.0), [=](double& w, double g, Doubles& s, double lr, int64_t) {
            s[0] = 0.8 * s[0] + 0.2 * g * g;
            double d = s[0] + 1e-3;
            if (centered) {
              s[mean] = 0.8 * s[mean] + 0.2 * g;
              d -= s[mean] * s[mean];
            }
            double step = lr * g / std::sqrt(d);
            if (momentum > 0) step = s[1] = momentum * s[1] + step;
            w -= step;
          }};
}

// The linear state is a small difference of numbers divided by the rate: rounding counts for more than elsewhere.
Case ftrl(const char* name, double power, double l1, double l2, double shrink, double beta) {
  Value::Object spec{{"optimizer", "ftrl"}, {"learningRatePower", power}, {"l1", l1}, {"l2", l2}, {"l2Shrinkage", shrink}, {"beta", beta}};
  return {name,
          spec,
          {0.1, 0},
          [=](double& w, double g, Doubles& s, double lr, int64_t) {
            const double before = std::pow(s[0], -power), after = std::pow(s[0] + g * g, -power);
            s[0] += g * g;
            s[1] += g + 2 * shrink * w - (after - before) / lr * w;
            const double clipped = std::fmin(std::fmax(s[1], -l1), l1);
            w = (clipped - s[1]) / (after / lr + 2 * (l2 + beta / (2 * lr)));
          },
          0.1,
          4e-5};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"sgd", {{"optimizer", "sgd"}}, {}, [](double& w, double g, Doubles&, double lr, int64_t) { w -= lr * g; }});
  for (const bool nesterov : {false, true})
    all.push_back({nesterov ? "nesterov" : "momentum",
                   {{"optimizer", "sgd"}, {"momentum", 0.8}, {"nesterov", nesterov}},
                   {0},
                   [=](double& w, double g, Doubles& s, double lr, int64_t) {
                     s[0] = 0.8 * s[0] - lr * g;
                     w += nesterov ? 0.8 * s[0] - lr * g : s[0];
                   }});
  all.push_back(adam("adam", false, 0.9, 0.999, 1e-7));
  all.push_back(adam("adam_betas", false, 0.5, 0.7, 0.01));
  all.push_back(adam("amsgrad", true, 0.9, 0.6, 1e-7));
  all.push_back({"adamax", {{"optimizer", "adamax"}, {"beta2", 0.9}}, {0, 0}, [](double& w, double g, Doubles& s, double lr, int64_t t) {
                   s[0] = 0.9 * s[0] + 0.1 * g;
                   s[1] = std::fmax(0.9 * s[1], std::fabs(g));
                   w -= lr * s[0] / ((1 - std::pow(0.9, t)) * (s[1] + 1e-7));
                 }});
  all.push_back({"nadam", {{"optimizer", "nadam"}}, {0, 0}, [](double& w, double g, Doubles& s, double lr, int64_t t) {
                   const auto u = [](int64_t k) { return 0.9 * (1 - 0.5 * std::pow(0.96, k)); };
                   double product = 1;
                   for (int64_t k = 1; k <= t; ++k) product *= u(k);
                   s[0] = 0.9 * s[0] + 0.1 * g;
                   s[1] = 0.999 * s[1] + 0.001 * g * g;
                   const double ahead = u(t + 1) * s[0] / (1 - product * u(t + 1)) + (1 - u(t)) * g / (1 - product);
                   w -= lr * ahead / (std::sqrt(s[1] / (1 - std::pow(0.999, t))) + 1e-7);
                 }});
  all.push_back(rmsprop("rmsprop", 0, false));
  all.push_back(rmsprop("rmsprop_momentum", 0.7, false));
  all.push_back(rmsprop("rmsprop_centered", 0, true));
  all.push_back(rmsprop("rmsprop_both", 0.7, true));
  all.push_back({"adagrad", {{"optimizer", "adagrad"}}, {0.1}, [](double& w, double g, Doubles& s, double lr, int64_t) {
                   s[0] += g * g;
                   w -= lr * g / std::sqrt(s[0] + 1e-7);
                 }});
  all.push_back({"adadelta",
                 {{"optimizer", "adadelta"}, {"epsilon", 1e-4}},
                 {0, 0},
                 [](double& w, double g, Doubles& s, double lr, int64_t) {
                   s[0] = 0.95 * s[0] + 0.05 * g * g;
                   const double step = -g * std::sqrt(s[1] + 1e-4) / std::sqrt(s[0] + 1e-4);
                   s[1] = 0.95 * s[1] + 0.05 * step * step;
                   w += lr * step;
                 },
                 1.0});
  all.push_back(ftrl("ftrl", -0.5, 0, 0, 0, 0));
  all.push_back(ftrl("ftrl_all", -0.6, 0.4, 0.02, 0.03, 0.1));
  all.push_back({"lion", {{"optimizer", "lion"}}, {0}, [](double& w, double g, Doubles& s, double lr, int64_t) {
                   w -= lr * sign(0.9 * s[0] + 0.1 * g);
                   s[0] = 0.99 * s[0] + 0.01 * g;
                 }});
  return all;
}

// Gradients of many sizes, both signs and zero; never so near a tie that rounding would decide.
float gradient(int64_t i, int64_t t) {
  const int64_t k = (i * 7 + t * 5) % 23 - 11;
  return static_cast<float>(k) * std::pow(10.0f, static_cast<float>((i + t) % 4 - 2)) * 0.37f;
}

class OptimizerTest : public testing::TestWithParam<Case> {};

TEST_P(OptimizerTest, FollowsItsFormula) {
  const Case& c = GetParam();
  for (int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    for (const int64_t n : {0, 1, 7, 15, 16, 17, 33, 257}) {
      const std::unique_ptr<Optimizer> optimizer = makeOptimizer(Value(c.spec));
      const size_t slots = c.initialState.size(), size = static_cast<size_t>(n);
      ASSERT_EQ(optimizer->slots(), static_cast<int>(slots));
      // One element more at each end, which belongs to somebody else.
      Floats w(size + 2, 5), g(size + 2, std::numeric_limits<float>::quiet_NaN());
      std::vector<Floats> state(slots, Floats(size + 2, 7));
      std::vector<float*> slot;
      Doubles reference(size);
      std::vector<Doubles> referenceState(size, c.initialState);
      for (size_t i = 0; i < size; ++i) reference[i] = w[i + 1] = static_cast<float>(std::sin(static_cast<double>(i) + 1));
      for (size_t k = 0; k < slots; ++k) {
        std::fill(state[k].begin() + 1, state[k].end() - 1, static_cast<float>(c.initialState[k]));
        slot.push_back(state[k].data() + 1);
      }
      for (int64_t t = 1; t <= 6; ++t) {
        const double lr = c.lr / static_cast<double>(t);
        optimizer->begin(lr, t);
        for (size_t i = 0; i < size; ++i) {
          g[i + 1] = gradient(static_cast<int64_t>(i), t);
          c.rule(reference[i], static_cast<double>(g[i + 1]), referenceState[i], lr, t);
        }
        optimizer->update(w.data() + 1, g.data() + 1, slot.data(), n);
      }
      for (size_t i = 0; i < size; ++i) {
        EXPECT_NEAR(w[i + 1], reference[i], c.tolerance * std::fmax(1, std::fabs(reference[i]))) << "n " << n << " element " << i;
        for (size_t k = 0; k < slots; ++k)
          EXPECT_NEAR(state[k][i + 1], referenceState[i][k], c.tolerance * std::fmax(1, std::fabs(referenceState[i][k]))) << "slot " << k;
      }
      for (const Floats* array : {&w, slots > 0 ? &state[0] : &w, slots > 1 ? &state[1] : &w}) {
        EXPECT_EQ(array->front(), array == &w ? 5 : 7);
        EXPECT_EQ(array->back(), array == &w ? 5 : 7);
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
}

// A broken gradient must show in the weight it belongs to, and in no other.
TEST_P(OptimizerTest, NanStaysNan) {
  const Case& c = GetParam();
  const std::unique_ptr<Optimizer> optimizer = makeOptimizer(Value(c.spec));
  Floats w(21, 1), g(21, 0.5);
  g[3] = g[20] = std::numeric_limits<float>::quiet_NaN();
  std::vector<Floats> state;
  std::vector<float*> slot;
  for (const double s : c.initialState) state.emplace_back(21, static_cast<float>(s));
  for (Floats& s : state) slot.push_back(s.data());
  for (int64_t t = 1; t <= 2; ++t) {
    optimizer->begin(c.lr, t);
    optimizer->update(w.data(), g.data(), slot.data(), 21);
  }
  for (size_t i = 0; i < w.size(); ++i) EXPECT_EQ(std::isnan(w[i]), i == 3 || i == 20) << i;
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerTest, testing::ValuesIn(cases()), [](const auto& info) { return info.param.name; });

TEST(Optimizers, NadamGoesOnFromAnyStep) {
  const Value spec(Value::Object{{"optimizer", "nadam"}});
  const auto stepAt = [](Optimizer& o) {
    float w = 0, g = 1, m = 0, v = 0;
    float* slot[] = {&m, &v};
    o.update(&w, &g, slot, 1);
    return w;
  };
  const auto straight = makeOptimizer(spec), resumed = makeOptimizer(spec), back = makeOptimizer(spec);
  for (int64_t t = 1; t <= 40; ++t) straight->begin(0.1, t);
  for (const int64_t t : {3, 60, 40}) back->begin(0.1, t);
  resumed->begin(0.1, 40);
  EXPECT_EQ(stepAt(*resumed), stepAt(*straight));
  EXPECT_EQ(stepAt(*back), stepAt(*straight));
  resumed->begin(0.1, int64_t{1} << 60);
  EXPECT_TRUE(std::isfinite(stepAt(*resumed)));
}

// Where every gradient is the same, the variance is 0 and rounding may take it below.
TEST(Optimizers, CenteredRmspropStandsConstantGradients) {
  const auto optimizer = makeOptimizer(Value(Value::Object{{"optimizer", "rmsprop"}, {"centered", true}}));
  Floats w(50, 0), v(50, 0), mean(50, 0), g(50);
  for (size_t i = 0; i < g.size(); ++i) g[i] = 3.1f + 7.7f * static_cast<float>(i);
  float* slot[] = {v.data(), mean.data()};
  for (int64_t t = 1; t <= 300; ++t) {
    optimizer->begin(1e-3, t);
    optimizer->update(w.data(), g.data(), slot, 50);
  }
  for (const float x : w) EXPECT_TRUE(std::isfinite(x));
}

TEST(Optimizers, UnknownOnesAreRefused) {
  EXPECT_THROW(makeOptimizer(Value(Value::Object{{"optimizer", "adamm"}})), Error);
  EXPECT_THROW(makeOptimizer(Value(Value::Object{{"optimizer", "adam"}, {"beta1", "0.9"}})), Error);
}

}  // namespace
}  // namespace gemmfit
