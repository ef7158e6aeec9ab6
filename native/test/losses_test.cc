// Losses against a naive double-precision reference and its central differences, on shapes that leave remainders.
#include "native/engine/loss.h"

#include <gtest/gtest.h>

#include "native/kernels/simd_targets.h"
#include "native/test/losses_reference.h"

#include "hwy/targets.h"

namespace gemmfit {
namespace {

using Floats = std::vector<float>;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Numbers that look random and are the same everywhere.
class Random {
 public:
  float in(float low, float high) { return low + (high - low) * static_cast<float>(bits()) * 0x1p-31f; }
  int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint32_t>(n)); }

 private:
  uint32_t bits() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>(state_ >> 33);
  }
  uint64_t state_ = 20240229;
};

enum class Labels { real, positive, binary, signs, oneHot, distribution, classes };
enum class Predictions { real, positive, probability };

struct Case {
  const char* loss;
  Value::Object options;
  Labels labels;
  Predictions predictions;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"meanSquaredError", {}, Labels::real, Predictions::real},
      {"meanAbsoluteError", {}, Labels::real, Predictions::real},
      {"meanAbsolutePercentageError", {}, Labels::positive, Predictions::real},
      {"meanSquaredLogarithmicError", {}, Labels::positive, Predictions::positive},
      {"logCosh", {}, Labels::real, Predictions::real},
      {"huber", {}, Labels::real, Predictions::real},
      {"huber", {{"delta", 0.3}}, Labels::real, Predictions::real},
      {"poisson", {}, Labels::positive, Predictions::positive},
      {"klDivergence", {}, Labels::distribution, Predictions::probability},
      {"hinge", {}, Labels::signs, Predictions::real},
      {"squaredHinge", {}, Labels::signs, Predictions::real},
      {"categoricalHinge", {}, Labels::oneHot, Predictions::real},
      {"cosineSimilarity", {}, Labels::real, Predictions::real},
      {"binaryCrossentropy", {}, Labels::binary, Predictions::probability},
      {"binaryCrossentropy", {{"labelSmoothing", 0.2}}, Labels::binary, Predictions::probability},
      {"binaryCrossentropy", {{"fromLogits", true}}, Labels::binary, Predictions::real},
      {"binaryCrossentropy", {{"fromLogits", true}, {"labelSmoothing", 0.1}}, Labels::positive, Predictions::real},
      {"binaryFocalCrossentropy", {}, Labels::binary, Predictions::probability},
      {"binaryFocalCrossentropy", {{"gamma", 0}, {"labelSmoothing", 0.1}}, Labels::binary, Predictions::probability},
      {"binaryFocalCrossentropy",
       {{"gamma", 1.5}, {"applyClassBalancing", true}, {"alpha", 0.4}},
       Labels::binary,
       Predictions::probability},
      {"binaryFocalCrossentropy", {{"gamma", 2.5}, {"fromLogits", true}}, Labels::binary, Predictions::real},
      {"categoricalCrossentropy", {}, Labels::oneHot, Predictions::probability},
      {"categoricalCrossentropy", {{"labelSmoothing", 0.1}}, Labels::oneHot, Predictions::probability},
      {"categoricalCrossentropy", {{"fromLogits", true}}, Labels::distribution, Predictions::real},
      {"categoricalCrossentropy", {{"fromLogits", true}, {"labelSmoothing", 0.3}}, Labels::oneHot, Predictions::real},
      {"categoricalFocalCrossentropy", {}, Labels::oneHot, Predictions::probability},
      {"categoricalFocalCrossentropy", {{"gamma", 0.5}, {"alpha", Value::Array{0.7}}}, Labels::distribution, Predictions::probability},
      {"categoricalFocalCrossentropy", {{"fromLogits", true}, {"gamma", 3}, {"labelSmoothing", 0.1}}, Labels::oneHot, Predictions::real},
      {"sparseCategoricalCrossentropy", {}, Labels::classes, Predictions::probability},
      {"sparseCategoricalCrossentropy", {{"fromLogits", true}}, Labels::classes, Predictions::real},
      {"sparseCategoricalCrossentropy", {{"fromLogits", true}, {"ignoreClass", 0}}, Labels::classes, Predictions::real},
      {"categoricalGeneralizedCrossEntropy", {{"q", 0.3}}, Labels::classes, Predictions::probability},
      {"dice", {{"whole", false}}, Labels::binary, Predictions::probability},
      {"tversky", {{"whole", false}, {"alpha", 0.3}, {"beta", 0.7}}, Labels::positive, Predictions::probability},
  };
  return all;
}

Value specOf(const Case& c) {
  Value::Object spec = c.options;
  spec["loss"] = c.loss;
  return spec;
}

std::string describe(const Case& c, int64_t items, int64_t width) {
  std::string s = c.loss;
  for (const auto& o : c.options) s += ' ' + o.first;
  return s + " [" + std::to_string(items) + ", " + std::to_string(width) + "]";
}

Floats makeLabels(Random& random, Labels kind, int64_t items, int64_t width) {
  Floats y;
  for (int64_t i = 0; i < items; ++i) {
    if (kind == Labels::classes) {
      y.push_back(static_cast<float>(random.below(width)));
      continue;
    }
    Floats row;
    float sum = 0;
    for (int64_t j = 0; j < width; ++j) {
      row.push_back(kind == Labels::real || kind == Labels::signs ? random.in(-2, 2) : random.in(0.1f, 1));
      if (kind == Labels::signs) row.back() = row.back() < 0 ? -1.0f : 1.0f;
      if (kind == Labels::binary) row.back() = row.back() < 0.5f ? 0.0f : 1.0f;
      sum += row.back();
    }
    if (kind == Labels::distribution)
      for (float& v : row) v /= sum;
    if (kind == Labels::oneHot) {
      std::fill(row.begin(), row.end(), 0.0f);
      row[static_cast<size_t>(random.below(width))] = 1;
    }
    y.insert(y.end(), row.begin(), row.end());
  }
  return y;
}

Floats makePredictions(Random& random, Predictions kind, int64_t n) {
  Floats p;
  for (int64_t i = 0; i < n; ++i)
    p.push_back(kind == Predictions::real       ? random.in(-3, 3)
                : kind == Predictions::positive ? random.in(0.05f, 3)
                                                : random.in(0.02f, 0.95f));
  return p;
}

reference::Doubles row(const Floats& x, int64_t i, int64_t width) { return {x.begin() + i * width, x.begin() + (i + 1) * width}; }

// Calls with arrays of exactly the size there is, so that a sanitizer sees any step over their ends.
Floats valuesOf(const Loss& loss, const Floats& y, const Floats& p, int64_t items) {
  Floats out(static_cast<size_t>(items), -77.0f);
  loss.values(y.data(), p.data(), items, out.data());
  return out;
}
Floats gradientOf(const Loss& loss, const Floats& y, const Floats& p, const Floats& scale) {
  Floats out(p.size(), -77.0f);
  loss.gradient(y.data(), p.data(), scale.data(), static_cast<int64_t>(scale.size()), out.data());
  return out;
}

void check(const Case& c, int64_t items, int64_t width) {
  SCOPED_TRACE(describe(c, items, width));
  Random random;
  const Value spec = specOf(c);
  const std::unique_ptr<Loss> loss = makeLoss(spec, width);
  ASSERT_EQ(loss->width, width);
  ASSERT_EQ(loss->labelWidth, c.labels == Labels::classes ? 1 : width);
  const Floats y = makeLabels(random, c.labels, items, width), p = makePredictions(random, c.predictions, items * width);
  Floats scale;
  for (int64_t i = 0; i < items; ++i) scale.push_back(i % 5 == 4 ? 0.0f : random.in(0.1f, 2));
  if (loss->preparesBatch()) loss->prepare(y.data(), items);
  const Floats values = valuesOf(*loss, y, p, items), grad = gradientOf(*loss, y, p, scale);
  for (int64_t i = 0; i < items; ++i) {
    const reference::Doubles yi = row(y, i, loss->labelWidth), pi = row(p, i, width), slope = reference::gradient(spec, yi, pi);
    const double expected = reference::loss(spec, yi, pi);
    ASSERT_NEAR(values[i], expected, 3e-6 * std::max(std::fabs(expected), 0.1)) << "value " << i;
    double most = 0;
    for (const double s : slope) most = std::max(most, std::fabs(s));
    for (int64_t j = 0; j < width; ++j)
      ASSERT_NEAR(grad[i * width + j], scale[i] * slope[j], 1e-5 * scale[i] * std::max(most, 0.1)) << "gradient " << i << ", " << j;
  }
}

TEST(Losses, SameAsReferenceOnOddShapes) {
  for (const Case& c : cases())
    for (const auto& [items, width] : std::vector<std::pair<int64_t, int64_t>>{
             {1, 1}, {37, 1}, {300, 1}, {7, 2}, {5, 3}, {131, 5}, {13, 10}, {3, 16}, {2, 37}, {2, 211}}) {
      const std::string name = c.loss;
      if (width == 1 && name.rfind("categorical", 0) == 0) continue;  // of one class there is nothing to differentiate
      check(c, items, width);
    }
}

// Rows longer than the blocks that the kernels work in. The quadratic cost of differences is spent on one row each.
TEST(Losses, SameAsReferenceOnLongRows) {
  for (const Case& c : cases()) check(c, 1, 1031);
}

// Kernels are built for several instruction sets and one is chosen when the program runs; each must give the same.
TEST(Losses, SameAsReferenceOnEveryInstructionSet) {
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (const Case& c : cases()) {
      check(c, 21, 3);
      check(c, 3, 23);
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(Losses, NoItemsTouchNothing) {
  for (const Case& c : cases()) {
    const std::unique_ptr<Loss> loss = makeLoss(specOf(c), 4);
    loss->values(nullptr, nullptr, 0, nullptr);
    loss->gradient(nullptr, nullptr, nullptr, 0, nullptr);
    if (loss->preparesBatch()) loss->prepare(nullptr, 0);
  }
}

TEST(Losses, NaNComesThroughAndScaleZeroSilencesIt) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(describe(c, 3, 4));
    Random random;
    const std::unique_ptr<Loss> loss = makeLoss(specOf(c), 4);
    Floats y = makeLabels(random, c.labels, 3, 4), p = makePredictions(random, c.predictions, 12);
    if (c.labels == Labels::classes) y[1] = 2;
    for (int64_t j = 0; j < 4; ++j) {
      const bool generalized = std::string(c.loss) == "categoricalGeneralizedCrossEntropy";  // looks at one class only
      if (generalized && j != 2) continue;
      Floats broken = p;
      broken[static_cast<size_t>(4 + j)] = kNaN;
      const Floats values = valuesOf(*loss, y, broken, 3), clean = valuesOf(*loss, y, p, 3);
      EXPECT_EQ(values[0], clean[0]);
      EXPECT_TRUE(std::isnan(values[1])) << "value with NaN at " << j;
      EXPECT_EQ(values[2], clean[2]);
      EXPECT_TRUE(std::isnan(gradientOf(*loss, y, broken, {1, 1, 1})[static_cast<size_t>(4 + j)])) << "gradient with NaN at " << j;
      for (const float g : gradientOf(*loss, y, broken, {0, 0, 0})) EXPECT_EQ(g, 0.0f);
    }
  }
}

}  // namespace
}  // namespace gemmfit
