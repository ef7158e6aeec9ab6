// Evaluations and predictions beside a training: no mixture of two batches is ever read, nobody waits in vain, and the training's bits are
// those of one that nobody looks at.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "native/engine/error.h"
#include "native/engine/network.h"
#include "native/test/network_harness.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::PoolRun;
using testing::Samples;
using Floats = std::vector<float>;

struct Case {
  Model model;
  Samples samples;
  explicit Case(Samples s) : samples(std::move(s)) {}
  Case(Case&&) = default;
};

double label(int64_t r, int64_t) { return r % 2 ? 3.0 : -3.0; }

// A wide product of two layers.
Case product() {
  Case c(Samples(16, {3}, 1, label));
  c.model.optimizer = {{"optimizer", "adam"}};
  c.model.slotsEach = 2;
  c.model.dense(3, 700);
  c.model.activation("tanh");
  c.model.dense(700, 1);
  c.model.build();
  c.samples.spec.batch = 4;
  return c;
}

// Moving statistics change in the forward pass, the other weights after it.
Case normalized() {
  Case c(Samples(16, {6}, 1, label));
  c.model.dense(6, 40);
  const int gamma = c.model.weight({40}, 1), beta = c.model.weight({40}, 1);
  const int mean = c.model.weight({40}, 1, {{"trainable", false}}), variance = c.model.weight({40}, 0, {{"trainable", false}});
  for (int i = 0; i < 40; ++i) c.model.variables[static_cast<size_t>(variance)]->data()[i] = 1;
  c.model.add({{"op", "batchNormalization"}, {"momentum", 0.9}, {"weights", Value::Array{gamma, beta, mean, variance}}});
  c.model.activation("tanh");
  c.model.dense(40, 1);
  c.model.build();
  c.samples.spec.batch = 4;
  return c;
}

// A table whose rows fall behind.
Case embedded() {
  Case c(Samples(16, {5}, 1, label));
  for (float& x : c.samples.x) x = std::floor((x + 1) / 2 * 999);
  c.model.optimizer = {{"optimizer", "adam"}};
  c.model.slotsEach = 2;
  const int table = c.model.weight({1000, 16}, 0.5);
  c.model.add({{"op", "embedding"}, {"inputDim", 1000}, {"outputDim", 16}, {"weights", Value::Array{table}}});
  c.model.add({{"op", "globalAveragePooling1d"}, {"dataFormat", "channels_last"}});
  c.model.dense(16, 1);
  c.model.build();
  c.samples.spec.batch = 4;
  return c;
}

// One call of a reader: every row of the data by itself in turn, in batches of `batch`.
Floats predict(Network& reader, const Samples& s, int64_t batch) {
  FeedSpec spec = s.spec;
  spec.y = {};
  spec.batch = batch;
  Feed feed(spec);
  Floats out(static_cast<size_t>(spec.count));
  RunRequest r = s.request(Mode::predict, spec.count);
  r.predictions = out.data();
  r.capacity = spec.count;
  reader.acquire(Mode::predict);
  reader.run(feed, r, nullptr);
  reader.release();
  reader.rest();
  return out;
}

constexpr int kBatches = 600;

FeedSpec forever(const Samples& s) {
  FeedSpec spec = s.spec;
  spec.passes = -1;
  return spec;
}

// What is predicted after each whole batch.
std::set<Floats> trajectory(Case c, Floats* end) {
  Network reader(*c.model.network);
  std::set<Floats> seen{predict(reader, c.samples, 4)};
  Feed feed(forever(c.samples));
  for (int i = 0; i < kBatches; ++i) {
    RunRequest r = c.samples.request(Mode::train, 1, 0.01f);
    r.call = i;
    c.model.network->acquire(Mode::train);
    c.model.network->run(feed, r, nullptr);
    c.model.network->release();
    seen.insert(predict(reader, c.samples, 4));
  }
  *end = c.model.values();
  return seen;
}

void readWhileTraining(Case (*make)(), int64_t perRun) {
  Pool::instance().setThreads(2);
  Floats end;
  const std::set<Floats> whole = trajectory(make(), &end);
  EXPECT_GT(whole.size(), 100u);
  Case c = make();
  std::atomic<bool> over{false};
  std::atomic<int> calls{0}, torn{0};
  std::vector<std::thread> readers;
  for (int k = 0; k < 3; ++k)
    readers.emplace_back([&] {
      Network reader(*c.model.network);
      while (!over) {
        torn += whole.count(predict(reader, c.samples, 4)) == 0;
        ++calls;
      }
    });
  Feed feed(forever(c.samples));
  for (int64_t done = 0; done < kBatches; done += perRun) {
    RunRequest r = c.samples.request(Mode::train, perRun, 0.01f);
    r.call = done;
    c.model.network->acquire(Mode::train);
    const auto run = std::make_shared<PoolRun>(c.model.network, feed, r);
    auto result = run->done.get_future();
    Pool::instance().submit(run);
    EXPECT_EQ(result.get().steps, perRun);
    c.model.network->release();
  }
  const int before = calls;
  while (calls < before + 10) std::this_thread::yield();  // nobody is stuck
  over = true;
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(torn, 0) << "of " << calls;
  Network reader(*c.model.network);
  EXPECT_EQ(whole.count(predict(reader, c.samples, 4)), 1u);
  EXPECT_EQ(c.model.values(), end);
}

TEST(Readers, NeverSeeAMixtureOfTwoBatches) {
  for (const int64_t perRun : {kBatches, 1, 30}) {
    readWhileTraining(product, perRun);
    readWhileTraining(normalized, perRun);
    readWhileTraining(embedded, perRun);
  }
}

TEST(Readers, OfOneEvaluationSeeTheSameWeightsInAllItsRuns) {
  Case c = product();
  Network reader(*c.model.network);
  const Floats before = predict(reader, c.samples, 4);
  const auto runs = [&](Network& n) {
    FeedSpec spec = c.samples.spec;
    spec.y = {};
    Feed feed(spec);
    Floats out(16);
    for (int64_t i = 0; i < 4; ++i) {
      RunRequest r = c.samples.request(Mode::predict, 1);
      r.predictions = out.data() + 4 * i;
      r.capacity = 4;
      n.acquire(Mode::predict);
      n.run(feed, r, nullptr);
      n.release();
      c.model.network->acquire(Mode::train);  // a hook that trains
      Feed data(c.samples.spec);
      c.model.network->run(data, c.samples.request(Mode::train, 1), nullptr);
      c.model.network->release();
    }
    return out;
  };
  EXPECT_EQ(runs(reader), before);
  reader.rest();
  EXPECT_NE(predict(reader, c.samples, 4), before);
}

TEST(Readers, HoldNoTrainingUpAndKeepWritersOut) {
  Case c = product();
  Network reader(*c.model.network);
  const Floats before = predict(reader, c.samples, 4);
  const VariablePtr weight = c.model.variables[0];
  reader.acquire(Mode::predict);  // submitted, and waits for a thread
  Floats values(static_cast<size_t>(weight->size));
  EXPECT_FALSE(weight->tryExclusive());
  c.model.network->acquire(Mode::train);
  Feed data(c.samples.spec);
  EXPECT_EQ(c.model.network->run(data, c.samples.request(Mode::train, 4), nullptr).steps, 4);
  c.model.network->release();
  FeedSpec spec = c.samples.spec;
  spec.y = {};
  Feed feed(spec);
  Floats out(16);
  RunRequest r = c.samples.request(Mode::predict, 4);
  r.predictions = out.data();
  r.capacity = 16;
  reader.run(feed, r, nullptr);
  EXPECT_EQ(out, before);  // the weights as they were when it was asked for
  reader.release();
  reader.rest();
  EXPECT_TRUE(weight->tryExclusive());
  weight->release();
}

TEST(Readers, OfAModelThatSharesLayersReadThoseOfTheOnesTraining) {
  Case c = product();
  Model other;
  other.variables = c.model.variables;
  other.described = c.model.described;
  other.ops = c.model.ops;
  other.build();
  Network reader(*other.network);
  c.model.network->acquire(Mode::train);
  EXPECT_THROW(other.network->acquire(Mode::train), Error);  // who was first goes on
  Feed data(c.samples.spec);
  EXPECT_EQ(c.model.network->run(data, c.samples.request(Mode::train, 4), nullptr).steps, 4);
  EXPECT_EQ(predict(reader, c.samples, 4).size(), 16u);
  c.model.network->release();
  other.network->acquire(Mode::train);
  other.network->release();
}

TEST(Readers, GetAThreadWhileTrainingsHaveAll) {
  Pool::instance().setThreads(1);
  Case c = product();
  Feed feed(forever(c.samples));
  c.model.network->acquire(Mode::train);
  const auto run = std::make_shared<PoolRun>(c.model.network, feed, c.samples.request(Mode::train, int64_t{1} << 40, 1e-4f));
  auto result = run->done.get_future();
  Pool::instance().submit(run);
  struct Serving : PoolRun {
    using PoolRun::PoolRun;
    bool serves() const override { return true; }
  };
  const auto reader = std::make_shared<Network>(*c.model.network);
  FeedSpec spec = c.samples.spec;
  spec.y = {};
  Feed data(spec);
  Floats out(16);
  RunRequest r = c.samples.request(Mode::predict, 4);
  r.predictions = out.data();
  r.capacity = 16;
  reader->acquire(Mode::predict);
  const auto read = std::make_shared<Serving>(reader, data, r);
  auto answer = read->done.get_future();
  Pool::instance().submit(read);
  EXPECT_EQ(answer.get().samples, 16);
  reader->release();
  c.model.network->stop();
  result.get();
  c.model.network->release();
  Pool::instance().setThreads(2);
}

}  // namespace
}  // namespace gemmfit
