// Values that no op makes: weights, constants and labels; what ops compute for the loss; and weights that ops share.
#include <gtest/gtest.h>

#include "native/engine/error.h"
#include "native/engine/pool.h"
#include "native/test/gradients.h"

namespace gemmfit {
namespace {

using testing::checkGradients;
using testing::gradients;
using testing::lossOf;
using testing::Model;
using testing::PoolRun;
using testing::Samples;

double label(int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }

int labelOf(Model& m, int64_t width) { return m.source({{"op", "label"}, {"width", width}}); }
int weightOf(Model& m, int weight) { return m.source({{"op", "weight"}, {"weights", Value::Array{weight}}}); }

// (yTrue - yPred)^2 by ops.
void squaredError(Model& m, int64_t width) {
  m.result = m.last();
  const int difference = m.add({{"op", "subtract"}}, {m.result, labelOf(m, width)});
  m.roots["losses"] = m.add({{"op", "multiply"}}, {difference, difference});
  m.loss = {{"loss", "given"}};
}

Model small(int64_t width) {
  Model m;
  m.labelWidth = width;
  m.dense(5, 4);
  m.activation("tanh");
  m.dense(4, width);
  return m;
}

TEST(Sources, LossesThatOpsComputeAreThoseOfTheEngine) {
  for (const int64_t weights : {0, 1}) {
    Model own = small(1), given = small(1);
    own.build();
    squaredError(given, 1);
    given.build();
    const Samples s(7, {5}, 1, label, weights);
    EXPECT_NEAR(lossOf(given, s), lossOf(own, s), 1e-6);
    const std::vector<float> a = gradients(own, s), b = gradients(given, s);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(b[i], a[i], 1e-6) << i;
    checkGradients(given, s);
  }
}

// A loss an output, of several outputs.
TEST(Sources, LossesHaveTheirOwnNumberOfItems) {
  Model own = small(3), given = small(3);
  own.build();
  squaredError(given, 3);
  given.build();
  for (const int64_t weights : {0, 1}) {
    const Samples s(6, {5}, 3, label, weights);
    EXPECT_NEAR(lossOf(given, s), lossOf(own, s), 1e-6);
    checkGradients(given, s);
  }
}

TEST(Sources, AddedLossesCountWholeAndReachTheirWeights) {
  Model m = small(2);
  m.result = m.last();
  const int id = m.weight({1}, 0.7);
  const int w = weightOf(m, id);
  m.roots["addedLosses"] = Value::Array{m.add({{"op", "multiply"}}, {w, w})};
  m.build();
  Model without = small(2);
  without.build();
  const Samples s(6, {5}, 2, label);
  const double value = m.variables.back()->data()[0];
  EXPECT_NEAR(lossOf(m, s), lossOf(without, s) + value * value, 1e-6);
  checkGradients(m, s);
  EXPECT_NEAR(gradients(m, s).back(), 2 * value, 1e-5);
}

TEST(Sources, MetricsTakeValuesOfOps) {
  Model m = small(2);
  m.result = m.last();
  const int difference = m.add({{"op", "subtract"}}, {m.result, labelOf(m, 2)});
  m.add({{"op", "multiply"}}, {difference, difference});
  m.roots["metricValues"] = Value::Array{m.last()};
  for (const bool weighted : {false, true})
    m.metrics.push_back(Value(Value::Object{{"metric", "given"}, {"value", 0}, {"weighted", weighted}}));
  m.build();
  const Samples s(6, {5}, 2, label, 1);
  const double loss = lossOf(m, s);
  EXPECT_GT(std::fabs(m.network->totals().metrics[0][0] - m.network->totals().metrics[1][0]), 1e-4);
  double weight = 0;
  for (const float w : s.w) weight += w;
  EXPECT_NEAR(m.network->totals().metrics[1][0] * weight / 6, loss, 1e-6);  // the loss is the sum over samples, not over weights
}

// Two layers of one kernel: its gradient is the sum of both.
TEST(Sources, GradientsOfSharedWeightsAreAdded) {
  const auto build = [](Model& m) {
    const int w = m.weight({4, 4}, 0.6), b = m.weight({4}, 0.3);
    m.labelWidth = 2;
    m.dense(5, 4);
    for (int k = 0; k < 3; ++k) {
      m.add({{"op", "dense"}, {"units", 4}, {"weights", Value::Array{w, b}}});
      m.activation("tanh");
    }
    m.dense(4, 2);
  };
  for (const bool regularized : {false, true}) {
    Model m;
    build(m);
    if (regularized)
      m.described[0] = Value(Value::Object{{"trainable", true}, {"regularizer", Value::Object{{"regularizer", "l1l2"}, {"l2", 0.1}}}});
    m.build();
    checkGradients(m, Samples(6, {5}, 2, label));
  }
}

TEST(Sources, SharedWeightsHaveTheSameBitsOnAnyThreads) {
  const int before = Pool::instance().threads();
  std::vector<std::vector<float>> all;
  for (const int threads : {1, 2}) {
    Pool::instance().setThreads(threads);
    Model m;
    const int w = m.weight({40, 40}, 0.2), b = m.weight({40}, 0.3);
    m.labelWidth = 2;
    m.dense(30, 40);
    for (int k = 0; k < 4; ++k) m.add({{"op", "dense"}, {"units", 40}, {"weights", Value::Array{w, b}}});
    m.dense(40, 2);
    m.build();
    const Samples s(512, {30}, 2, label);
    Feed feed(s.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    all.push_back(m.values());
  }
  Pool::instance().setThreads(before);
  EXPECT_EQ(all[0], all[1]);
}

// One value in training, another one otherwise.
TEST(Sources, ModesMayComputeDifferently) {
  Model m;
  m.labelWidth = 4;
  m.dense(5, 4);
  const int v = m.last();
  const int twice = m.add({{"op", "add"}}, {v, v}), square = m.add({{"op", "multiply"}}, {v, v});
  m.add({{"op", "byMode"}}, {twice, square});
  m.build();
  const Samples s(3, {5}, 4, label);
  const double test = lossOf(m, s);
  Feed feed(s.spec);
  m.network->run(feed, s.request(Mode::train, 1, 0.0f), nullptr);
  const double train = m.network->totals().loss;
  Model plain;
  plain.labelWidth = 4;
  plain.dense(5, 4);
  plain.add({{"op", "add"}}, {1, 1});
  plain.build();
  EXPECT_EQ(train, lossOf(plain, s));
  EXPECT_NE(train, test);
}

TEST(Sources, WhatCannotBeIsRefused) {
  const auto refused = [](Model& m, const char* code) {
    try {
      m.build();
      const Samples s(3, {5}, 2, label);
      lossOf(m, s);
      FAIL() << "was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, code) << e.what();
    }
  };
  {
    Model m = small(2);  // a mixture that the op knows nothing of
    const int v = m.last(), w = m.weight({2}, 1);
    m.add({{"op", "subtract"}}, {v, weightOf(m, w)});
    refused(m, "ERR_SPEC");
  }
  {
    Model m = small(2);  // an output without rows
    const int w = weightOf(m, m.weight({2}, 1));
    m.add({{"op", "add"}}, {w, w});
    refused(m, "ERR_SPEC");  // before: the layer below it is read by nobody
  }
  {
    Model m = small(2);  // labels of another size
    squaredError(m, 3);
    refused(m, "ERR_SHAPE");
  }
  {
    Model m = small(2);  // an added loss of several numbers
    m.result = m.last();
    m.roots["addedLosses"] = Value::Array{weightOf(m, m.weight({2}, 1))};
    refused(m, "ERR_SPEC");
  }
}

}  // namespace
}  // namespace gemmfit
