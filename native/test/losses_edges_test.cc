// Losses where formulas bend: clipped and saturated predictions, kinks, labels that are no class, whole batches, impossible specs.
#include <gtest/gtest.h>

#include "native/engine/error.h"
#include "native/engine/loss.h"
#include "native/test/losses_reference.h"

namespace gemmfit {
namespace {

using Floats = std::vector<float>;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

Value spec(const char* name, Value::Object options = {}) {
  options["loss"] = name;
  return options;
}

float valueOf(const Value& s, const Floats& y, const Floats& p) {
  float out = -77;
  makeLoss(s, static_cast<int64_t>(p.size()))->values(y.data(), p.data(), 1, &out);
  return out;
}

Floats slopeOf(const Value& s, const Floats& y, const Floats& p, float scale = 1) {
  Floats out(p.size(), -77.0f);
  makeLoss(s, static_cast<int64_t>(p.size()))->gradient(y.data(), p.data(), &scale, 1, out.data());
  return out;
}

TEST(LossesEdges, ClippedProbabilitiesHaveTheLimitsValueAndNoGradient) {
  const Value bce = spec("binaryCrossentropy");
  EXPECT_NEAR(valueOf(bce, {1}, {0}), 16.118095f, 2e-6);
  EXPECT_NEAR(valueOf(bce, {0}, {1}), 15.942385f, 2e-6);
  EXPECT_NEAR(valueOf(bce, {1}, {-3}), 16.118095f, 2e-6);
  for (const float p : {0.0f, 1.0f, -3.0f, 7.0f, 5e-8f, 0.99999999f})
    for (const float y : {0.0f, 1.0f, 0.3f}) EXPECT_EQ(slopeOf(bce, {y}, {p})[0], 0) << p << ' ' << y;
  EXPECT_NEAR(slopeOf(bce, {1}, {1e-7f})[0], -1e7, 2);  // the limit itself is inside
  EXPECT_NEAR(valueOf(spec("categoricalCrossentropy"), {0, 1}, {1, 0}), 16.118095f, 2e-6);
  EXPECT_EQ(slopeOf(spec("categoricalCrossentropy"), {0, 1}, {1, 0}), (Floats{0, 0}));
  EXPECT_EQ(slopeOf(spec("categoricalCrossentropy"), {1, 0}, {1, 0}), (Floats{0, 0}));
  EXPECT_EQ(slopeOf(spec("sparseCategoricalCrossentropy"), {1}, {1, 0}), (Floats{0, 0}));
  EXPECT_EQ(slopeOf(spec("klDivergence"), {0.5f, 0.5f}, {0, 2}), (Floats{0, 0}));
}

TEST(LossesEdges, LogitsDoNotClip) {
  const Value bce = spec("binaryCrossentropy", {{"fromLogits", true}});
  EXPECT_FLOAT_EQ(valueOf(bce, {1}, {-50}), 50);
  EXPECT_FLOAT_EQ(valueOf(bce, {0}, {1e30f}), 1e30f);
  EXPECT_FLOAT_EQ(slopeOf(bce, {1}, {-1e30f})[0], -1);
  EXPECT_NEAR(slopeOf(bce, {0}, {-40})[0] / std::exp(-40.0), 1, 1e-5);
  EXPECT_EQ(slopeOf(bce, {1}, {200})[0], 0);
  const Value cce = spec("categoricalCrossentropy", {{"fromLogits", true}}),
              scce = spec("sparseCategoricalCrossentropy", {{"fromLogits", true}});
  EXPECT_FLOAT_EQ(valueOf(cce, {0, 1, 0}, {1000, 0, -1000}), 1000);
  EXPECT_FLOAT_EQ(valueOf(scce, {1}, {1000, 0, -1000}), 1000);
  EXPECT_FLOAT_EQ(valueOf(scce, {0}, {3e38f, -3e38f, 0}), 0);
  EXPECT_EQ(slopeOf(scce, {1}, {1000, 0, -1000}), (Floats{1, -1, 0}));
  EXPECT_FLOAT_EQ(valueOf(scce, {0}, {0, -kInf}), 0);  // a class that was ruled out
  EXPECT_EQ(slopeOf(scce, {0}, {0, -kInf}), (Floats{0, 0}));
}

// TensorFlow's kernel gives softmax - label even where labels do not add up to 1.
TEST(LossesEdges, LogitGradientTakesLabelsAsTheyAre) {
  const Floats g = slopeOf(spec("categoricalCrossentropy", {{"fromLogits", true}}), {1, 1, 0, 0}, {0, 0, 0, 0});
  EXPECT_EQ(g, (Floats{-0.75f, -0.75f, 0.25f, 0.25f}));
}

TEST(LossesEdges, Kinks) {
  EXPECT_EQ(slopeOf(spec("meanAbsoluteError"), {2}, {2})[0], 0);
  EXPECT_EQ(slopeOf(spec("meanAbsolutePercentageError"), {2}, {2})[0], 0);
  EXPECT_EQ(slopeOf(spec("hinge"), {1}, {1})[0], -1);  // maximum(1 - yp, 0) is taken from the left at a tie
  EXPECT_EQ(slopeOf(spec("hinge"), {1}, {1.001f})[0], 0);
  EXPECT_EQ(slopeOf(spec("squaredHinge"), {1}, {1})[0], 0);
  EXPECT_EQ(slopeOf(spec("huber", {{"delta", 2}}), {0}, {-2})[0], -2);
  EXPECT_EQ(slopeOf(spec("categoricalHinge"), {1, 0, 0}, {0, 3, 3}), (Floats{-1, 0.5f, 0.5f}));  // equal maxima share
  EXPECT_EQ(slopeOf(spec("categoricalHinge"), {1, 0, 0}, {9, 0, 0}), (Floats{0, 0, 0}));
  EXPECT_EQ(slopeOf(spec("meanSquaredLogarithmicError"), {1}, {-1})[0], 0);
  EXPECT_FLOAT_EQ(valueOf(spec("logCosh"), {0}, {-1000}), 1000 - 0.6931472f);
  EXPECT_EQ(valueOf(spec("logCosh"), {3e38f}, {-3e38f}), kInf);
  EXPECT_FLOAT_EQ(valueOf(spec("meanAbsolutePercentageError"), {0}, {1}), 1e9f);
  EXPECT_EQ(valueOf(spec("poisson"), {1}, {-1e-7f}), kInf);
  EXPECT_TRUE(std::isnan(valueOf(spec("poisson"), {1}, {-1})));
}

TEST(LossesEdges, HingeReadsBinaryLabelsAsSigns) {
  for (const char* name : {"hinge", "squaredHinge"}) {
    const std::unique_ptr<Loss> loss = makeLoss(spec(name), 1);
    ASSERT_TRUE(loss->preparesBatch());
    const Floats binary{0, 1, 0, 0}, signs{-1, 1, -1, -1}, mixed{0, 1, 0, -1}, p{0.5f, 0.5f, -0.25f, 3}, scale{1, 1, 1, 1};
    const auto run = [&](const Floats& y) {
      Floats out(8);
      loss->prepare(y.data(), 4);
      loss->values(y.data(), p.data(), 4, out.data());
      loss->gradient(y.data(), p.data(), scale.data(), 4, out.data() + 4);
      return out;
    };
    EXPECT_EQ(run(binary), run(signs)) << name;
    EXPECT_EQ(run(mixed)[0], 1) << name;  // 0 stays 0 where the labels are not all 0 or 1
    EXPECT_EQ(run(binary), run(signs)) << name << ", after another batch";
  }
}

TEST(LossesEdges, CosineOfVectorsWithoutLength) {
  const Value cosine = spec("cosineSimilarity");
  EXPECT_EQ(valueOf(cosine, {1, 2}, {0, 0}), 0);
  EXPECT_EQ(valueOf(cosine, {0, 0}, {1, 2}), 0);
  for (const float g : slopeOf(cosine, {3, 4}, {0, 0})) EXPECT_TRUE(std::isfinite(g));
  EXPECT_FLOAT_EQ(valueOf(cosine, {3e20f, 4e20f}, {3e20f, 4e20f}), -1);
}

TEST(LossesEdges, LabelsThatAreNoClassGiveNaN) {
  for (const bool logits : {false, true}) {
    const Value s = spec("sparseCategoricalCrossentropy", {{"fromLogits", logits}});
    for (const float label : {-1.0f, 3.0f, 1e30f, -kInf, kInf, kNaN}) {
      EXPECT_TRUE(std::isnan(valueOf(s, {label}, {0.2f, 0.3f, 0.5f}))) << label;
      for (const float g : slopeOf(s, {label}, {0.2f, 0.3f, 0.5f})) EXPECT_TRUE(std::isnan(g)) << label;
      for (const float g : slopeOf(s, {label}, {0.2f, 0.3f, 0.5f}, 0)) EXPECT_EQ(g, 0) << label;
      EXPECT_TRUE(std::isnan(valueOf(spec("categoricalGeneralizedCrossEntropy"), {label}, {0.2f, 0.3f, 0.5f}))) << label;
    }
  }
}

TEST(LossesEdges, IgnoredClassIsAbsent) {
  for (const double ignored : {-1.0, 255.0, 1.0}) {
    const std::unique_ptr<Loss> loss = makeLoss(spec("sparseCategoricalCrossentropy", {{"ignoreClass", ignored}}), 2);
    ASSERT_TRUE(loss->ignores());
    const Floats y{0, static_cast<float>(ignored)}, p{0.25f, 0.75f, 0.4f, kNaN}, scale{1, 1};
    Floats values(2), kept(2), grad(4);
    loss->values(y.data(), p.data(), 2, values.data());
    loss->kept(y.data(), 2, kept.data());
    loss->gradient(y.data(), p.data(), scale.data(), 2, grad.data());
    EXPECT_NEAR(values[0], std::log(4.0), 1e-6);
    EXPECT_EQ(values[1], 0);
    EXPECT_EQ(kept, (Floats{1, 0}));
    EXPECT_EQ(grad[2], 0);
    EXPECT_EQ(grad[3], 0);
  }
  EXPECT_FALSE(makeLoss(spec("sparseCategoricalCrossentropy", {{"ignoreClass", Value()}}), 2)->ignores());
}

TEST(LossesEdges, WholeBatchesOfAnySize) {
  for (const Value& s : {spec("dice"), spec("tversky", {{"alpha", 0.3}, {"beta", 0.7}})}) {
    const std::unique_ptr<Loss> loss = makeLoss(s, 3);
    ASSERT_TRUE(loss->wholeBatch());
    for (const int64_t n : {1, 3, 8, 21, 4099}) {
      loss->width = loss->labelWidth = n;
      Floats y, p;
      for (int64_t j = 0; j < n; ++j) {
        y.push_back(j % 3 == 0 ? 1.0f : 0.0f);
        p.push_back(static_cast<float>(j % 7) / 10);
      }
      const reference::Doubles yd(y.begin(), y.end()), pd(p.begin(), p.end());
      float value = 0;
      const float scale = 0.5f;
      Floats grad(p.size());
      loss->values(y.data(), p.data(), 1, &value);
      loss->gradient(y.data(), p.data(), &scale, 1, grad.data());
      EXPECT_NEAR(value, reference::loss(s, yd, pd), 1e-6);
      if (n > 100) continue;
      const reference::Doubles slope = reference::gradient(s, yd, pd);
      for (size_t j = 0; j < p.size(); ++j) EXPECT_NEAR(grad[j], 0.5 * slope[j], 1e-5 * std::max(1.0, std::fabs(slope[j]))) << n;
    }
  }
}

TEST(LossesEdges, OverlapAlongAnyAxes) {
  const Shape sample{3, 4, 2};
  const int64_t rows = 2, n = rows * sizeOf(sample);
  const Shape all{rows, 3, 4, 2};
  Floats y, p;
  for (int64_t j = 0; j < n; ++j) {
    y.push_back(j * 7 % 3 == 0 ? 1.0f : 0.0f);
    p.push_back(static_cast<float>(j * 11 % 17 + 1) / 20);
  }
  for (int set = 0; set < 16; ++set) {
    Value::Array axes;
    for (int axis = 3; axis >= 0; --axis)
      if (set >> axis & 1) axes.push_back(axis % 2 ? axis : axis - 4);  // in any order, from either end
    for (Value::Object spec : {Value::Object{{"loss", "dice"}}, Value::Object{{"loss", "tversky"}, {"alpha", 0.3}, {"beta", 0.6}}}) {
      spec["axes"] = axes;
      SCOPED_TRACE(set);
      const std::unique_ptr<Loss> loss = makeLoss(spec, 2);
      loss->setSample(sample);
      EXPECT_EQ(loss->wholeBatch(), set != 8);  // the last axis alone is no matter of the batch
      if (set != 8) loss->width = n;            // as the head sets it
      // Element by element: which group it belongs to.
      std::vector<std::vector<size_t>> groups;
      for (int64_t j = 0; j < n; ++j) {
        int64_t group = 0, rest = j, stride = n;
        for (size_t axis = 0; axis < 4; ++axis) {
          stride /= all[axis];
          if (!(set >> axis & 1)) group = group * all[axis] + rest / stride;
          rest %= stride;
        }
        groups.resize(std::max(groups.size(), static_cast<size_t>(group) + 1));
        groups[static_cast<size_t>(group)].push_back(static_cast<size_t>(j));
      }
      const int64_t items = static_cast<int64_t>(groups.size());
      if (set != 8) {
        EXPECT_EQ(loss->layout().items, items);
        EXPECT_EQ(loss->layout().rows, !(set & 1));
      }
      Floats values(groups.size()), grad(p.size(), -77.0f), scale;
      for (int64_t i = 0; i < items; ++i) scale.push_back(i % 3 == 2 ? 0.0f : 0.5f + static_cast<float>(i));
      loss->values(y.data(), p.data(), items, values.data());
      loss->gradient(y.data(), p.data(), scale.data(), items, grad.data());
      for (size_t i = 0; i < groups.size(); ++i) {
        reference::Doubles yi, pi;
        for (const size_t j : groups[i]) {
          yi.push_back(y[j]);
          pi.push_back(p[j]);
        }
        EXPECT_NEAR(values[i], reference::loss(spec, yi, pi), 1e-6);
        const reference::Doubles slope = reference::gradient(spec, yi, pi);
        for (size_t k = 0; k < yi.size(); ++k)
          EXPECT_NEAR(grad[groups[i][k]], scale[i] * slope[k], 1e-5 * scale[i] * std::max(1.0, std::fabs(slope[k])));
      }
    }
  }
}

TEST(LossesEdges, CircleOfEmbeddings) {
  const Floats labels{4, 7, 4, 4, 7, 1};
  Floats e;
  for (int i = 0; i < 6; ++i) {
    const Floats v{std::sin(1.3f * i), std::cos(2.1f * i), 0.3f * i - 1};
    const float length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (const float x : v) e.push_back(0.999f * x / length);  // off the kink at distance 0
  }
  const reference::Doubles ld(labels.begin(), labels.end()), ed(e.begin(), e.end());
  for (const Value& s : {spec("circle", {{"gamma", 2}}), spec("circle", {{"gamma", 5}, {"margin", 0.2}}),
                         spec("circle", {{"gamma", 1}, {"removeDiagonal", false}})}) {
    const std::unique_ptr<Loss> loss = makeLoss(s, 3);
    ASSERT_TRUE(loss->wholeBatch());
    ASSERT_TRUE(loss->countsAboveZero());
    loss->width = loss->labelWidth = static_cast<int64_t>(e.size());  // as the head sets them
    ASSERT_EQ(loss->layout().items, 6);
    const Floats scale{1, 0.5f, 2, 0, 3, 1};
    Floats values(6), grad(e.size());
    loss->values(labels.data(), e.data(), 6, values.data());
    loss->gradient(labels.data(), e.data(), scale.data(), 6, grad.data());
    const reference::Doubles right = reference::circle(s, ld, ed);
    for (size_t i = 0; i < right.size(); ++i) EXPECT_NEAR(values[i], right[i], 1e-5 * std::max(1.0, right[i])) << i;
    const auto scaled = [&](const reference::Doubles& at) {
      const reference::Doubles losses = reference::circle(s, ld, at);
      double sum = 0;
      for (size_t i = 0; i < losses.size(); ++i) sum += scale[i] * losses[i];
      return sum;
    };
    for (size_t j = 0; j < e.size(); ++j) {
      reference::Doubles above = ed, below = ed;
      above[j] += 1e-6;
      below[j] -= 1e-6;
      const double slope = (scaled(above) - scaled(below)) / 2e-6;
      EXPECT_NEAR(grad[j], slope, 2e-5 * std::max(1.0, std::fabs(slope))) << j;
    }
  }
  const std::unique_ptr<Loss> loss = makeLoss(spec("circle"), 3);  // one sample alone: nothing to compare
  float value = -1;
  Floats grad(3, 5.0f);
  const float scale = 1;
  loss->values(labels.data(), e.data(), 1, &value);
  loss->gradient(labels.data(), e.data(), &scale, 1, grad.data());
  EXPECT_EQ(value, 0);
  EXPECT_EQ(grad, (Floats{0, 0, 0}));
}

TEST(LossesEdges, ImpossibleSpecsThrow) {
  const auto code = [](const Value& s, int64_t width) -> std::string {
    try {
      makeLoss(s, width);
    } catch (const Error& e) {
      return e.code;
    }
    return "none";
  };
  EXPECT_EQ(code(spec("nonsense"), 3), "ERR_SPEC");
  EXPECT_EQ(code(Value(), 3), "ERR_SPEC");
  EXPECT_EQ(code(spec("meanSquaredError"), 0), "ERR_SPEC");
  EXPECT_EQ(code(spec("huber", {{"delta", kNaN}}), 3), "ERR_SPEC");
  EXPECT_EQ(code(spec("huber", {{"delta", "1"}}), 3), "ERR_SPEC");
  EXPECT_EQ(code(spec("binaryCrossentropy", {{"labelSmoothing", 1e300}}), 3), "ERR_SPEC");
  EXPECT_EQ(code(spec("categoricalFocalCrossentropy", {{"alpha", Value::Array{1, 2}}}), 3), "ERR_SHAPE");
  EXPECT_EQ(code(spec("categoricalFocalCrossentropy", {{"alpha", Value::Array{}}}), 3), "ERR_SHAPE");
  EXPECT_EQ(code(spec("categoricalGeneralizedCrossEntropy", {{"q", 1}}), 3), "ERR_SPEC");
  EXPECT_EQ(code(spec("sparseCategoricalCrossentropy", {{"ignoreClass", kInf}}), 3), "ERR_SPEC");
  EXPECT_EQ(code(spec("meanSquaredError"), 3), "none");
  for (const Value::Array& axes : {Value::Array{3}, Value::Array{-4}, Value::Array{1, -2}})
    EXPECT_THROW(makeLoss(spec("dice", {{"axes", axes}}), 3)->setSample({4, 3}), Error);
}

}  // namespace
}  // namespace gemmfit
