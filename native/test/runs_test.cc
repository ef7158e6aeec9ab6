// A run of a network: what may be asked, where it ends, what it tells meanwhile, and what is left when it fails.
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <thread>

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/test/network_harness.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::PoolRun;
using testing::Samples;
using Floats = std::vector<float>;

double label(int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }

Model small() {
  Model m;
  m.labelWidth = 2;
  m.dense(3, 4);
  m.activation("tanh");
  m.dense(4, 2);
  m.metrics = {Value(Value::Object{{"metric", "mean"}, {"loss", "meanAbsoluteError"}})};
  m.build();
  return m;
}

std::string codeOf(Model& m, const Samples& s, const RunRequest& request) {
  Feed feed(s.spec);
  try {
    m.network->run(feed, request, nullptr);
    return "";
  } catch (const Error& e) {
    return e.code;
  }
}

TEST(Runs, RefuseWhatDoesNotFitAndGoOn) {
  Model m = small();
  const Samples s(6, {3}, 2, label);
  RunRequest r = s.request(Mode::train, 1);
  r.learningRates.clear();
  EXPECT_EQ(codeOf(m, s, r), "ERR_SPEC");
  r = s.request(Mode::train, 1);
  r.sampleShape = {4};
  EXPECT_EQ(codeOf(m, s, r), "ERR_SHAPE");
  r.sampleShape = {0};
  EXPECT_EQ(codeOf(m, s, r), "ERR_SHAPE");
  Floats out(11);
  r = s.request(Mode::predict, 1);
  r.predictions = out.data();
  r.capacity = 11;
  EXPECT_EQ(codeOf(m, s, r), "ERR_SPEC");
  // Weights of a sample: of another size than the feed's, and more of them than there are items.
  Samples weighted(6, {3}, 2, label, 2);
  r = weighted.request(Mode::train, 1);
  EXPECT_EQ(codeOf(m, weighted, r), "ERR_SHAPE");
  r.weightSteps = 1;
  EXPECT_EQ(codeOf(m, weighted, r), "ERR_SHAPE");
  // Classes of labels that have no weight a sample, and of labels that are wider than there are.
  for (const int64_t width : {1, 3}) {
    Samples classes(6, {3}, 2, label);
    classes.spec.classWeights = {{0, 1}, {1, 2}, true, width};
    r = classes.request(Mode::train, 1);
    r.weightSteps = width == 1 ? 0 : 1;
    EXPECT_EQ(codeOf(m, classes, r), "ERR_SHAPE");
  }
  Network reader(*m.network);
  Feed feed(s.spec);
  EXPECT_THROW(reader.run(feed, s.request(Mode::train, 1), nullptr), Error);
  EXPECT_EQ(codeOf(m, s, s.request(Mode::train, 1)), "");
}

TEST(Runs, WithoutALossDoNotTrain) {
  Model m;
  m.loss = {};
  m.labelWidth = 2;
  m.metrics = {Value(Value::Object{{"metric", "mean"}, {"loss", "meanAbsoluteError"}})};
  m.dense(3, 2);
  m.build();
  const Samples s(6, {3}, 2, label);
  EXPECT_EQ(codeOf(m, s, s.request(Mode::train, 1)), "ERR_SPEC");
  EXPECT_EQ(codeOf(m, s, s.request(Mode::test, 1)), "");
  EXPECT_EQ(m.network->totals().loss, 0);
  EXPECT_GT(m.network->totals().metrics[0][0], 0);
}

// Classes weigh the items of a sample, each by its own label.
TEST(Runs, ClassesWeighTheirItems) {
  Samples s(5, {4, 3}, 8, [](int64_t r, int64_t k) { return static_cast<double>((r + k / 2 + k) % 2); });
  s.spec.classWeights = {{0, 1}, {0.25f, 3.0f}, true, 2};
  const auto lossOf = [&](const Samples& samples, int64_t steps) {
    Model m = small();
    RunRequest r = samples.request(Mode::test, 1);
    r.weightSteps = steps;
    Feed feed(samples.spec);
    m.network->run(feed, r, nullptr);
    return m.network->totals().loss;
  };
  // The same as weights of steps.
  Samples steps(
      5, {4, 3}, 8, [](int64_t r, int64_t k) { return static_cast<double>((r + k / 2 + k) % 2); }, 4);
  for (size_t i = 0; i < steps.w.size(); ++i) steps.w[i] = steps.y[2 * i + 1] > steps.y[2 * i] ? 3.0f : 0.25f;
  EXPECT_EQ(lossOf(s, 4), lossOf(steps, 4));
  // With weights of samples: their product.
  s.w = {1, 2, 0.5f, 0, 3};
  s.spec.weights = {s.w.data(), ElementType::float32, 5, 1};
  for (size_t i = 0; i < steps.w.size(); ++i) steps.w[i] *= s.w[i / 4];
  EXPECT_EQ(lossOf(s, 4), lossOf(steps, 4));
}

TEST(Runs, OfSeveralEpochsAreThoseOfOneEach) {
  const auto train = [](bool together) {
    Model m = small();
    Samples s(10, {3}, 2, label);
    s.spec.batch = 4;
    s.spec.passes = 3;
    Feed feed(s.spec);
    std::vector<Totals> epochs;
    for (int64_t done = 0; done < 9;) {
      RunRequest r = s.request(Mode::train, together ? 9 - done : 3);
      r.epochSteps = together ? 3 : 0;
      r.call = done;
      const RunResult result = m.network->run(feed, r, nullptr);
      done += result.steps;
      if (together)
        epochs.insert(epochs.end(), result.epochs.begin(), result.epochs.end());
      else
        epochs.push_back(m.network->totals());
    }
    EXPECT_EQ(epochs.size(), 3u);
    std::vector<double> numbers;
    for (const Totals& t : epochs) {
      EXPECT_EQ(t.steps, 3);
      numbers.push_back(t.loss);
      numbers.push_back(t.metrics[0][0]);
    }
    for (const float w : m.values()) numbers.push_back(w);
    return numbers;
  };
  EXPECT_EQ(train(true), train(false));
}

// An epoch that is put down in its middle ends with the sums of one that was not.
TEST(Runs, GoOnWithTheSumsThatWerePutDown) {
  const auto train = [](bool putDown) {
    Model m = small();
    Samples s(20, {3}, 2, label);
    s.spec.batch = 3;
    Feed feed(s.spec);
    RunRequest r = s.request(Mode::train, 4);
    m.network->run(feed, r, nullptr);
    Network::Sums sums = m.network->trainingSums();
    if (putDown) {
      Model other = small();
      other.restore(m.values());
      other.network->setTrainingSums(sums);
      EXPECT_EQ(other.network->totals().loss, m.network->totals().loss);
      m = std::move(other);
    }
    r = s.request(Mode::train, 100);
    r.reset = false;
    r.call = r.step = 4;
    m.network->run(feed, r, nullptr);
    const Totals t = m.network->totals();
    EXPECT_EQ(t.steps, 7);
    return std::vector<double>{t.loss, t.metrics[0][0]};
  };
  EXPECT_EQ(train(true), train(false));
}

// Evaluating in the middle of an epoch leaves its sums alone.
TEST(Runs, TrainingAndTestingSumUpApart) {
  Model m = small(), alone = small();
  const Samples s(8, {3}, 2, label);
  for (Model* each : {&m, &alone}) {
    Feed feed(s.spec), again(s.spec), test(s.spec);
    each->network->run(feed, s.request(Mode::train, 1), nullptr);
    if (each == &m) each->network->run(test, s.request(Mode::test, 1), nullptr);
    RunRequest r = s.request(Mode::train, 1);
    r.reset = false;
    each->network->run(again, r, nullptr);
  }
  EXPECT_EQ(m.network->totals().loss, alone.network->totals().loss);
  EXPECT_EQ(m.network->totals().steps, 2);
}

TEST(Runs, NameTheFirstBatchWhoseLossIsNotFinite) {
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Model m = small();
    Samples s(20, {3}, 2, label);
    s.spec.batch = 4;
    s.y[4 * 2 * 2 + 3] = wrong;
    Feed feed(s.spec);
    const RunResult r = m.network->run(feed, s.request(Mode::test, 5), nullptr);
    EXPECT_EQ(r.lossNotFinite, 2);
    EXPECT_EQ(r.steps, 5);
  }
  Model m = small();
  const Samples s(20, {3}, 2, label);
  Feed feed(s.spec);
  EXPECT_EQ(m.network->run(feed, s.request(Mode::test, 5), nullptr).lossNotFinite, -1);
}

// In place, gathered in rows, gathered by the tasks that need the columns, and widened.
TEST(Runs, EndAtABatchOfNumbersThatAreNotFinite) {
  for (const bool doubles : {false, true})
    for (const Shuffle shuffle : {Shuffle::none, Shuffle::batches})
      for (const bool checks : {false, true})
        for (const int64_t where : {int64_t{-1}, int64_t{0}, int64_t{500}, int64_t{783}}) {
          SCOPED_TRACE(std::to_string(doubles) + " " + std::to_string(static_cast<int>(shuffle)) + " " + std::to_string(where));
          Model m;
          m.labelWidth = 4;
          m.dense(784, 128);
          m.dense(128, 4);
          m.build();
          Samples s(96, {784}, 4, label);
          if (where >= 0)
            for (size_t r = 32; r < 96; ++r) s.x[r * 784 + static_cast<size_t>(where)] = std::numeric_limits<float>::quiet_NaN();
          std::vector<double> wide(s.x.begin(), s.x.end());
          if (doubles) s.spec.x = {wide.data(), ElementType::float64, 96, 784};
          s.spec.batch = 32;
          s.spec.shuffle = shuffle;
          Feed feed(s.spec);
          RunRequest request = s.request(Mode::train, 3, 1e-3f);
          request.checkFinite = checks;
          const RunResult r = m.network->run(feed, request, nullptr);
          EXPECT_EQ(r.foundNotFinite, checks && where >= 0);
          if (shuffle == Shuffle::none) {
            EXPECT_EQ(r.steps, checks && where >= 0 ? 1 : 3);
          }
        }
}

TEST(Runs, AnyNumberOfBatchSizesGivesTheSamePredictions) {
  Model m = small();
  Samples s(24, {3}, 2, label);
  const auto predict = [&](int64_t batch) {
    Floats out(48);
    FeedSpec spec = s.spec;
    spec.y = {};
    spec.batch = batch;
    Feed feed(spec);
    RunRequest r = s.request(Mode::predict, 24);
    r.predictions = out.data();
    r.capacity = 48;
    EXPECT_EQ(m.network->run(feed, r, nullptr).samples, 24);
    return out;
  };
  const Floats want = predict(1);
  for (int round = 0; round < 2; ++round)
    for (int64_t batch = 1; batch <= 12; ++batch) EXPECT_EQ(predict(batch), want) << batch;
  const int64_t bytes = m.network->bytes();
  EXPECT_GT(bytes, 0);
  predict(12);
  EXPECT_EQ(m.network->bytes(), bytes);  // plans that are no longer used have gone
}

TEST(Runs, TellHowFarTheyAre) {
  Model m = small();
  Samples s(8, {3}, 2, label);
  s.spec.batch = 2;
  s.spec.passes = -1;
  Feed feed(s.spec);
  const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, int64_t{1} << 40, 1e-4f));
  auto done = job->done.get_future();
  Pool::instance().submit(job);
  int64_t seen = 0;
  for (int told = 0; told < 3;) {
    const Totals t = m.network->progress();
    EXPECT_GE(t.steps, seen);
    if (t.steps > seen) {
      EXPECT_GT(t.loss, 0);
      EXPECT_EQ(t.metrics.size(), 1u);
      seen = t.steps;
      ++told;
    }
    std::this_thread::yield();
  }
  m.network->stop();
  const RunResult r = done.get();
  EXPECT_GE(r.steps, seen);
  EXPECT_EQ(m.network->progress().steps, r.steps);
  EXPECT_TRUE(m.network->stopped());
  m.network->clearStop();
  Feed again(s.spec);
  EXPECT_EQ(m.network->run(again, s.request(Mode::train, 2), nullptr).steps, 2);
}

// An op that throws in one of its tasks, as one does whose thread has no memory left for it.
class Failing : public Op {
 public:
  explicit Failing(const OpEnv& env) { in = out = env.in; }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    for (int64_t i = begin * sizeOf(in); i < end * sizeOf(in); ++i) {
      if (x[i] > 1e6f) throw std::bad_alloc();
      y[i] = x[i];
    }
    (void)step;
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) std::copy(dy + begin * sizeOf(in), dy + end * sizeOf(in), dx + begin * sizeOf(in));
  }
};

TEST(Runs, WhatATaskThrowsComesOutOnceAndTheNetworkGoesOn) {
  addOp("failing", [](const Value&, const OpEnv& env) -> std::unique_ptr<Op> { return std::make_unique<Failing>(env); });
  for (const bool team : {false, true}) {
    Model m;
    m.labelWidth = 300;
    m.add({{"op", "failing"}}, {0});
    m.dense(300, 300);
    m.build();
    Samples s(500, {300}, 300, label);
    const auto run = [&] {
      Feed feed(s.spec);
      if (!team) return m.network->run(feed, s.request(Mode::test, 1), nullptr).steps;
      Team helpers([](void* n, int stage, int64_t t) { static_cast<Network*>(n)->runStage(stage, t); }, m.network.get());
      return m.network->run(feed, s.request(Mode::test, 1), &helpers).steps;
    };
    const Floats before = s.x;
    for (size_t i = 0; i < s.x.size(); i += 300) s.x[i] = 2e6f;  // every task
    EXPECT_THROW(run(), std::bad_alloc);
    EXPECT_EQ(m.network->totals().steps, 0);
    s.x = before;
    s.spec.x.data = s.x.data();
    EXPECT_EQ(run(), 1);
  }
}

TEST(Runs, MetricsOfAnotherWidthAreNotAddedUp) {
  Value::Object head{{"metrics", Value::Array{Value(Value::Object{{"metric", "fBetaScore"}})}}};
  Value::Object rescale{{"op", "rescaling"}, {"scale", 1}, {"offset", 0}, {"inputs", Value::Array{0}}, {"output", 1}};
  Network network(Value(Value::Object{{"ops", Value::Array{Value(rescale)}}, {"result", 1}, {"head", head}}), {}, {});
  const Samples three(4, {3}, 3, label), four(4, {4}, 4, label);
  Feed a(three.spec), b(four.spec), c(three.spec), d(four.spec);
  network.run(a, three.request(Mode::test, 1), nullptr);
  RunRequest more = four.request(Mode::test, 1);
  more.reset = false;
  EXPECT_THROW(network.run(b, more, nullptr), Error);
  more = three.request(Mode::test, 1);
  more.reset = false;
  EXPECT_EQ(network.run(c, more, nullptr).steps, 1);
  EXPECT_EQ(network.run(d, four.request(Mode::test, 1), nullptr).steps, 1);
}

// States are the layer's: training, testing and predicting have them one at a time, in batches of one size.
TEST(Runs, StatesAreUsedByOneJobAtATime) {
  Model m;
  Value::Array weights{m.weight({2, 12}, 0.5), m.weight({3, 12}, 0.5), m.weight({12}, 0.1)};
  m.add({{"op", "lstm"}, {"units", 3}, {"state", 0}, {"weights", weights}});
  m.dense(3, 1);
  Value::Object head{{"loss", m.loss}, {"labelWidth", 1}};
  const auto state = std::make_shared<Variable>(Shape{0});
  Value::Object program{{"ops", m.ops}, {"result", m.last()}, {"variables", m.described}, {"optimizer", m.optimizer}, {"head", head}};
  m.network = std::make_shared<Network>(Value(program), m.variables, m.slots, std::vector<VariablePtr>{state});
  ASSERT_TRUE(state->tryExclusive());
  EXPECT_THROW(m.network->acquire(Mode::predict), Error);
  state->release();
  m.network->acquire(Mode::predict);
  EXPECT_FALSE(state->tryExclusive());
  m.network->release();
  Samples s(4, {5, 2}, 1, label);
  s.spec.batch = 2;
  Feed feed(s.spec), other(s.spec);
  m.network->acquire(Mode::train);
  EXPECT_EQ(m.network->run(feed, s.request(Mode::train, 2), nullptr).steps, 2);
  m.network->release();
  Samples rows(3, {5, 2}, 1, label);
  EXPECT_EQ(codeOf(m, rows, rows.request(Mode::test, 1)), "ERR_STATEFUL");
  EXPECT_EQ(m.network->run(other, s.request(Mode::test, 2), nullptr).steps, 2);
}

}  // namespace
}  // namespace gemmfit
