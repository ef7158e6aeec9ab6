#include "native/engine/lazy_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <future>

#include "native/engine/error.h"
#include "native/test/network_harness.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::PoolRun;
using testing::Samples;
using Floats = std::vector<float>;

RawState raw(const VariablePtr& variable, const Floats& values, LazyState rows) {
  return {variable->shape, values.data(), variable->size, std::move(rows)};
}

std::unique_ptr<Optimizer> adam(Value::Object extra = {}) {
  extra.emplace("optimizer", "adam");
  return makeOptimizer(Value(std::move(extra)));
}

// The rule as its formula is written, in double, on elements of all sizes; each `from` leaves out as many of the steps.
TEST(IdleSteps, OfAdamComeToWhatTheyComeToOneByOne) {
  struct Betas {
    double first, second;
  };
  for (const Betas& betas : {Betas{0.9, 0.999}, Betas{0.9, 0.9999}, Betas{0.8, 0.999}, Betas{0.0, 0.999}})
    for (const int64_t n : {1, 7, 16, 37, 64, 131}) {
      const double b1 = betas.first, b2 = betas.second;
      const auto rule = adam({{"beta1", b1}, {"beta2", b2}});
      const auto idle = rule->idleSteps();
      ASSERT_TRUE(idle);
      const auto size = static_cast<size_t>(n);
      Floats w(size), m(size), v(size), out(size);
      for (size_t i = 0; i < size; ++i) {
        const double g = std::pow(10.0, static_cast<double>(i % 12) - 9);  // from far below epsilon to far above
        w[i] = static_cast<float>(std::sin(static_cast<double>(i) + 0.5));
        m[i] = i % 5 == 4 ? 0.0f : static_cast<float>(0.1 * g * (i % 2 ? -1 : 1));
        v[i] = i % 5 == 4 ? 0.0f : static_cast<float>(0.001 * g * g);
      }
      std::vector<double> scales;
      const auto check = [&](int64_t from) {
        float* state[2] = {m.data(), v.data()};
        idle->weights(from, w.data(), state, out.data(), n);
        for (size_t i = 0; i < size; ++i) {
          double x = w[i], a = m[i], s = v[i];
          for (size_t k = static_cast<size_t>(from); k < scales.size(); ++k) {
            a *= 1 - static_cast<double>(static_cast<float>(1 - b1));
            s *= 1 - static_cast<double>(static_cast<float>(1 - b2));
            x -= scales[k] * a / (std::sqrt(s) + static_cast<double>(1e-7f));
          }
          ASSERT_NEAR(out[i], x, 6e-8 * std::fabs(x) + 5e-7 * std::fabs(x - w[i])) << "element " << i << " of " << n << " from " << from;
        }
        Floats laterM = m, laterV = v;
        state[0] = laterM.data();
        state[1] = laterV.data();
        idle->slots(from, state, n);
        const double k = static_cast<double>(scales.size()) - static_cast<double>(from);
        for (size_t i = 0; i < size; ++i) {
          ASSERT_NEAR(laterM[i], m[i] * std::pow(1 - static_cast<double>(static_cast<float>(1 - b1)), k), 2e-7 * std::fabs(m[i]));
          ASSERT_NEAR(laterV[i], v[i] * std::pow(1 - static_cast<double>(static_cast<float>(1 - b2)), k), 2e-7 * std::fabs(v[i]));
        }
      };
      for (int64_t t = 1; t <= 700; ++t) {
        rule->begin(1e-3 * (1 + std::sin(static_cast<double>(t))), t);
        scales.push_back(rule->idleScale());
        idle->add(rule->idleScale());
        if (t == 1 || t == 2 || t == 40 || t == 700)
          for (const int64_t from : {int64_t{0}, t / 2, t - 1, t}) check(from);
      }
    }
}

TEST(IdleSteps, AreNotOfferedWhereTheFormulaDoesNotHold) {
  EXPECT_FALSE(adam({{"amsgrad", true}})->idleSteps());
  for (const auto& [b1, b2] : std::vector<std::pair<double, double>>{{0.99, 0.999}, {0.9, 0.98}, {0.9, 0.0}, {1.0, 1.0}, {0.999, 0.9}})
    EXPECT_FALSE(adam({{"beta1", b1}, {"beta2", b2}})->idleSteps()) << b1 << " " << b2;
  EXPECT_FALSE(adam({{"epsilon", 0.0}})->idleSteps());
  for (const char* name : {"adadelta", "adamax", "ftrl", "lion", "nadam", "rmsprop"})
    EXPECT_FALSE(makeOptimizer(Value(Value::Object{{"optimizer", name}}))->idleSteps()) << name;
  EXPECT_FALSE(makeOptimizer(Value(Value::Object{{"optimizer", "sgd"}, {"momentum", 0.5}}))->idleSteps());
}

// --- In a network: a table large enough, of rows that are no multiple of a vector.
constexpr int64_t kIds = 5000, kWidth = 53, kSteps = 3, kBatch = 8;

struct Text {
  Model model;
  Samples samples;
  // `dense`: clipping at a norm that none has needs the whole gradient, and leaves it alone.
  explicit Text(bool dense, Value::Object optimizer = {{"optimizer", "adam"}}, int slots = 2)
      : samples(400, {kSteps}, 1, [](int64_t r, int64_t) { return std::sin(static_cast<double>(r)); }) {
    if (dense) optimizer.emplace("clipnorm", 1e30);
    model.optimizer = std::move(optimizer);
    model.slotsEach = slots;
    const int table = model.weight({kIds, kWidth}, 0.05);
    model.add({{"op", "embedding"}, {"inputDim", kIds}, {"outputDim", kWidth}, {"weights", Value::Array{table}}});
    model.add({{"op", "globalAveragePooling1d"}, {"dataFormat", "channels_last"}});
    model.dense(kWidth, 1);
    model.build();
    // Some ids come up in every batch, some again and again, most never.
    for (size_t i = 0; i < samples.x.size(); ++i) {
      const double u = static_cast<double>((samples.x[i] + 1) / 2);
      samples.x[i] = static_cast<float>(std::floor(i % 7 == 0 ? 4999 : kIds * 0.3 * u * u * u));
    }
    samples.spec.batch = kBatch;
  }
  Variable& table() { return *model.variables[0]; }
  bool behind() { return table().rows && table().rows->behind(); }
  void train(int64_t steps, bool pool = false) {
    while (steps > 0) {
      FeedSpec spec = samples.spec;
      spec.shuffle = Shuffle::rows;
      spec.seed = 5;
      spec.pass = pass++;
      Feed feed(spec);
      RunRequest r = samples.request(Mode::train, std::min<int64_t>(steps, 50));
      r.learningRates.clear();
      for (int i = 0; i < 50; ++i) r.learningRates.push_back(rate * static_cast<float>(1 + (call + i) % 5));
      r.call = call;
      model.network->acquire(Mode::train);
      if (pool) {
        const auto run = std::make_shared<PoolRun>(model.network, feed, r);
        auto done = run->done.get_future();
        Pool::instance().submit(run);
        done.get();
      } else
        model.network->run(feed, r, nullptr);
      model.network->release();
      call += std::min<int64_t>(steps, 50);
      steps -= 50;
    }
  }
  double evaluate() {
    FeedSpec spec = samples.spec;
    Feed feed(spec);
    model.network->acquire(Mode::test);
    model.network->run(feed, samples.request(Mode::test, 50), nullptr);
    model.network->release();
    return model.network->totals().loss;
  }
  Floats read(const VariablePtr& v) {
    Floats out(static_cast<size_t>(v->size));
    EXPECT_TRUE(readVariable(v, out.data()));
    return out;
  }
  std::vector<Floats> weights() {
    std::vector<Floats> all;
    for (const VariablePtr& v : model.variables) all.push_back(read(v));
    return all;
  }
  std::vector<Floats> state() {
    std::vector<Floats> all = weights();
    for (const VariablePtr& v : model.slots) all.push_back(read(v));
    return all;
  }
  int64_t call = 0, pass = 0;
  float rate = 0.002f;
};

void expectNear(const std::vector<Floats>& got, const std::vector<Floats>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t k = 0; k < got.size(); ++k) {
    double scale = 0;
    for (const float x : want[k]) scale = std::max(scale, static_cast<double>(std::fabs(x)));
    for (size_t i = 0; i < got[k].size(); ++i) ASSERT_NEAR(got[k][i], want[k][i], tolerance * scale) << "variable " << k << " at " << i;
  }
}

TEST(LazyRows, ATrainingComesToWhatTheDenseUpdateComesTo) {
  Text lazy(false), dense(true);
  for (const int64_t steps : {1, 1, 7, 50, 241}) {
    lazy.train(steps);
    dense.train(steps);
    EXPECT_TRUE(lazy.behind());
    EXPECT_FALSE(dense.behind());
    expectNear(lazy.weights(), dense.weights(), 1e-5);  // the roundings of 300 steps
    EXPECT_NEAR(lazy.evaluate(), dense.evaluate(), 1e-6);
    EXPECT_TRUE(lazy.behind());
  }
  expectNear(lazy.state(), dense.state(), 2e-5);
  EXPECT_FALSE(lazy.behind());  // for the slots have been read
}

TEST(LazyRows, StepsWithoutEffectLeaveTheBitsOfTheDenseUpdate) {
  for (const auto& [name, slots] : std::vector<std::pair<const char*, int>>{{"sgd", 0}, {"adagrad", 1}}) {
    Text lazy(false, {{"optimizer", name}}, slots), dense(true, {{"optimizer", name}}, slots);
    lazy.train(120);
    dense.train(120);
    EXPECT_TRUE(lazy.behind());
    EXPECT_EQ(lazy.state(), dense.state()) << name;
  }
}

TEST(LazyRows, WhoeverReadsChangesNothing) {
  Text alone(false), watched(false);
  alone.train(150);
  for (int i = 0; i < 3; ++i) {
    watched.train(50);
    watched.evaluate();
    watched.weights();
  }
  EXPECT_EQ(watched.state(), alone.state());
}

TEST(LazyRows, TheBitsAreTheSameForAnyNumberOfThreads) {
  Text one(false), many(false);
  one.train(100);
  many.train(100, true);
  EXPECT_EQ(many.state(), one.state());
}

TEST(LazyRows, ATrainingThatIsSavedGoesOnFromTheBitsThatWereSaved) {
  Text lives(false), resumed(false);
  lives.train(60);
  const std::vector<Floats> saved = lives.state();
  size_t k = 0;
  for (const auto* list : {&resumed.model.variables, &resumed.model.slots})
    for (const VariablePtr& v : *list) EXPECT_TRUE(writeVariable(v, saved[k++].data()));
  resumed.call = lives.call;
  resumed.pass = lives.pass;
  lives.train(60);
  resumed.train(60);
  EXPECT_EQ(resumed.state(), lives.state());
}

// As a checkpoint does: numbers as they lie, and which rows are behind. Nothing is settled, and bits are those of a training that was not
// read.
TEST(LazyRows, ATrainingThatIsPutDownAsItLiesGoesOnToTheSameBits) {
  for (const bool looks : {false, true}) {
    Text alone(false), lives(false), resumed(false);
    alone.train(60);
    alone.train(60);
    lives.train(60);
    std::vector<std::pair<Floats, LazyState>> saved;
    for (const auto* list : {&lives.model.variables, &lives.model.slots})
      for (const VariablePtr& v : *list) {
        saved.emplace_back(Floats(static_cast<size_t>(v->size)), LazyState());
        EXPECT_TRUE(readRaw(v, saved.back().first.data(), &saved.back().second));
      }
    EXPECT_TRUE(lives.behind());
    EXPECT_FALSE(saved[0].second.scales.empty());
    resumed.train(3);  // what it has learnt is written over
    size_t k = 0;
    for (const auto* list : {&resumed.model.variables, &resumed.model.slots})
      for (const VariablePtr& v : *list) {
        EXPECT_TRUE(writeRaw(v, raw(v, saved[k].first, saved[k].second)));
        ++k;
      }
    resumed.call = lives.call;
    resumed.pass = lives.pass;
    if (looks) {  // before any run: rows that are behind count as such
      ASSERT_TRUE(resumed.model.network->takeUpRows());
      EXPECT_TRUE(resumed.behind());
      EXPECT_TRUE(resumed.weights() == lives.weights());
    }
    resumed.train(60);
    EXPECT_TRUE(resumed.state() == alone.state()) << "looks " << looks;
  }
}

TEST(LazyRows, AreNotTakenUpWhileAJobHoldsThem) {
  Text t(false);
  t.train(5);
  const VariablePtr table = t.model.variables[0], slot = t.model.slots[0];
  Floats numbers(static_cast<size_t>(table->size));
  LazyState state;
  ASSERT_TRUE(readRaw(table, numbers.data(), &state));
  LazyState wrong = state;
  wrong.updated.resize(kIds - 1);
  EXPECT_THROW(writeRaw(table, raw(table, numbers, wrong)), Error);
  ASSERT_TRUE(writeRaw(table, raw(table, numbers, state)));
  ASSERT_TRUE(slot->tryExclusive());
  EXPECT_FALSE(readRaw(slot, numbers.data(), &state));
  EXPECT_FALSE(writeRaw(slot, raw(slot, numbers, {})));
  EXPECT_FALSE(t.model.network->takeUpRows());
  slot->release();
  EXPECT_TRUE(t.model.network->takeUpRows());
  EXPECT_TRUE(t.behind());
  EXPECT_TRUE(t.model.network->takeUpRows());  // nothing is left to take up
  // A rule whose rows never fall behind has no use for them.
  Text momentum(false, {{"optimizer", "sgd"}, {"momentum", 0.9}}, 1);
  ASSERT_TRUE(writeRaw(momentum.model.variables[0], raw(momentum.model.variables[0], numbers, state)));
  EXPECT_TRUE(momentum.model.network->takeUpRows());
  EXPECT_FALSE(momentum.behind());
}

// Another model has the table as the kernel of a dense layer, which knows nothing of rows.
TEST(LazyRows, OpsThatKnowNothingOfThemReadThemUpToDate) {
  Text t(false);
  t.train(20);
  Model whole;
  whole.variables = t.model.variables;
  whole.described = t.model.described;
  whole.variables.resize(1);
  whole.described.resize(1);
  const int bias = whole.weight({kWidth}, 0.5);
  whole.labelWidth = kWidth;
  whole.add({{"op", "dense"}, {"units", kWidth}, {"weights", Value::Array{0, bias}}});
  whole.build();
  Samples s(2, {kIds}, kWidth, [](int64_t, int64_t) { return 0.0; });
  const auto check = [&](Network& reader, const char* when) {
    const Floats table = t.weights()[0];
    Floats out(2 * kWidth);
    FeedSpec spec = s.spec;
    spec.y = {};
    Feed feed(spec);
    RunRequest r = s.request(Mode::predict, 1);
    r.predictions = out.data();
    r.capacity = 2 * kWidth;
    reader.acquire(Mode::predict);
    reader.run(feed, r, nullptr);
    reader.release();
    reader.rest();
    for (size_t i = 0; i < out.size(); ++i) {
      double want = static_cast<double>(whole.variables[1]->data()[i % kWidth]);
      for (size_t k = 0; k < kIds; ++k) want += static_cast<double>(s.x[i / kWidth * kIds + k]) * table[k * kWidth + i % kWidth];
      ASSERT_NEAR(out[i], want, 2e-5 * std::max(1.0, std::fabs(want))) << when << " " << i;
    }
  };
  EXPECT_TRUE(t.behind());
  Network reader(*whole.network);
  t.model.network->acquire(Mode::train);  // no batch is trained, and yet nobody may write
  Network other(*t.model.network);
  other.acquire(Mode::test);
  // What the rows would be is copied, and they stay behind.
  const VariablePtr table = t.model.variables[0];
  Floats out(2 * kWidth);
  FeedSpec spec = s.spec;
  spec.y = {};
  Feed feed(spec);
  RunRequest r = s.request(Mode::predict, 1);
  r.predictions = out.data();
  r.capacity = 2 * kWidth;
  reader.acquire(Mode::predict);
  reader.run(feed, r, nullptr);
  reader.release();
  reader.rest();
  EXPECT_TRUE(t.behind());
  other.release();
  other.rest();
  t.model.network->release();
  check(reader, "free");
  Floats again(2 * kWidth);
  Feed second(spec);
  r.predictions = again.data();
  reader.acquire(Mode::predict);
  reader.run(second, r, nullptr);
  reader.release();
  reader.rest();
  for (size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], again[i], 1e-6 * std::max(1.0f, std::fabs(again[i])));
}

TEST(LazyRows, AreSettledWhenTheirStepsWouldBecomeTooMany) {
  Text lazy(false), dense(true);
  lazy.rate = dense.rate = 1e-6f;  // so slow that it stays far from its end, where Adam makes rounding as large as any gradient
  lazy.train(IdleSteps::kMost - 6);
  EXPECT_TRUE(lazy.behind());
  lazy.train(6);
  EXPECT_FALSE(lazy.behind());
  lazy.train(20);
  EXPECT_TRUE(lazy.behind());
  dense.train(IdleSteps::kMost - 6);  // the same runs
  dense.train(6);
  dense.train(20);
  expectNear(lazy.weights(), dense.weights(), 2e-5);
}

TEST(LazyRows, WritesComeOnTopOfWhatTheRowsWere) {
  Text lazy(false), dense(true);
  for (Text* t : {&lazy, &dense}) {
    t->train(30);
    Floats half = t->read(t->model.variables[0]);
    for (float& x : half) x *= 0.5f;
    EXPECT_TRUE(writeVariable(t->model.variables[0], half.data()));
    EXPECT_FALSE(t->behind());
    EXPECT_EQ(t->read(t->model.variables[0]), half);
    t->train(30);
  }
  expectNear(lazy.state(), dense.state(), 2e-5);
}

TEST(LazyRows, AnotherNetworkFindsTheRowsUpToDate) {
  Text lazy(false), dense(true);
  for (Text* t : {&lazy, &dense}) {
    t->train(40);
    // Another optimizer with slots of its own, then a batch too large to go row by row, then the first again.
    Text next(t == &dense);
    next.model.variables = t->model.variables;
    next.model.build();
    next.train(40);
    next.samples.spec.batch = 400;
    next.train(1);
    EXPECT_FALSE(t->behind());
    t->train(10);
  }
  expectNear(lazy.state(), dense.state(), 5e-5);
}

TEST(LazyRows, AreNotReadWhileAJobHoldsThem) {
  Text t(false);
  t.train(5);
  Floats out(static_cast<size_t>(t.table().size));
  const VariablePtr table = t.model.variables[0], slot = t.model.slots[0];
  ASSERT_TRUE(slot->tryExclusive());
  EXPECT_FALSE(readVariable(table, out.data()));
  EXPECT_FALSE(writeVariable(table, out.data()));
  EXPECT_THROW(t.model.network->acquire(Mode::train), Error);
  slot->release();
  Network reader(*t.model.network);
  reader.acquire(Mode::test);  // reads them too: then a slot is copied as it would be
  EXPECT_TRUE(readVariable(slot, out.data()));
  EXPECT_FALSE(writeVariable(slot, out.data()));
  EXPECT_TRUE(t.behind());
  reader.release();
  EXPECT_EQ(t.read(slot), out);
  EXPECT_FALSE(t.behind());
  EXPECT_TRUE(table->tryExclusive() && slot->tryExclusive());  // no lock has stayed
}

TEST(LazyRows, WhatNeedsAllRowsKeepsTheDenseUpdate) {
  const auto behind = [](Value::Object optimizer) {
    optimizer.emplace("optimizer", "adam");
    const int64_t common = (optimizer.count("useEma") ? 1 : 0) + (optimizer.count("gradientAccumulationSteps") ? 1 : 0);
    Text t(false, optimizer, 2 + static_cast<int>(common));
    t.train(3);
    return t.behind();
  };
  EXPECT_TRUE(behind({}));
  EXPECT_TRUE(behind({{"clipvalue", 0.5}}));
  EXPECT_FALSE(behind({{"clipnorm", 0.5}}));
  EXPECT_FALSE(behind({{"globalClipnorm", 0.5}}));
  EXPECT_FALSE(behind({{"weightDecay", 0.01}}));
  EXPECT_FALSE(behind({{"useEma", true}}));
  EXPECT_FALSE(behind({{"gradientAccumulationSteps", 2}}));
}

}  // namespace
}  // namespace gemmfit
