// Metrics against values worked out by hand, those of the Keras documentation among them, and at the edges of their input.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "native/engine/error.h"
#include "native/test/metrics_harness.h"

namespace gemmfit {
namespace {

using Object = Value::Object;
using Array = Value::Array;

const float kNaN = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();

void expectAll(const std::vector<double>& got, const std::vector<double>& expected, double tolerance = 1e-6) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << "at " << i;
}

Value lossMean(const char* loss, Object options = {}) {
  options["loss"] = loss;
  return metricSpec("mean", options);
}

TEST(Metrics, ElementAccuracies) {
  expectAll(measure(metricSpec("accuracy"), 1, 1, {1, 2, 3, 4}, {0, 2, 3, 4}), {0.75});
  expectAll(measure(metricSpec("accuracy"), 1, 1, {1, 2, 3, 4}, {0, 2, 3, 4}, {1, 1, 0, 0}), {0.5});
  const Floats y{1, 1, 0, 0}, p{0.98f, 1, 0, 0.6f};
  expectAll(measure(metricSpec("binaryAccuracy"), 1, 1, y, p), {0.75});
  expectAll(measure(metricSpec("binaryAccuracy"), 1, 1, y, p, {1, 0, 0, 1}), {0.5});
  expectAll(measure(metricSpec("binaryAccuracy", {{"threshold", 0.6}}), 1, 1, y, p), {1});  // strictly above, compared in float32
  // Two elements an item: item values 1/2 and 1, weights 3 and 1.
  expectAll(measure(metricSpec("binaryAccuracy"), 2, 2, {1, 0, 1, 0}, {0.9f, 0.9f, 0.9f, 0.1f}, {3, 1}), {2.5 / 4});
  expectAll(measure(metricSpec("binaryAccuracy"), 1, 1, {0.5f}, {0.7f}), {0});  // a soft label equals neither 0 nor 1
}

TEST(Metrics, CategoricalAccuracies) {
  const Floats onehot{0, 0, 1, 0, 1, 0}, p{0.1f, 0.9f, 0.8f, 0.05f, 0.95f, 0};
  expectAll(measure(metricSpec("categoricalAccuracy"), 3, 3, onehot, p, {0.7f, 0.3f}), {0.3});
  expectAll(measure(metricSpec("sparseCategoricalAccuracy"), 3, 1, {2, 1}, p, {0.7f, 0.3f}), {0.3});
  // Equal scores: the first wins. A label that is no class, or not whole, is never right.
  const Floats ties{1, 3, 3, 1};
  for (const float label : {0.0f, 1.0f, 2.0f, 3.0f, 1.5f, -1.0f, 4.0f, kNaN, kInf})
    EXPECT_EQ(measure(metricSpec("sparseCategoricalAccuracy"), 4, 1, {label}, ties)[0], label == 1 ? 1 : 0) << label;
  // NaN never wins; where nothing can win, class 0 does.
  EXPECT_EQ(measure(metricSpec("sparseCategoricalAccuracy"), 3, 1, {2}, {kNaN, 0, 1})[0], 1);
  EXPECT_EQ(measure(metricSpec("sparseCategoricalAccuracy"), 3, 1, {0}, {kNaN, kNaN, kNaN})[0], 1);
  EXPECT_EQ(measure(metricSpec("sparseCategoricalAccuracy"), 3, 1, {1}, {-kInf, -kInf, -kInf})[0], 0);
  EXPECT_EQ(measure(metricSpec("sparseCategoricalAccuracy"), 3, 1, {1}, {0, kInf, kInf})[0], 1);
}

TEST(Metrics, TopK) {
  const Floats p{0.1f, 0.9f, 0.8f, 0.3f};
  const auto sparse = [&](double label, int k, const Floats& scores) {
    return measure(metricSpec("sparseTopKCategoricalAccuracy", {{"k", k}}), static_cast<int64_t>(scores.size()), 1,
                   {static_cast<float>(label)}, scores)[0];
  };
  EXPECT_EQ(sparse(1, 1, p), 1);
  EXPECT_EQ(sparse(2, 1, p), 0);
  EXPECT_EQ(sparse(2, 2, p), 1);
  EXPECT_EQ(sparse(0, 3, p), 0);
  EXPECT_EQ(sparse(0, 9, p), 1);
  EXPECT_EQ(sparse(2.9, 2, p), 1);  // cut to 2
  EXPECT_EQ(sparse(4, 9, p), 0);
  EXPECT_EQ(sparse(2, 1, {1, 5, 5, 5}), 1);     // a tie at the boundary is a hit
  EXPECT_EQ(sparse(1, 4, {1, 5, kInf, 5}), 0);  // not finite: no
  EXPECT_EQ(measure(metricSpec("topKCategoricalAccuracy", {{"k", 2}}), 4, 4, {0, 0, 1, 0}, p)[0], 1);
  const Value sorted = metricSpec("sparseTopKCategoricalAccuracy", {{"k", 2}, {"fromSortedIds", true}});
  expectAll(measure(sorted, 3, 1, {7, 7}, {5, 7, 1, 5, 1, 7}), {0.5});
}

TEST(Metrics, ConfusionCounts) {
  const Floats y{0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1};
  const Floats p{0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1};
  const Floats w{1, 1.5f, 2, 2.5f};
  expectAll(measure(metricSpec("falsePositives"), 5, 5, y, p, w), {14});
  expectAll(measure(metricSpec("falseNegatives"), 5, 5, y, p, w), {5});
  expectAll(measure(metricSpec("trueNegatives"), 5, 5, y, p, w), {4});
  expectAll(measure(metricSpec("truePositives"), 5, 5, y, p, w), {12});
  // One result a threshold, in the order given.
  const Floats p4{0.9f, 0.2f, 0.8f, 0.1f, 0.2f, 0.9f, 0.7f, 0.6f, 0.1f, 0.2f, 0.4f, 0.3f, 0, 1, 0.7f, 0.3f};
  const Floats y4{0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  const Array thresholds{0.5, 0.85, 0.15};
  expectAll(measure(metricSpec("falsePositives", {{"thresholds", thresholds}}), 4, 4, y4, p4), {4, 2, 7});
  expectAll(measure(metricSpec("falseNegatives", {{"thresholds", thresholds}}), 4, 4, y4, p4, {3, 5, 7, 4}), {16, 23, 4});
  expectAll(measure(metricSpec("truePositives", {{"thresholds", thresholds}}), 4, 4, y4, p4), {3, 1, 6});
  // Any label that is not 0 is positive; NaN is above no threshold.
  expectAll(measure(metricSpec("falseNegatives"), 1, 1, {-2, 1, 0}, {0, kNaN, kNaN}), {2});
}

TEST(Metrics, PrecisionAndRecall) {
  expectAll(measure(metricSpec("precision"), 1, 1, {0, 1, 1, 1}, {1, 0, 1, 1}), {2.0 / 3});
  expectAll(measure(metricSpec("precision"), 1, 1, {0, 0}, {0, 0}), {0});
  // Of equal scores the one further to the front is among the top k.
  const Floats y{0, 1, 1, 0, 1, 1, 0, 1, 1, 1}, p{0.2f, 0.1f, 0.4f, 0, 0.2f, 0.2f, 0.6f, 0.4f, 0.2f, 0.2f};
  expectAll(measure(metricSpec("precision", {{"topK", 3}}), 5, 5, y, p), {4.0 / 6});
  expectAll(measure(metricSpec("recall", {{"topK", 3}}), 5, 5, y, p), {4.0 / 7});
  expectAll(measure(metricSpec("recall", {{"topK", 2}, {"thresholds", Array{0.7}}}), 5, 5, {1, 1, 1, 0, 1}, {0.2f, 0.8f, 0.6f, 0, 0.2f}),
            {0.25});
  expectAll(measure(metricSpec("recall", {{"topK", 9}}), 2, 2, {1, 1}, {-3, kNaN}), {0.5});
  const Floats classes{0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1};
  const Floats scores{0.1f, 0.2f, 0.7f, 0.5f, 0.3f, 0.2f, 0.2f, 0.6f, 0.2f, 0.7f, 0.2f, 0.1f, 0.1f, 0.1f, 0.8f};
  expectAll(measure(metricSpec("precision", {{"classId", 1}}), 3, 3, classes, scores), {1});
  expectAll(measure(metricSpec("recall", {{"classId", 0}}), 3, 3, classes, scores), {0.5});
}

TEST(Metrics, Auc) {
  const Floats y{0, 0, 1, 1}, p{0, 0.5f, 0.3f, 0.9f}, w{1, 2, 3, 4};
  const auto area = [&](Object options) {
    options["numThresholds"] = 3;
    return measure(metricSpec("auc", options), 1, 1, y, p, w)[0];
  };
  EXPECT_NEAR(measure(metricSpec("auc", {{"numThresholds", 3}}), 1, 1, y, p)[0], 0.75, 1e-12);
  EXPECT_NEAR(area({}), (1 + 4.0 / 7) / 2, 1e-12);
  EXPECT_NEAR(area({{"summationMethod", "majoring"}}), 1, 1e-12);
  EXPECT_NEAR(area({{"summationMethod", "minoring"}}), 4.0 / 7, 1e-12);
  EXPECT_NEAR(area({{"curve", "PR"}, {"summationMethod", "majoring"}}), 1, 1e-12);
  EXPECT_NEAR(area({{"curve", "PR"}, {"summationMethod", "minoring"}}), 0.7 * 3 / 7, 1e-12);
  EXPECT_NEAR(area({{"curve", "PR"}}), (0.5 * (3 + 2 * std::log(2.5)) + 4) / 7, 1e-12);
  EXPECT_EQ(measure(metricSpec("auc"), 1, 1, y, y)[0], 1);
  EXPECT_EQ(measure(metricSpec("auc"), 1, 1, {1, 1}, {0.2f, 0.9f})[0], 0);  // no negatives: no area
  // Thresholds given by hand, with ends added; logits.
  EXPECT_NEAR(measure(metricSpec("auc", {{"thresholds", Array{0.5}}}), 1, 1, y, p)[0], 0.75, 1e-12);
  EXPECT_NEAR(measure(metricSpec("auc", {{"numThresholds", 3}, {"fromLogits", true}}), 1, 1, y, {-30, 0, -0.85f, 2.2f})[0], 0.75, 1e-12);
}

TEST(Metrics, AucOfSeveralLabels) {
  const Floats y{0, 0, 0, 0, 1, 1, 1, 1}, p{0, 0.1f, 0.5f, 0.2f, 0.3f, 0.3f, 0.9f, 0.4f};
  const auto area = [&](Object options) {
    options["numThresholds"] = 5;
    return measure(metricSpec("auc", options), 2, 2, y, p)[0];
  };
  EXPECT_NEAR(area({{"multiLabel", true}}), (0.875 + 1) / 2, 1e-12);
  EXPECT_NEAR(area({{"multiLabel", true}, {"labelWeights", Array{0.75, 0.25}}}), 0.875 * 0.75 + 0.25, 1e-12);
  EXPECT_NEAR(area({}), 1 - 3.0 / 32, 1e-12);
  EXPECT_NEAR(area({{"labelWeights", Array{0.75, 0.25}}}), 1 - (1 - 0.375) * 0.375 / 2, 1e-12);
  EXPECT_NEAR(measure(metricSpec("auc", {{"thresholds", Array{0.5}}, {"multiLabel", true}}), 2, 2, y, p)[0], (0.75 + 0.5) / 2, 1e-12);
}

TEST(Metrics, BestAt) {
  const Floats y{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, p{0, 0.1f, 0.2f, 0.3f, 0.4f, 0.01f, 0.02f, 0.25f, 0.26f, 0.26f};
  const Floats w{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  expectAll(measure(metricSpec("sensitivityAtSpecificity", {{"value", 0.4}}), 1, 1, y, p), {0.6});
  expectAll(measure(metricSpec("sensitivityAtSpecificity", {{"value", 0.4}}), 1, 1, y, p, w), {0.675});
  expectAll(measure(metricSpec("specificityAtSensitivity", {{"value", 1}}), 1, 1, y, p), {0.2});
  expectAll(measure(metricSpec("specificityAtSensitivity", {{"value", 0.4}}), 1, 1, y, p, w), {0.4});
  const Floats q{0, 0.1f, 0.2f, 0.5f, 0.6f, 0.2f, 0.5f, 0.6f, 0.8f, 0.9f};
  expectAll(measure(metricSpec("precisionAtRecall", {{"value", 0.8}}), 1, 1, y, q), {2.0 / 3});
  expectAll(measure(metricSpec("precisionAtRecall", {{"value", 0.6}}), 1, 1, y, q), {0.75});  // 3/5 reaches 0.6
  expectAll(measure(metricSpec("recallAtPrecision", {{"value", 2.0 / 3}}), 1, 1, {1, 1, 0, 0}, {0.1f, 0.2f, 0.3f, 0.9f}), {0});
  expectAll(measure(metricSpec("recallAtPrecision", {{"value", 0.8}}), 1, 1, {0, 0, 1, 1}, {0, 0.5f, 0.3f, 0.9f}), {0.5});
  expectAll(measure(metricSpec("recallAtPrecision", {{"value", 0.8}, {"numThresholds", 1}}), 1, 1, {0, 1}, {0.5f, 0.6f}), {1});
  expectAll(measure(metricSpec("precisionAtRecall", {{"value", 1}, {"classId", 1}}), 2, 2, {1, 0, 0, 1}, {0, 0.3f, 1, 0.7f}), {1});
}

TEST(Metrics, FBeta) {
  const Floats y{0, 0, 1, 1, 1, 0, 1, 1, 1}, p{0.7f, 0.7f, 0.7f, 1, 0, 0, 0.9f, 0.8f, 0};
  const auto score = [&](Object options) {
    options["threshold"] = 0.66;
    return measure(metricSpec("fBetaScore", options), 3, 3, y, p);
  };
  expectAll(score({{"beta", 0.5}}), {0.71428573, 0.5, 0.833334}, 2e-6);
  expectAll(score({}), {0.8, 0.5, 0.6666667});
  expectAll(score({{"beta", 2}, {"average", "micro"}}), {0.6666667});
  expectAll(score({{"beta", 2}, {"average", "macro"}}), {0.6548822});
  const Floats one{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1};
  const Floats q{0.9f, 0.1f, 0, 0.2f, 0.6f, 0.2f, 0, 0, 1, 0.4f, 0.3f, 0.3f, 0, 0.9f, 0.1f, 0, 0, 1};
  expectAll(measure(metricSpec("fBetaScore", {{"average", "weighted"}}), 3, 3, one, q, {0.5f, 1, 1, 1, 0.5f, 1}), {0.902857}, 2e-6);
  expectAll(measure(metricSpec("fBetaScore"), 3, 3, one, q, {1, 0, 1, 1, 0, 1}), {1, 0, 1});
  // Without a threshold: all of the largest, but never a 0, and nothing beside a NaN.
  expectAll(measure(metricSpec("fBetaScore"), 2, 2, {1, 1, 1, 0}, {0.5f, 0.5f, 0, 0}), {2.0 / 3, 1});
  expectAll(measure(metricSpec("fBetaScore"), 3, 3, {1, 1, 1}, {0.5f, kNaN, 0.9f}), {0, 0, 0});
}

TEST(Metrics, Iou) {
  const Floats y{0, 0, 1, 1}, p{0, 1, 0, 1}, w{0.2f, 0.3f, 0.4f, 0.1f};
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 1, 1, y, p), {1.0 / 3});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 1, 1, y, p, w), {(0.2 / 0.9 + 0.1 / 0.8) / 2});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}, {"targetClassIds", Array{1}}}), 1, 1, y, p, w), {0.1 / 0.8});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 4, 4, y, p), {1.0 / 3});
  expectAll(measure(metricSpec("iou", {{"numClasses", 3}, {"ignoreClass", 255}}), 1, 1, {0, 1, 2, 255}, {0, 1, 1, 1}), {1.5 / 3});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 1, 1, {1}, {1}), {1});  // class 0 never occurs
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 1, 1, {}, {}), {0});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}, {"threshold", 0.3}}), 1, 1, {0, 1, 0, 1}, {0.1f, 0.2f, 0.3f, 0.7f}), {1.0 / 3});
  const Floats onehot{0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0}, scores{0.2f, 0.3f, 0.5f, 0.1f, 0.2f, 0.7f, 0.5f, 0.3f, 0.1f, 0.1f, 0.4f, 0.5f};
  const Object dense{{"numClasses", 3}, {"sparseYTrue", false}, {"sparseYPred", false}, {"targetClassIds", Array{0, 2}}};
  expectAll(measure(metricSpec("iou", dense), 3, 3, onehot, scores, {0.1f, 0.2f, 0.3f, 0.4f}), {0.1 / 0.7 / 2});
  // What is no class cannot pass unseen, unless its weight is 0.
  // Labels and predictions that are none of the classes are left out: Keras 3.15.1.
  const Floats odd{0, 1, 2, -1, 1, 0, 0.5f, 1.9f}, what{0, 1, 1, 0, 3, -2, 1, 1}, heavy{1, 2, 3, 4, 5, 6, 7, 8};
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 1, 1, odd, what, heavy), {0.35661765933});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}, {"ignoreClass", 1}}), 1, 1, odd, what, heavy), {0.0625});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}, {"targetClassIds", Array{0}}}), 1, 1, odd, what, heavy), {0.125});
  expectAll(measure(metricSpec("iou", {{"numClasses", 2}}), 1, 1, {0, kNaN, 1}, {0, 1, 1}), {1});
}

TEST(Metrics, R2) {
  expectAll(measure(metricSpec("r2Score"), 1, 1, {1, 4, 3}, {2, 4, 4}), {0.57142854});
  const Floats y{0, 0, 1, 0, 1, 0, 1, 0, 0}, p{0.4f, 0.9f, 1.6f, 0.1f, 1.2f, 0.6f, 1.5f, 0.8f, 0.6f}, w{0.8f, 0.1f, 0.4f};
  const auto score = [&](const char* aggregation, int regressors) {
    return measure(metricSpec("r2Score", {{"classAggregation", aggregation}, {"numRegressors", regressors}}), 3, 3, y, p, w);
  };
  expectAll(score("none", 0), {0.17305559, -8.836666, -0.521}, 2e-6);
  expectAll(score("none", 2), {-0.10259259, -12.115555, -1.0280001}, 2e-6);
  expectAll(score("uniform_average", 1), {-3.641756534576416}, 2e-6);
  expectAll(score("variance_weighted_average", 2), {-2.161363363265991}, 2e-6);
  expectAll(score("uniform_average", 8), score("uniform_average", 0));   // n - 1 regressors and more: not adjusted
  expectAll(measure(metricSpec("r2Score"), 1, 1, {2, 2}, {1, 3}), {0});  // constant labels: -Infinity counts as 0
}

TEST(Metrics, Correlations) {
  const Floats y{0, 1, 0.5f, 1, 1, 0.2f}, p{0.1f, 0.9f, 0.5f, 1, 0.9f, 0.2f};
  expectAll(measure(metricSpec("pearsonCorrelation"), 3, 3, y, p), {0.9966996338993913});
  expectAll(measure(metricSpec("concordanceCorrelation"), 3, 3, y, p), {0.9816320385426076});
  expectAll(measure(metricSpec("pearsonCorrelation"), 2, 2, {0, 1e-3f, 0, 1}, {2, 2.001f, 1, 0.9999f}), {0}, 1e-12);
  // A constant has no correlation: NaN, as in Keras 3. One that is masked does not count.
  EXPECT_TRUE(std::isnan(measure(metricSpec("pearsonCorrelation"), 1, 1, {1}, {2})[0]));
  EXPECT_TRUE(std::isnan(measure(metricSpec("pearsonCorrelation"), 2, 2, {1, 1, 1, 2}, {1, 2, 1, 3})[0]));
  expectAll(measure(metricSpec("pearsonCorrelation"), 2, 2, {1, 1, 1, 2}, {1, 2, 1, 3}, {0, 1}), {1});
}

TEST(Metrics, MeansOfLosses) {
  const Floats y{0, 1, 0, 0}, p{1, 1, 0, 0};
  expectAll(measure(lossMean("meanSquaredError"), 2, 2, y, p), {0.25});
  expectAll(measure(lossMean("meanSquaredError"), 2, 2, y, p, {1, 0}), {0.5});
  expectAll(measure(lossMean("meanSquaredError", {{"root", true}}), 2, 2, y, p, {1, 0}), {std::sqrt(0.5)});
  expectAll(measure(lossMean("cosineSimilarity", {{"negate", true}}), 2, 2, {0, 1, 1, 1}, {1, 0, 1, 1}, {0.3f, 0.7f}), {0.7});
  // An item of weight 0 is absent, even where its loss is NaN; with no weight at all the mean is 0.
  expectAll(measure(lossMean("meanAbsoluteError"), 1, 1, {1, kNaN}, {3, 0}, {2, 0}), {2});
  expectAll(measure(lossMean("meanAbsoluteError"), 1, 1, {1}, {3}, {0}), {0});
  EXPECT_TRUE(std::isnan(measure(lossMean("meanAbsoluteError"), 1, 1, {1, 1}, {3, kNaN})[0]));
  // More items than one block holds.
  expectAll(measure(lossMean("meanAbsoluteError"), 1, 1, Floats(1000, 1), Floats(1000, 4)), {3});
}

TEST(Metrics, LossesThatLookAtLabels) {
  // Labels 0 and 1 stand for -1 and 1.
  expectAll(measure(lossMean("hinge"), 2, 2, {0, 1, 0, 0}, {0.6f, 0.4f, 0.4f, 0.6f}), {1.3});
  expectAll(measure(lossMean("hinge"), 2, 2, {-1, 1, -1, -1}, {0.6f, 0.4f, 0.4f, 0.6f}), {1.3});
  expectAll(measure(lossMean("hinge"), 2, 2, {0, 1, 0, -1}, {0.6f, 0.4f, 0.4f, 0.6f}), {(1 + 0.6 + 1 + 1.6) / 4});
  // Ignored labels are absent.
  const Value spec = lossMean("sparseCategoricalCrossentropy", {{"ignoreClass", -1}});
  expectAll(measure(spec, 2, 1, {0, -1, 1}, {0.5f, 0.5f, 0.9f, 0.1f, 0.75f, 0.25f}), {std::log(8.0) / 2});
  expectAll(measure(spec, 2, 1, {0, -1, 1}, {0.5f, 0.5f, 0.9f, 0.1f, 0.75f, 0.25f}, {3, 9, 1}), {(3 * std::log(2.0) + std::log(4.0)) / 4});
}

TEST(Metrics, ImpossibleSpecsThrow) {
  struct Bad {
    Value spec;
    int64_t width, labelWidth;
  };
  const Bad all[] = {
      {metricSpec("noSuchMetric"), 1, 1},
      {Object{}, 1, 1},
      {metricSpec("accuracy"), 2, 1},
      {metricSpec("accuracy"), 0, 0},
      {metricSpec("binaryAccuracy"), 1, 2},
      {metricSpec("binaryAccuracy", {{"threshold", "high"}}), 1, 1},
      {metricSpec("categoricalAccuracy"), 3, 1},
      {metricSpec("sparseCategoricalAccuracy"), 3, 3},
      {metricSpec("topKCategoricalAccuracy", {{"k", 0}}), 3, 3},
      {metricSpec("topKCategoricalAccuracy", {{"k", 1.5}}), 3, 3},
      {metricSpec("precision", {{"classId", 3}}), 3, 3},
      {metricSpec("precision", {{"thresholds", Array{std::nan("")}}}), 3, 3},
      {metricSpec("precision", {{"thresholds", 0.5}}), 3, 3},
      {metricSpec("recall", {{"topK", -1}}), 3, 3},
      {metricSpec("auc", {{"numThresholds", 1}}), 1, 1},
      {metricSpec("auc", {{"numThresholds", 1e12}}), 1, 1},
      {metricSpec("auc", {{"curve", "XY"}}), 1, 1},
      {metricSpec("auc", {{"summationMethod", "none"}}), 1, 1},
      {metricSpec("auc", {{"labelWeights", Array{1, 2}}}), 3, 3},
      {metricSpec("precisionAtRecall"), 1, 1},
      {metricSpec("precisionAtRecall", {{"value", 0.5}, {"numThresholds", 0}}), 1, 1},
      {metricSpec("fBetaScore", {{"beta", 0}}), 1, 1},
      {metricSpec("fBetaScore", {{"average", "mean"}}), 1, 1},
      {metricSpec("iou"), 1, 1},
      {metricSpec("iou", {{"numClasses", 1e9}}), 1, 1},
      {metricSpec("iou", {{"numClasses", 2}, {"targetClassIds", Array{2}}}), 1, 1},
      {metricSpec("iou", {{"numClasses", 2}}), 2, 1},
      {metricSpec("r2Score", {{"classAggregation", "sum"}}), 1, 1},
      {metricSpec("mean"), 1, 1},
      {lossMean("noSuchLoss"), 1, 1},
      {lossMean("meanSquaredError"), 2, 1},
  };
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); ++i) {
    try {
      makeMetric(all[i].spec, all[i].width, all[i].labelWidth);
      ADD_FAILURE() << "spec " << i << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "ERR_SPEC") << i;
    }
  }
}

}  // namespace
}  // namespace gemmfit
