// Masks, weights of samples and of steps, classes that do not count and reductions: the batch's loss is what their definitions give in
// double, from the predictions that the network makes; gradients are those of finite differences.
#include "native/engine/head.h"

#include <gtest/gtest.h>

#include <map>

#include "native/engine/error.h"
#include "native/test/gradients.h"
#include "native/test/losses_reference.h"

namespace gemmfit {
namespace {

using reference::Doubles;
using testing::checkGradients;
using testing::lossOf;
using testing::Model;
using testing::Samples;

constexpr int64_t kRows = 6, kSteps = 4, kIn = 3;

struct Case {
  std::string name;
  Value::Object loss;
  int64_t classes = 3, labelWidth = 3;
  const char* activation = "softmax";
  double (*label)(int64_t row, int64_t element) = nullptr;
};

bool masked(int64_t row, int64_t step) { return (row * 3 + step * 2) % 5 == 0; }

std::vector<float> predict(Model& m, const Samples& s, int64_t size) {
  std::vector<float> out(static_cast<size_t>(s.spec.x.rows * size));
  RunRequest request = s.request(Mode::predict, 1);
  request.predictions = out.data();
  request.capacity = static_cast<int64_t>(out.size());
  FeedSpec spec = s.spec;
  spec.y = spec.weights = {};
  Feed feed(spec);
  m.network->run(feed, request, nullptr);
  return out;
}

// A head over [rows, steps, classes]: what its loss is made of.
struct Sums {
  double loss = 0, kept = 0, weights = 0;
  void add(double l, double m, double w) {
    if (m * w != 0) loss += l * m * w;
    kept += m;
    weights += m * w;
  }
};

double reduced(const Sums& s, double lossWeight, const std::string& reduction) {
  const double d = reduction == "sum" ? 1 : reduction == "mean_with_sample_weight" ? s.weights : s.kept;
  return d == 0 ? 0 : lossWeight * s.loss / d;
}

struct HeadModel : Model {
  Samples samples;
  const bool masks;
  HeadModel(const Case& c, bool masksSteps, int64_t weightSize, const std::string& how, double weighs = 1)
      : samples(kRows, {kSteps, kIn}, kSteps * c.labelWidth, c.label, weightSize), masks(masksSteps) {
    loss = c.loss;
    reduction = how;
    lossWeight = weighs;
    labelWidth = c.labelWidth;
    for (int64_t r = 0; r < kRows; ++r)
      for (int64_t t = 0; t < kSteps; ++t)
        if (masked(r, t)) std::fill_n(samples.x.data() + (r * kSteps + t) * kIn, kIn, 0.0f);
    if (masks) add({{"op", "masking"}, {"maskValue", 0}});
    dense(kIn, c.classes);
    activation(c.activation);
  }
  double mask(int64_t r, int64_t t) const { return masks && masked(r, t) ? 0 : 1; }
  double weightAt(int64_t r, int64_t t) const {
    const int64_t n = samples.spec.weights.rowSize;
    return n == 0 ? 1 : static_cast<double>(samples.w[static_cast<size_t>(r * n + (n == 1 ? 0 : t))]);
  }
};

double hot(int64_t, int64_t k) { return k % 3 == 1 ? 1 : 0; }
double classOf(int64_t r, int64_t k) { return static_cast<double>((r + k * 2) % 3); }
double bit(int64_t r, int64_t k) { return static_cast<double>((r + k) % 2); }

const char* const kReductions[] = {"sum_over_batch_size", "sum", "mean_with_sample_weight", "mean"};

TEST(Head, LossesOfItemsAreReducedAsTheyAreDefined) {
  const std::vector<Case> cases = {
      {"cce", {{"loss", "categoricalCrossentropy"}}, 3, 3, "softmax", hot},
      {"sparse", {{"loss", "sparseCategoricalCrossentropy"}}, 3, 1, "softmax", classOf},
      {"ignoring", {{"loss", "sparseCategoricalCrossentropy"}, {"ignoreClass", 1}}, 3, 1, "softmax", classOf},
      {"hinge", {{"loss", "squaredHinge"}}, 2, 2, "tanh", bit},
  };
  for (const Case& c : cases)
    for (const char* reduction : kReductions)
      for (const bool masks : {false, true})
        for (const int64_t weights : {int64_t{0}, int64_t{1}, kSteps}) {
          SCOPED_TRACE(c.name + " " + reduction + (masks ? " masked, weights " : ", weights ") + std::to_string(weights));
          HeadModel m(c, masks, weights, reduction, 1.5);
          m.build();
          const std::vector<float> p = predict(m, m.samples, kSteps * c.classes);
          const double ignored = c.loss.count("ignoreClass") ? 1 : -1;
          Sums all;
          for (int64_t r = 0; r < kRows; ++r)
            for (int64_t t = 0; t < kSteps; ++t) {
              const auto i = static_cast<size_t>(r * kSteps + t), w = static_cast<size_t>(c.labelWidth), n = static_cast<size_t>(c.classes);
              Doubles y(m.samples.y.data() + i * w, m.samples.y.data() + (i + 1) * w), q(p.data() + i * n, p.data() + (i + 1) * n);
              const bool counts = y[0] != ignored;
              if (c.name == "hinge")  // labels of 0 and 1 are read as signs
                for (double& v : y) v = 2 * v - 1;
              all.add(counts ? reference::loss(c.loss, y, q) : 0, counts ? m.mask(r, t) : 0, m.weightAt(r, t));
            }
          EXPECT_NEAR(lossOf(m, m.samples), reduced(all, 1.5, reduction), 2e-6);
          checkGradients(m, m.samples);
        }
}

// Losses that rows share. A group is what one of them is taken over: all that has the same place along the axes that are left.
TEST(Head, LossesOfWholeBatchesAreScaledByWhoSharesThem) {
  const std::vector<std::vector<int64_t>> axisLists = {{0, 1, 2}, {1, 2}, {0, 2}, {1}, {0, 1}, {0}};
  for (const auto& axes : axisLists) {
    Value::Object loss{{"loss", "dice"}, {"axes", Value::Array(axes.begin(), axes.end())}};
    const auto joins = [&](int64_t axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); };
    const Case c{"dice", loss, 2, 2, "sigmoid", bit};
    for (const char* reduction : kReductions)
      for (const bool masks : {false, true})
        for (const int64_t weights : {int64_t{0}, int64_t{1}, kSteps}) {
          std::string name = std::string(reduction) + (masks ? " masked, weights " : ", weights ") + std::to_string(weights) + " axes";
          for (const int64_t axis : axes) name += " " + std::to_string(axis);
          SCOPED_TRACE(name);
          HeadModel m(c, masks, weights, reduction);
          m.build();
          const bool perStep = masks || weights == kSteps, perRow = weights == 1;
          // One factor a step, where a loss is of many steps; one a row, where losses are of many rows.
          const bool oneLoss = joins(0) && joins(1) && joins(2), ofSteps = !joins(1) && (!joins(0) || joins(2));
          const bool fits = oneLoss || ((!perStep || ofSteps) && (!perRow || !joins(0)));
          if (!fits) {
            try {
              lossOf(m, m.samples);
              ADD_FAILURE() << "was taken";
            } catch (const Error& e) {
              EXPECT_EQ(e.code, masks && !ofSteps ? "ERR_MASK" : "ERR_WEIGHTS") << e.what();
            }
            continue;
          }
          const std::vector<float> p = predict(m, m.samples, kSteps * 2);
          struct Group {
            int64_t r = -1, t = -1;
            Doubles y, p;
          };
          std::map<std::vector<int64_t>, Group> groups;
          for (int64_t r = 0; r < kRows; ++r)
            for (int64_t t = 0; t < kSteps; ++t)
              for (int64_t k = 0; k < 2; ++k) {
                Group& g = groups[{joins(0) ? -1 : r, joins(1) ? -1 : t, joins(2) ? -1 : k}];
                g.r = joins(0) ? -1 : r;
                g.t = joins(1) ? -1 : t;
                g.y.push_back(m.samples.y[static_cast<size_t>((r * kSteps + t) * 2 + k)]);
                g.p.push_back(p[static_cast<size_t>((r * kSteps + t) * 2 + k)]);
              }
          Sums all;
          const bool scaled = masks || weights > 0;
          for (const auto& [place, g] : groups) {
            const double l = reference::loss(loss, g.y, g.p);
            if (!scaled) {
              all.add(l, 1, 1);
              continue;
            }
            for (int64_t r = g.r < 0 ? 0 : g.r; r < (g.r < 0 ? kRows : g.r + 1); ++r)
              for (int64_t t = g.t < 0 ? 0 : g.t; t < (g.t >= 0 ? g.t + 1 : perStep ? kSteps : 1); ++t)
                all.add(l, m.mask(r, t), m.weightAt(r, t));
          }
          EXPECT_NEAR(lossOf(m, m.samples), reduced(all, 1, reduction), 5e-6);
          checkGradients(m, m.samples);
        }
  }
}

TEST(Head, CircleCountsSamplesWhoseLossIsAboveZero) {
  for (const char* reduction : kReductions)
    for (const int64_t weights : {0, 1}) {
      SCOPED_TRACE(std::string(reduction) + " weights " + std::to_string(weights));
      Model m;
      m.loss = {{"loss", "circle"}, {"gamma", 3}};
      m.reduction = reduction;
      m.dense(kIn, 4);
      m.add({{"op", "unitNormalization"}});
      // The last row is alone in its class, and has no loss.
      Samples s(
          7, {kIn}, 1, [](int64_t r, int64_t) { return r == 6 ? 9.0 : static_cast<double>(r % 2); }, weights);
      m.build();
      const std::vector<float> p = predict(m, s, 4);
      const Doubles l = reference::circle(Value(m.loss), Doubles(s.y.begin(), s.y.end()), Doubles(p.begin(), p.end()));
      ASSERT_EQ(l[6], 0);
      ASSERT_GT(l[0], 0);
      Sums all;
      for (size_t r = 0; r < 7; ++r) all.add(l[r], l[r] > 0, weights ? static_cast<double>(s.w[r]) : 1);
      EXPECT_NEAR(lossOf(m, s), reduced(all, 1, reduction), 1e-5);
    }
}

// Where all is masked or weighs nothing there is no loss and no gradient, and no division by 0.
TEST(Head, WhatWeighsNothingHasNoLoss) {
  for (const char* reduction : kReductions)
    for (Value::Object loss : {Value::Object{{"loss", "meanSquaredError"}}, Value::Object{{"loss", "dice"}}}) {
      const Case c{"", loss, 2, 2, "sigmoid", bit};
      HeadModel m(c, true, 1, reduction);
      std::fill(m.samples.w.begin(), m.samples.w.end(), 0.0f);
      std::fill(m.samples.x.begin(), m.samples.x.end(), 0.0f);
      m.build();
      EXPECT_EQ(lossOf(m, m.samples), 0);
      for (const float g : testing::gradients(m, m.samples)) EXPECT_EQ(g, 0);
    }
}

// Weights reach the metrics that ask for them; masks reach all; logits those that ask for them.
TEST(Head, MetricsTakeWeightsMasksAndLogits) {
  for (const bool masks : {false, true})
    for (const int64_t weights : {int64_t{0}, int64_t{1}, kSteps}) {
      SCOPED_TRACE(std::to_string(masks) + " " + std::to_string(weights));
      const Case c{"", {{"loss", "binaryCrossentropy"}, {"fromLogits", true}}, 1, 1, "sigmoid", bit};
      HeadModel m(c, masks, weights, "sum_over_batch_size");
      m.logits = true;
      for (const bool weighted : {false, true})
        for (const bool logits : {false, true})
          m.metrics.push_back(
              Value(Value::Object{{"metric", "binaryAccuracy"}, {"threshold", 0.55}, {"weighted", weighted}, {"useLogits", logits}}));
      m.build();
      const std::vector<float> p = predict(m, m.samples, kSteps);
      lossOf(m, m.samples);
      const std::vector<std::vector<double>> got = m.network->totals().metrics;
      ASSERT_EQ(got.size(), 4u);
      for (size_t k = 0; k < 4; ++k) {
        double hits = 0, all = 0;
        for (int64_t r = 0; r < kRows; ++r)
          for (int64_t t = 0; t < kSteps; ++t) {
            const auto i = static_cast<size_t>(r * kSteps + t);
            const double q = p[i], at = k % 2 ? std::log(q / (1 - q)) : q;
            const double w = m.mask(r, t) * (k >= 2 ? m.weightAt(r, t) : 1);
            all += w;
            if ((at > 0.55) == (m.samples.y[i] == 1)) hits += w;
          }
        EXPECT_NEAR(got[k][0], hits / all, 1e-6) << k;
      }
    }
}

// Weights that many items share: one a step over several items, and one a sample beside classes that weigh each item.
TEST(Head, WeightsStandForAsManyItemsAsTheyAreFewer) {
  Model m;
  m.labelWidth = 2;
  m.dense(3, 2);
  m.build();
  Samples s(5, {2, 3, 3}, 12, bit, 2);
  const std::vector<float> p = predict(m, s, 12);
  Sums all;
  for (size_t r = 0; r < 5; ++r)
    for (size_t i = 0; i < 6; ++i) {
      Doubles y, q;
      for (size_t k = 0; k < 2; ++k) {
        y.push_back(s.y[r * 12 + i * 2 + k]);
        q.push_back(p[r * 12 + i * 2 + k]);
      }
      all.add(reference::loss(m.loss, y, q), 1, s.w[r * 2 + i / 3]);
    }
  EXPECT_NEAR(lossOf(m, s), reduced(all, 1, "mean"), 1e-6);
  checkGradients(m, s);
}

TEST(Head, RefusesWhatCannotBe) {
  const auto refusal = [](Value::Object spec, const Shape& out, int64_t batch = 2) -> std::string {
    try {
      Head head(Value(std::move(spec)), out, batch, 0);
      return "";
    } catch (const Error& e) {
      return e.code;
    }
  };
  const Value mse(Value::Object{{"loss", "meanSquaredError"}});
  EXPECT_EQ(refusal({{"loss", mse}}, {3}), "");
  EXPECT_EQ(refusal({}, {3}), "");
  EXPECT_EQ(refusal({{"loss", mse}, {"labelWidth", 2}}, {3}), "ERR_SHAPE");
  EXPECT_EQ(refusal({{"loss", mse}, {"labelWidth", 0}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"loss", mse}, {"labelWidth", kMostNumbers + 1}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"loss", mse}, {"reduction", "most"}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"loss", mse}}, {3}, 0), "ERR_SPEC");
  EXPECT_EQ(refusal({{"loss", Value(Value::Object{{"loss", "given"}})}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"loss", Value(Value::Object{{"loss", "toString"}})}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"metrics", Value::Array{Value(Value::Object{{"metric", "nothing"}})}}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"metrics", Value::Array{Value(Value::Object{{"metric", "given"}, {"value", 0}})}}}, {3}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"loss", mse}}, {0}), "ERR_SPEC");
  EXPECT_EQ(refusal({{"metrics", Value::Array{Value(Value::Object{{"metric", "binaryAccuracy"}})}}}, {0}), "ERR_SPEC");
}

}  // namespace
}  // namespace gemmfit
