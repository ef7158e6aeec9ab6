#include "native/engine/network.h"

#include <gtest/gtest.h>

#include "native/engine/error.h"
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

TEST(Network, GradientsOfStacksAreThoseOfFiniteDifferences) {
  for (const char* activation : {"tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "softmax"}) {
    Model m;
    m.labelWidth = 3;
    m.dense(5, 7);
    m.activation(activation);
    m.dense(7, 4);
    m.activation("tanh");
    m.dense(4, 3);
    m.build();
    SCOPED_TRACE(activation);
    checkGradients(m, Samples(6, {5}, 3, label));
  }
}

TEST(Network, DenseOnSequencesWithTemporalWeights) {
  Model m;
  m.labelWidth = 2;
  m.dense(3, 4);
  m.activation("tanh");
  m.dense(4, 2);
  m.build();
  checkGradients(m, Samples(5, {6, 3}, 12, label, 6));
  checkGradients(m, Samples(5, {6, 3}, 12, label, 1));
}

TEST(Network, RegularizationIsInTheLossAndTheGradient) {
  Model m;
  m.labelWidth = 2;
  m.dense(3, 4, {{"regularizer", Value::Object{{"regularizer", "l1l2"}, {"l1", 0.02}, {"l2", 0.05}}}});
  m.add({{"op", "activityRegularization"}, {"l1", 0.0}, {"l2", 0.03}});
  m.activation("tanh");
  m.dense(4, 2);
  m.build();
  checkGradients(m, Samples(5, {3}, 2, label));
}

TEST(Network, LogitsGiveTheSameGradientsAsProbabilities) {
  std::vector<std::vector<float>> both;
  for (const bool logits : {false, true}) {
    Model m;
    m.labelWidth = 1;
    m.loss = {{"loss", "sparseCategoricalCrossentropy"}, {"fromLogits", logits}};
    m.logits = logits;
    m.dense(4, 5);
    m.activation("tanh");
    m.dense(5, 3);
    m.activation("softmax");
    m.build();
    const Samples s(7, {4}, 1, [](int64_t r, int64_t) { return r % 3; });
    checkGradients(m, s);
    both.push_back(gradients(m, s));
  }
  for (size_t i = 0; i < both[0].size(); ++i) EXPECT_NEAR(both[0][i], both[1][i], 1e-6);
}

// The whole batch at once must give what its rows give one by one: wrong sharing of memory would show.
TEST(Network, RowsDoNotDisturbEachOther) {
  for (int variant = 0; variant < 12; ++variant) {
    Model m;
    m.labelWidth = 2;
    int64_t width = 5;
    const char* activations[] = {"relu", "sigmoid", "gelu", "softmax", "tanh"};
    for (int l = 0; l < 4; ++l) {
      const int64_t next = 3 + (variant * 7 + l * 5) % 9;
      m.dense(width, next);
      width = next;
      m.activation(activations[(variant + l) % 5]);
      if ((variant + l) % 3 == 0) m.add({{"op", "reshape"}, {"shape", Value::Array{width}}});
      if ((variant + l) % 4 == 1) m.add({{"op", "activityRegularization"}, {"l1", 0.0}, {"l2", 0.01}});
      if ((variant + l) % 4 == 2) m.add({{"op", "rescaling"}, {"scale", 0.5}, {"offset", 0.1}});
    }
    m.dense(width, 2);
    m.build();
    const Samples all(9, {5}, 2, label);
    const std::vector<float> whole = gradients(m, all);
    std::vector<double> mean(whole.size(), 0.0);
    for (int64_t r = 0; r < 9; ++r) {
      Samples one = all;
      one.spec.x.data = all.x.data();
      one.spec.y.data = all.y.data();
      one.spec.first = r;
      one.spec.count = one.spec.batch = 1;
      const std::vector<float> g = gradients(m, one);
      for (size_t i = 0; i < g.size(); ++i) mean[i] += g[i] / 9.0;
    }
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], mean[i], 2e-5) << "variant " << variant << " weight " << i;
  }
}

std::vector<float> train(int threads, int64_t batch, const std::vector<int64_t>& widths, bool dropout, const char* rule, double clip) {
  Pool::instance().setThreads(threads);
  Model m;
  m.slotsEach = 2;
  m.optimizer = {{"optimizer", rule}, {"clipnorm", clip}};
  m.labelWidth = widths.back();
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    m.dense(widths[i], widths[i + 1]);
    if (i + 2 < widths.size()) {
      m.activation("relu");
      if (dropout) m.add({{"op", "dropout"}, {"rate", 0.3}});
    }
  }
  m.build();
  Samples s(301, {widths[0]}, widths.back(), label);
  s.spec.batch = batch;
  s.spec.shuffle = Shuffle::rows;
  s.spec.passes = 3;
  Feed feed(s.spec);
  auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 1000, 0.01f));
  auto done = job->done.get_future();
  Pool::instance().submit(job);
  EXPECT_EQ(done.get().samples, 903);
  return m.values();
}

TEST(Network, AnyNumberOfThreadsGivesTheSameBits) {
  const std::vector<std::vector<int64_t>> stacks = {{20, 32, 16, 1}, {100, 300, 200, 10}, {64, 700, 3}};
  for (const auto& widths : stacks)
    for (const int64_t batch : {7, 64, 128})
      for (const double clip : {0.0, 0.5}) {
        const std::vector<float> one = train(1, batch, widths, true, "adam", clip);
        EXPECT_EQ(one, train(2, batch, widths, true, "adam", clip));
        EXPECT_EQ(one, train(5, batch, widths, true, "adam", clip));
      }
}

TEST(Network, AccumulatedGradientsAreThoseOfTheWholeBatch) {
  const auto run = [](int64_t batch, int64_t steps) {
    Model m;
    m.labelWidth = 2;
    m.slotsEach = steps > 1 ? 1 : 0;
    m.optimizer = {{"optimizer", "sgd"}, {"gradientAccumulationSteps", steps}};
    m.dense(3, 2);
    m.build();
    Samples s(8, {3}, 2, label);
    s.spec.batch = batch;
    Feed feed(s.spec);
    m.network->run(feed, s.request(Mode::train, 100), nullptr);
    return m.values();
  };
  const std::vector<float> whole = run(8, 1), parts = run(2, 4);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(whole[i], parts[i], 1e-6);
}

TEST(Network, FrozenWeightsStay) {
  Model m;
  m.labelWidth = 1;
  m.dense(3, 4, {{"trainable", false}});
  m.described[1] = Value(Value::Object{{"trainable", false}});
  m.activation("tanh");
  m.dense(4, 1);
  m.build();
  const std::vector<float> before = m.values();
  const Samples s(8, {3}, 1, label);
  Feed feed(s.spec);
  m.network->run(feed, s.request(Mode::train, 1), nullptr);
  const std::vector<float> after = m.values();
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(before[i], after[i]);
  EXPECT_NE(before[16], after[16]);
}

TEST(Network, RefusesWhatDoesNotFit) {
  Model m;
  m.labelWidth = 2;
  m.dense(3, 2);
  m.build();
  const Samples wrong(4, {4}, 2, label), labels(4, {3}, 1, label), good(4, {3}, 2, label);
  for (const Samples* s : {&wrong, &labels}) {
    Feed feed(s->spec);
    EXPECT_THROW(m.network->run(feed, s->request(Mode::train, 1), nullptr), Error);
  }
  Feed feed(good.spec);
  EXPECT_EQ(m.network->run(feed, good.request(Mode::train, 5), nullptr).steps, 1);
}

TEST(Network, OneTrainingAtATimeHasAVariable) {
  Model a, b;
  a.labelWidth = b.labelWidth = 2;
  a.dense(3, 2);
  b.variables = a.variables;  // shared layers
  b.described = a.described;
  b.ops = a.ops;
  a.build();
  b.build();
  a.network->acquire(Mode::train);
  EXPECT_THROW(b.network->acquire(Mode::train), Error);
  EXPECT_THROW(a.network->acquire(Mode::train), Error);
  a.network->release();
  b.network->acquire(Mode::train);
  b.network->release();
  ASSERT_TRUE(a.variables[0]->tryExclusive());
  EXPECT_THROW(a.network->acquire(Mode::train), Error);
  a.variables[0]->release();
  a.network->acquire(Mode::train);
  a.network->release();
}

// The mean of the steps gives each the same gradient, which an embedding reads once for all; an op between the two has it written out.
TEST(Network, AGradientThatStepsShareLeavesTheBitsOfOneThatIsWrittenOut) {
  const auto train = [](bool between, int64_t ids, int64_t width, const char* format) {
    Model m;
    Samples s(20, {5}, 1, label);
    for (float& x : s.x) x = std::floor((x + 1) / 2 * static_cast<float>(ids - 1));
    s.spec.batch = 8;
    const int table = m.weight({ids, width}, 0.5);
    m.add({{"op", "embedding"}, {"inputDim", ids}, {"outputDim", width}, {"weights", Value::Array{table}}});
    if (between) m.activation("linear");
    m.add({{"op", "globalAveragePooling1d"}, {"dataFormat", format}});
    m.dense(std::string(format) == "channels_last" ? width : 5, 1);
    m.build();
    for (int epoch = 0; epoch < 3; ++epoch) {
      Feed feed(s.spec);
      m.network->run(feed, s.request(Mode::train, 10, 1e-5f), nullptr);
    }
    EXPECT_TRUE(std::isfinite(m.values()[0]));
    return m.values();
  };
  for (const char* format : {"channels_last", "channels_first"})
    for (const auto& [ids, width] : std::vector<std::pair<int64_t, int64_t>>{{9, 3}, {400, 37}, {9000, 64}, {5, 20000}})
      EXPECT_EQ(train(false, ids, width, format), train(true, ids, width, format)) << ids << " " << width << " " << format;
}

}  // namespace
}  // namespace gemmfit
