// Guard mode on an op that does what ops must not: each fault is named, with its op, and the network is as usable as before.
#include "native/engine/guard.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "native/engine/error.h"
#include "native/engine/updater.h"
#include "native/test/network_harness.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::Samples;

// y = x, dx = dy, and the gradient of a weight of the sample's size is 1. `fault` says what goes wrong.
class Toy : public Op {
 public:
  Toy(const Value& spec, const OpEnv& env) : fault_(spec.text("fault", "")), weight_(env.weights[0]), id_(env.weightIds[0]) {
    in = out = env.in;
    size_ = sizeOf(in);
    trains_ = env.trainable[0];
    early_ = addScratch({size_, 0, Scratch::forward});
    late_ = addScratch({0, 5, Scratch::backward});
    readsX = fault_ == "none";
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    float* early = scratch[static_cast<size_t>(early_)];
    for (int64_t i = begin * size_; i < end * size_; ++i) y[i] = early[i] = x[i];
    if (is("overrunsY")) y[batchEnd(step)] = 1;
    if (is("overrunsScratch")) early[batchEnd(step)] = 1;
    if (is("writesBefore")) y[-1] = 1;
    if (is("leavesY")) poison(y + begin * size_, 1);
    if (is("readsBehindX")) y[begin * size_] += x[batchEnd(step)];
    if (is("writesDead") && trains_) scratch[static_cast<size_t>(late_)][2] = 1;
    if (is("overrunsWeight")) weight_->data()[size_] = 1;
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    std::fill(scratch[static_cast<size_t>(late_)], scratch[static_cast<size_t>(late_)] + 5, 1.0f);
    if (!dx) return;
    const float* early = scratch[static_cast<size_t>(early_)];
    for (int64_t i = begin * size_; i < end * size_; ++i) dx[i] = dy[i] + (is("readsDead") ? early[i] : is("readsDeadX") ? x[i] : 0.0f);
  }
  int64_t weightTasks() const override { return trains_ ? 1 : 0; }
  void weightTask(const Step& step, int64_t) override {
    float* g = step.updater->tile(id_, 0, size_);
    for (int64_t i = is("leavesTile") ? 1 : 0; i < size_; ++i) g[i] = 1;
    if (is("overrunsTile")) g[size_] = 1;
    step.updater->done(id_, 0, size_, g);
  }

 private:
  bool is(const char* fault) const { return fault_ == fault; }
  int64_t batchEnd(const Step& step) const { return step.rows * size_; }
  std::string fault_;
  VariablePtr weight_;
  int id_, early_ = 0, late_ = 0;
  int64_t size_ = 0;
  bool trains_ = false;
};

struct ToyModel : Model {
  ToyModel(const char* fault, Value::Object rule) {
    addOp("toy", [](const Value& spec, const OpEnv& env) -> std::unique_ptr<Op> { return std::make_unique<Toy>(spec, env); });
    optimizer = std::move(rule);
    labelWidth = 3;
    slotsEach = Value(optimizer).text("optimizer", "") == "adam" ? 2 : 0;
    dense(3, 3);
    add({{"op", "toy"}, {"label", "layer 'broken'"}, {"fault", fault}, {"weights", Value::Array{weight({3}, 1)}}});
    dense(3, 3);
    build();
  }
};

// What a run of `rows` in batches of 4 says.
std::string faultOf(const char* fault, Mode mode, int64_t rows = 4, Value::Object rule = {{"optimizer", "sgd"}}) {
  ToyModel m(fault, std::move(rule));
  Samples s(rows, {3}, 3, [](int64_t r, int64_t k) { return r + k; });
  s.spec.batch = 4;
  std::vector<float> predictions(static_cast<size_t>(rows * 3));
  RunRequest request = s.request(mode, 2);
  if (mode == Mode::predict) {
    request.predictions = predictions.data();
    request.capacity = static_cast<int64_t>(predictions.size());
  }
  Feed feed(s.spec);
  try {
    m.network->run(feed, request, nullptr);
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "ERR_GUARD");
    EXPECT_FALSE(e.valueError);
    return e.what();
  }
  return "";
}

void expectNamed(const std::string& message, const std::vector<const char*>& parts) {
  for (const char* part : parts) EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' is not in: " << message;
}

TEST(Guard, IsSilentWhereNothingIsWrong) {
  for (const Mode mode : {Mode::predict, Mode::test, Mode::train}) {
    EXPECT_EQ(faultOf("", mode), "");
    EXPECT_EQ(faultOf("", mode, 6), "");
    EXPECT_EQ(faultOf("", mode, 6, {{"optimizer", "adam"}, {"clipnorm", 1.0}}), "");
  }
}

TEST(Guard, NamesTheOpAndTheBufferThatWasOverrun) {
  for (const Mode mode : {Mode::predict, Mode::test, Mode::train}) {
    expectNamed(faultOf("overrunsScratch", mode),
                {"forward toy #1 (layer 'broken', phase 0, [3] to [3])", "with 4 rows of at most 4",
                 "overran scratch 0 of toy #1 (layer 'broken') (3 floats a row and 0, forward): float 12 of 12 was written"});
    expectNamed(faultOf("overrunsY", mode), {"forward toy #1 (layer 'broken'", "overran y of toy #1 (layer 'broken'): float 12 of 12"});
    expectNamed(faultOf("writesBefore", mode), {"forward toy #1", "wrote before the begin of y of toy #1"});
    expectNamed(faultOf("overrunsWeight", mode), {"forward toy #1 (layer 'broken'", "float 3 of a variable, which has 3, was written"});
  }
}

TEST(Guard, RowsBehindAPartialBatchAreNobodys) {
  expectNamed(faultOf("overrunsY", Mode::predict, 2),
              {"with 2 rows of at most 4", "wrote to y of toy #1 (layer 'broken'), float 6, behind the batch's last row"});
  expectNamed(faultOf("overrunsY", Mode::train, 6), {"forward toy #1", "y of toy #1"});
  expectNamed(faultOf("readsBehindX", Mode::train, 6), {"forward toy #1", "y, float 0 of row", "was computed from memory that is dead"});
}

TEST(Guard, NamesWhoReadOrWroteWhatIsDead) {
  expectNamed(faultOf("readsDead", Mode::train), {"backward toy #1 (layer 'broken', phase 0", "dx, float 0 of row 0", "dead"});
  expectNamed(faultOf("readsDeadX", Mode::train), {"backward toy #1", "dx, float 0 of row 0", "dead"});
  expectNamed(faultOf("writesDead", Mode::train),
              {"forward toy #1", "wrote to scratch 1 of toy #1 (layer 'broken') (0 floats a row and 5, backward), float 2, which is dead"});
}

TEST(Guard, NamesWhatWasNotWritten) {
  expectNamed(faultOf("leavesY", Mode::test), {"forward toy #1", "y, float 0 of row 0, was not written"});
  for (Value::Object rule : {Value::Object{{"optimizer", "sgd"}}, {{"optimizer", "sgd"}, {"clipnorm", 1.0}}}) {
    expectNamed(faultOf("leavesTile", Mode::train, 4, rule), {"weights", "the gradient of weight 2, float 0, was not written"});
    expectNamed(faultOf("overrunsTile", Mode::train, 4, rule), {"weights", "float 3 of a tile of a gradient, which has 3, was written"});
  }
}

// Memory that is read after its op has run: by a penalty when the loss is taken, ids by the mean above their embedding.
TEST(Guard, FindsWhatLivesLongerThanItsOpAlive) {
  std::vector<double> losses[2];
  for (const bool on : {true, false}) {
    setGuarding(on);
    for (const bool ids : {true, false}) {
      Model m;
      if (ids) {
        m.add({{"op", "embedding"}, {"inputDim", 2}, {"outputDim", 3}, {"weights", Value::Array{m.weight({2, 3}, 1)}}});
        m.add({{"op", "globalAveragePooling1d"}});
      } else {
        m.add({{"op", "reshape"}, {"shape", Value::Array{2, 3}}});
        m.add({{"op", "stepsToRows"}});
        m.add({{"op", "activityRegularization"}, {"l2", 0.5}});
        m.activation("tanh");
        m.add({{"op", "rowsToSteps"}});
        m.add({{"op", "reshape"}, {"shape", Value::Array{6}}});
      }
      m.dense(ids ? 3 : 6, 1);
      m.build();
      Samples s(5, {6}, 1, [](int64_t r, int64_t) { return r; });
      if (ids)
        for (float& v : s.x) v = v > 0;
      for (const Mode mode : {Mode::test, Mode::train}) {
        Feed feed(s.spec);
        m.network->run(feed, s.request(mode, 1, 0.0f), nullptr);
        losses[on].push_back(m.network->totals().loss);
      }
    }
  }
  setGuarding(true);
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_GT(losses[0][0], 0);
}

// The first fault is the cause of what comes after it.
TEST(Guard, TellsTheFirstOfSeveralFaults) {
  noteFault("first");
  noteFault("second");
  EXPECT_EQ(takeFault(), "first");
  EXPECT_EQ(takeFault(), "");
  AlignedFloats one = allocateFloats(3, "one"), other = allocateFloats(3, "other");
  one.get()[3] = 0;
  one.reset();
  other.get()[3] = 0;
  EXPECT_EQ(takeFault(), "float 3 of one, which has 3, was written");
  other.reset();
  EXPECT_EQ(takeFault(), "float 3 of other, which has 3, was written");
}

TEST(Guard, MemoryFromBeforeItsTimeIsNotLookedAt) {
  setGuarding(false);
  AlignedFloats old = allocateFloats(3);
  setGuarding(true);
  old.get()[3] = 5;
  old.reset();
  EXPECT_EQ(takeFault(), "");
}

TEST(Guard, IsTurnedOnByTheEnvironment) {
  const char* const before = std::getenv("GEMMFIT_GUARD");
  const std::string kept = before ? before : "";
  const auto set = [](const char* value) { value ? setenv("GEMMFIT_GUARD", value, 1) : unsetenv("GEMMFIT_GUARD"); };
  for (const char* off : {static_cast<const char*>(nullptr), "", "0"}) {
    set(off);
    EXPECT_FALSE(guardFromEnvironment());
    EXPECT_NO_THROW(refuseOtherGuards());
  }
  set("1");
  EXPECT_TRUE(guardFromEnvironment());
  EXPECT_NO_THROW(refuseOtherGuards());
  for (const char* other : {"2", "yes", "01"}) {
    set(other);
    EXPECT_FALSE(guardFromEnvironment());
    EXPECT_THROW(refuseOtherGuards(), Error);
  }
  set(before ? kept.c_str() : nullptr);
}

TEST(Guard, GoesOnAfterAFault) {
  ToyModel m("overrunsTile", {{"optimizer", "sgd"}});
  const Samples s(4, {3}, 3, [](int64_t r, int64_t k) { return r + k; });
  Feed train(s.spec), test(s.spec);
  EXPECT_THROW(m.network->run(train, s.request(Mode::train, 1), nullptr), Error);
  EXPECT_EQ(m.network->run(test, s.request(Mode::test, 1), nullptr).steps, 1);
}

// On the pool as well, where no thread but the leader may throw.
TEST(Guard, ChangesNoBit) {
  std::vector<float> values[2];
  for (const bool on : {true, false}) {
    setGuarding(on);
    Model m;
    m.optimizer = {{"optimizer", "sgd"}, {"globalClipnorm", 1.0}};
    m.labelWidth = 4;
    m.dense(64, 300);
    m.activation("relu");
    m.dense(300, 4);
    m.build();
    Samples s(70, {64}, 4, [](int64_t r, int64_t k) { return 0.1 * static_cast<double>(r % 3 + k); });
    s.spec.batch = 32;
    s.spec.passes = 2;
    Feed feed(s.spec);
    const auto job = std::make_shared<testing::PoolRun>(m.network, feed, s.request(Mode::train, 6));
    auto done = job->done.get_future();
    Pool::instance().submit(job);
    EXPECT_EQ(done.get().steps, 6);
    values[on ? 0 : 1] = m.values();
  }
  setGuarding(true);
  EXPECT_EQ(values[0], values[1]);
}

}  // namespace
}  // namespace gemmfit
