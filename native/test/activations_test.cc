#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "native/test/activation_reference.h"
#include "native/test/every_target.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

// From tiny to large, both signs, and densely where the curves bend.
Floats sweep() {
  Floats x;
  for (int i = -12000; i <= 12000; ++i) x.push_back(static_cast<float>(i) * 0.00137f);
  for (int i = -600; i <= 200; ++i)
    for (const double sign : {-1.0, 1.0}) x.push_back(static_cast<float>(sign * std::pow(10.0, i / 20.0)));
  return x;
}

void forward(const ActivationCase& c, const Floats& x, Floats& y) {
  y.assign(x.size(), kNaN);
  c.function.forward(x.data(), y.data(), static_cast<int64_t>(x.size()));
}

void backward(const ActivationCase& c, const Floats& x, const Floats& y, const Floats& dy, Floats& dx) {
  dx.assign(x.size(), kNaN);
  c.function.backward((c.function.backwardReadsY() ? y : x).data(), dy.data(), dx.data(), static_cast<int64_t>(x.size()));
}

EVERY_TARGET_SUITE(ActivationKernels);

TEST_P(ActivationKernels, activationsGiveTheirDefinition) {
  const Floats x = sweep();
  Floats y;
  for (const ActivationCase& c : activationCases()) {
    forward(c, x, y);
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = c.value(x[i]);
      // The exponent of geluTanh is a rounded cube; the rounding of 0.2 moves a root; below 1e-35 floats run out of digits.
      const double relative = c.name == "geluTanh" ? 2e-5 : 1e-6, absolute = c.name == "hardSigmoidKeras2" ? 6e-8 : 1e-35;
      if (std::abs(want) > 3.4028235e38)
        EXPECT_TRUE(std::isinf(y[i])) << c.name << " of " << x[i];
      else
        ASSERT_NEAR(y[i], want, relative * std::abs(want) + absolute) << c.name << " of " << x[i];
    }
  }
}

TEST_P(ActivationKernels, gradientsAreCentralDifferences) {
  Floats x, y, dx;
  for (const float v : sweep())
    if (std::abs(v) < 80) x.push_back(v);
  const Floats dy = randomFloats(static_cast<int64_t>(x.size()), 3);
  for (const ActivationCase& c : activationCases()) {
    forward(c, x, y);
    backward(c, x, y, dy, dx);
    for (size_t i = 0; i < x.size(); ++i) {
      const double delta = 1e-5 * std::max(1.0, std::abs(static_cast<double>(x[i])));
      if (std::any_of(c.joints.begin(), c.joints.end(), [&](double j) { return std::abs(x[i] - j) < 2 * delta; })) continue;
      const double want = dy[i] * (c.value(x[i] + delta) - c.value(x[i] - delta)) / (2 * delta);
      ASSERT_NEAR(dx[i], want, 1e-6 * std::abs(want) + 5e-7) << c.name << " at " << x[i];
    }
  }
}

TEST_P(ActivationKernels, limitsAndNaN) {
  const Floats x = {kInfinity, -kInfinity, kNaN, 3e38f, -3e38f};
  const std::map<std::string, std::pair<double, double>> bounded = {
      {"celu", {kInfinity, -1}},
      {"elu", {kInfinity, -1}},
      {"exponential", {kInfinity, 0}},
      {"gelu", {kInfinity, 0}},
      {"geluTanh", {kInfinity, 0}},
      {"hardSigmoid", {1, 0}},
      {"hardSigmoidKeras2", {1, 0}},
      {"hardSilu", {kInfinity, 0}},
      {"hardTanh", {1, -1}},
      {"logSigmoid", {0, -kInfinity}},
      {"mish", {kInfinity, 0}},
      {"relu", {kInfinity, 0}},
      {"relu6", {6, 0}},
      {"sigmoid", {1, 0}},
      {"silu", {kInfinity, 0}},
      {"softplus", {kInfinity, 0}},
      {"softsign", {1, -1}},
      {"sparsePlus", {kInfinity, 0}},
      {"sparseSigmoid", {1, 0}},
      {"squareplus", {kInfinity, 0}},
      {"tanh", {1, -1}},
      {"tanhShrink", {kInfinity, -kInfinity}},
      {"threshold", {kInfinity, -2}},
      {"linear", {kInfinity, -kInfinity}},
  };
  Floats y, dx;
  for (const ActivationCase& c : activationCases()) {
    forward(c, x, y);
    EXPECT_TRUE(std::isnan(y[2])) << c.name << " of NaN is " << y[2];
    for (const size_t i : {0, 1, 3, 4}) EXPECT_FALSE(std::isnan(y[i])) << c.name << " of " << x[i];
    const auto found = bounded.find(c.name);
    if (found == bounded.end()) continue;
    EXPECT_EQ(y[0], found->second.first) << c.name << " of infinity";
    EXPECT_EQ(y[1], found->second.second) << c.name << " of -infinity";
    backward(c, x, y, {1, 1, 1, 1, 1}, dx);
    for (const size_t i : {0, 1, 3, 4}) EXPECT_FALSE(std::isnan(dx[i])) << "gradient of " << c.name << " at " << x[i];
    if (c.name == "exponential") continue;
    const bool grows = found->second.first == kInfinity;
    EXPECT_EQ(dx[0], grows ? 1 : 0) << "gradient of " << c.name << " at infinity";
  }
}

// Tails go another way through the kernels than whole vectors: an element's result must not depend on its place. In place as well.
TEST_P(ActivationKernels, oddSizesGiveTheSameBits) {
  const Floats x = randomFloats(100, 8, -4, 4), dy = randomFloats(100, 9);
  for (const ActivationCase& c : activationCases()) {
    Floats all, allDx;
    forward(c, x, all);
    backward(c, x, all, dy, allDx);
    for (const int64_t n : {0, 1, 3, 7, 16, 17, 31, 64, 100}) {
      Floats y(x.begin(), x.begin() + n), dx(dy.begin(), dy.begin() + n);
      y.push_back(123);
      dx.push_back(456);
      c.function.forward(y.data(), y.data(), n);
      c.function.backward(c.function.backwardReadsY() ? y.data() : x.data(), dx.data(), dx.data(), n);
      for (int64_t i = 0; i < n; ++i) {
        ASSERT_EQ(y[i], all[i]) << c.name << " " << i << " of " << n;
        ASSERT_EQ(dx[i], allDx[i]) << c.name << " gradient " << i << " of " << n;
      }
      EXPECT_EQ(y[n], 123);
      EXPECT_EQ(dx[n], 456);
    }
  }
}

// Slopes where a piece ends, as TensorFlow's gradients have them: a ReLU's is that of the lower side, a clip's that of the inside.
TEST(Activations, slopesAtTheJoints) {
  const auto slope = [](const char* name, float at, Value::Object options = {}) {
    options["op"] = "activation";
    options["activation"] = name;
    OpRunner runner({object(options), {1}, 1});
    runner.forward({at});
    return runner.backward({1})[0];
  };
  EXPECT_EQ(slope("relu", 0), 0);
  EXPECT_EQ(slope("relu6", 0), 0);
  EXPECT_EQ(slope("relu6", 6), 0);
  EXPECT_EQ(slope("relu", 6, {{"maxValue", 6}}), 0);
  EXPECT_EQ(slope("relu", 4, {{"maxValue", 4}}), 1);
  EXPECT_EQ(slope("relu", 1, {{"threshold", 1}}), 0);
  EXPECT_EQ(slope("leakyRelu", 0), 0.2f);
  EXPECT_EQ(slope("relu", 0, {{"negativeSlope", 0.5}}), 0.5f);
  EXPECT_EQ(slope("hardTanh", 1), 1);
  EXPECT_EQ(slope("hardTanh", -1), 1);
  EXPECT_EQ(slope("hardSigmoidKeras2", -2.5f), 0.2f);
  EXPECT_EQ(slope("elu", 0), 1);
}

TEST(Activations, keepsOnlyWhatBackwardNeeds) {
  for (const char* name : {"relu", "sigmoid", "tanh", "elu", "softplus", "softmax", "logSoftmax"}) {
    OpRunner runner({object({{"op", "activation"}, {"activation", name}}), {4}, 1});
    EXPECT_TRUE(runner.op->inPlace && runner.op->readsY && !runner.op->readsX) << name;
  }
  EXPECT_TRUE(OpRunner({object({{"op", "activation"}, {"activation", "linear"}}), {4}, 1}).op->identity);
  EXPECT_FALSE(OpRunner({object({{"op", "activation"}, {"activation", "elu"}, {"alpha", -1}}), {4}, 1}).op->inPlace);
}

TEST(Activations, whatKerasGives) {
  std::ifstream file(GEMMFIT_TEST_DATA "/activations.txt");
  Floats x;
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "#") continue;
    Doubles values;
    for (double v; words >> v;) values.push_back(v);
    if (name == "x") {
      x.assign(values.begin(), values.end());
      continue;
    }
    OpRunner runner({object({{"op", "activation"}, {"activation", name}}), {static_cast<int64_t>(x.size())}, 1});
    expectClose(runner.forward(x), values, 1e-6, name);
    ++checked;
  }
  EXPECT_EQ(checked, 30);
}

TEST(Activations, refusesWhatCannotBe) {
  const auto refused = [](Value::Object spec, const Shape& in) {
    spec["op"] = "activation";
    expectRefused({object(spec), in, 1});
  };
  refused({}, {4});
  refused({{"activation", "nope"}}, {4});
  refused({{"activation", 3}}, {4});
  refused({{"activation", "celu"}, {"alpha", 0}}, {4});
  refused({{"activation", "elu"}, {"alpha", "x"}}, {4});
  refused({{"activation", "glu"}}, {3});
  for (const char* name : {"softmax", "glu", "sparsemax"}) {
    refused({{"activation", name}, {"axis", 0}}, {4, 2});
    refused({{"activation", name}, {"axis", 3}}, {4, 2});
    refused({{"activation", name}, {"axis", -3}}, {4, 2});
    refused({{"activation", name}, {"axis", 1.5}}, {4, 2});
    refused({{"activation", name}}, {});
  }
}

}  // namespace
}  // namespace gemmfit::test
