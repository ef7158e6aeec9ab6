// Programs that are not a line: values with several readers, ops of several inputs.
#include "native/engine/graph.h"

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/test/gradients.h"

namespace gemmfit {
namespace {

using testing::checkGradients;
using testing::Model;
using testing::PoolRun;
using testing::Samples;

double label(int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }

std::vector<float> predict(Model& m, const Samples& s, int64_t size) {
  std::vector<float> out(static_cast<size_t>(s.spec.x.rows * size));
  RunRequest request = s.request(Mode::predict, 1);
  request.predictions = out.data();
  request.capacity = static_cast<int64_t>(out.size());
  Feed feed(s.spec);
  m.network->run(feed, request, nullptr);
  return out;
}

// y = merge(v, f(v)) or merge(f(v), v) between two dense layers; the activation would like to work in place on v, which is read again.
TEST(Graph, ResidualsHaveTheGradientsOfFiniteDifferences) {
  for (const char* merge : {"add", "subtract", "multiply", "average", "concatenate"})
    for (const bool first : {false, true})
      for (const bool deep : {false, true}) {
        SCOPED_TRACE(std::string(merge) + (first ? " first" : "") + (deep ? " deep" : ""));
        Model m;
        m.labelWidth = 2;
        m.dense(5, 4);
        const int v = m.last();
        m.activation("tanh");
        if (deep) m.dense(4, 4);
        const int f = m.last();
        m.add({{"op", merge}}, first ? std::vector<int>{f, v} : std::vector<int>{v, f});
        m.dense(std::string(merge) == "concatenate" ? 8 : 4, 2);
        m.build();
        checkGradients(m, Samples(6, {5}, 2, label));
      }
}

// Two branches that are cut from one value, three readers of another, and a value that an op reads twice.
TEST(Graph, BranchesHaveTheGradientsOfFiniteDifferences) {
  Model m;
  m.labelWidth = 2;
  m.dense(5, 7);
  const int v = m.last();
  const int left = m.add({{"op", "slice"}, {"begin", 0}, {"size", 3}}, {v});
  m.dense(3, 4);
  m.activation("tanh");
  const int a = m.last();
  m.add({{"op", "slice"}, {"begin", 3}, {"size", 4}}, {v});
  m.dense(4, 4);
  const int b = m.last();
  const int square = m.add({{"op", "multiply"}}, {b, b});
  const int thrice = m.add({{"op", "add"}}, {a, a, a});
  m.add({{"op", "concatenate"}}, {left, m.add({{"op", "add"}}, {square, thrice}), m.add({{"op", "flip"}}, {a})});
  m.dense(11, 2);
  m.build();
  checkGradients(m, Samples(6, {5}, 2, label));
}

TEST(Graph, OpsOfSeveralInputsComputeWhatTheySay) {
  // Over steps of the batch itself, which nobody may write to.
  Samples s(3, {4, 2}, 1, label);
  const std::vector<float> before = s.x;
  const auto run = [&](const char* merge, int64_t size) {
    Model m;
    const int a = m.add({{"op", "slice"}, {"axis", 1}, {"begin", 0}, {"size", 2}}, {0});
    const int b = m.add({{"op", "slice"}, {"axis", 1}, {"begin", 2}, {"size", 2}}, {0});
    const int flipped = m.add({{"op", "flip"}, {"axis", 1}}, {b});
    m.add({{"op", merge}, {"axis", 1}}, {a, flipped});
    m.build();
    return predict(m, s, size);
  };
  const std::vector<float> sum = run("add", 4), difference = run("subtract", 4), product = run("multiply", 4), mean = run("average", 4),
                           both = run("concatenate", 8);
  for (size_t r = 0; r < 3; ++r)
    for (size_t t = 0; t < 2; ++t)
      for (size_t k = 0; k < 2; ++k) {
        const float a = before[r * 8 + t * 2 + k], b = before[r * 8 + (3 - t) * 2 + k];
        const size_t i = r * 4 + t * 2 + k;
        EXPECT_EQ(sum[i], a + b);
        EXPECT_EQ(difference[i], a - b);
        EXPECT_EQ(product[i], a * b);
        EXPECT_EQ(mean[i], (a + b) / 2);
        EXPECT_EQ(both[r * 8 + t * 2 + k], a);
        EXPECT_EQ(both[r * 8 + 4 + t * 2 + k], b);
      }
  EXPECT_EQ(s.x, before);
}

// Masks follow the values: what counts shows in the loss, which is the mean over the steps that do.
TEST(Graph, MasksAreValuesOfTheirOwn) {
  // Steps of the first branch that equal 1 are masked, of the second those that equal 2; the third has no mask.
  const std::vector<float> steps = {1, 2, 3, 4};
  const auto lossOf = [&](const char* merge, int64_t axis, bool second, bool third) {
    Model m;
    m.loss = {{"loss", "meanAbsoluteError"}};
    m.labelWidth = std::string(merge) == "concatenate" && axis != 1 ? (third ? 2 : 2) : 1;
    const int a = m.add({{"op", "masking"}, {"maskValue", 1}}, {0});
    const int b = second  ? m.add({{"op", "masking"}, {"maskValue", 2}}, {0})
                  : third ? m.add({{"op", "rescaling"}, {"scale", 1}, {"offset", 0}}, {0})
                          : a;
    m.add({{"op", merge}, {"axis", axis}}, {a, b});
    m.build();
    const bool joined = std::string(merge) == "concatenate" && axis == 1;
    Samples s(1, {4, 1}, joined ? 8 : 4 * m.labelWidth, [](int64_t, int64_t) { return 0; });
    s.x = steps;
    s.spec.x.data = s.x.data();
    return testing::lossOf(m, s);
  };
  EXPECT_NEAR(lossOf("add", -1, false, false), (4 + 6 + 8) / 3.0, 1e-6);     // one mask: step 0 is out
  EXPECT_NEAR(lossOf("add", -1, true, false), (1 + 2 + 6 + 8) / 4.0, 1e-6);  // any of both counts: all steps do
  EXPECT_NEAR(lossOf("add", -1, false, true), (1 + 4 + 6 + 8) / 4.0, 1e-6);  // none where one value has none
  EXPECT_NEAR(lossOf("concatenate", -1, true, false), (3 + 4) / 2.0, 1e-6);  // steps 0 and 1 are out
  EXPECT_NEAR(lossOf("concatenate", -1, false, true), (2 + 3 + 4) / 3.0, 1e-6);
  EXPECT_NEAR(lossOf("concatenate", 1, true, false), (2 + 3 + 4 + 1 + 3 + 4) / 6.0, 1e-6);
  EXPECT_NEAR(lossOf("concatenate", 1, false, true), (2 + 3 + 4 + 1 + 2 + 3 + 4) / 7.0, 1e-6);
}

// What neighbours do together, and memory that is shared, must not change what others read: an identity between takes each chance away.
// Steps that a mask leaves out get no gradient, also where the op behind passes no mask on and its memory could serve others.
TEST(Graph, AMaskThatNobodyReadsLastsUntilItsMakersBackwardPass) {
  Model m;
  m.labelWidth = 3;
  m.dense(1, 2);
  m.add({{"op", "masking"}, {"maskValue", 0}}, {m.last()});
  m.add({{"op", "reshape"}, {"shape", Value(Value::Array{8})}}, {m.last()});
  m.dense(8, 5);
  m.activation("tanh");
  m.dense(5, 3);
  m.build();
  Samples s(6, {4, 1}, 3, label);
  std::fill(s.x.begin(), s.x.end(), 0.0f);  // with a bias of 0 every step is 0
  std::vector<float> at = m.values();
  at[2] = at[3] = 0;
  m.restore(at);
  const std::vector<float> g = testing::gradients(m, s);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(g[i], 0.0f) << "weight " << i;
  EXPECT_NE(g.back(), 0.0f);
}

// A part of the steps has its part of the mask; where the last axis is cut, all of it.
TEST(Graph, PartsHaveTheirPartOfTheMask) {
  const auto lossOf = [&](int64_t axis, int64_t begin, int64_t size) {
    Model m;
    m.loss = {{"loss", "meanAbsoluteError"}};
    m.labelWidth = axis == 1 ? 2 : size;
    m.add({{"op", "masking"}, {"maskValue", 9}}, {0});
    m.add({{"op", "slice"}, {"axis", axis}, {"begin", begin}, {"size", size}});
    m.build();
    Samples s(1, {4, 2}, axis == 1 ? size * 2 : 4 * size, [](int64_t, int64_t) { return 0; });
    s.x = {1, 2, 9, 9, 3, 5, 9, 9};  // the second and the last step are out
    s.spec.x.data = s.x.data();
    return testing::lossOf(m, s);
  };
  EXPECT_NEAR(lossOf(1, 0, 2), 1.5, 1e-6);
  EXPECT_NEAR(lossOf(1, 1, 2), 4, 1e-6);
  EXPECT_NEAR(lossOf(1, 1, 3), 4, 1e-6);
  EXPECT_NEAR(lossOf(2, 0, 1), 2, 1e-6);
  EXPECT_NEAR(lossOf(2, 1, 1), 3.5, 1e-6);
}

// A sentence counts where any of its words does: what stands inside TimeDistributed has taken the words' mask.
TEST(Graph, SentencesCountWhereAnyOfTheirWordsDoes) {
  const auto run = [](const std::vector<float>& ids) {
    Model m;
    m.loss = {{"loss", "meanAbsoluteError"}};
    const int table = m.weight({3, 1}, 0);
    for (int i = 0; i < 3; ++i) m.variables[0]->data()[i] = static_cast<float>(i);
    m.add({{"op", "embedding"}, {"inputDim", 3}, {"outputDim", 1}, {"maskZero", true}, {"weights", Value::Array{table}}}, {0});
    m.add({{"op", "stepsToRows"}});
    m.add({{"op", "globalAveragePooling1d"}});
    m.add({{"op", "rowsToSteps"}});
    m.build();
    Samples s(1, {3, 2}, 3, [](int64_t, int64_t) { return 0; });
    s.x = ids;
    s.spec.x.data = s.x.data();
    return testing::lossOf(m, s);
  };
  EXPECT_NEAR(run({1, 2, 0, 0, 2, 0}), (1.5 + 2) / 2, 1e-6);
  EXPECT_NEAR(run({0, 1, 2, 2, 0, 1}), (1 + 2 + 1) / 3.0, 1e-6);
}

TEST(Graph, OpsOfSeveralInputsTakeFixedOnesAndMoreThanTwo) {
  for (const char* merge : {"add", "multiply", "average", "concatenate"}) {
    SCOPED_TRACE(merge);
    Model m;
    m.labelWidth = 2;
    m.dense(4, 4);
    const int v = m.last();
    m.activation("tanh");
    const int f = m.last();
    m.add({{"op", merge}}, {0, v, f});  // nobody wants the gradient of the batch
    m.dense(std::string(merge) == "concatenate" ? 12 : 4, 2);
    m.build();
    checkGradients(m, Samples(6, {4}, 2, label));
  }
  for (const bool first : {false, true}) {
    Model m;
    m.labelWidth = 2;
    m.dense(4, 4);
    m.add({{"op", "subtract"}}, first ? std::vector<int>{0, 1} : std::vector<int>{1, 0});
    m.dense(4, 2);
    m.build();
    checkGradients(m, Samples(6, {4}, 2, label));
  }
}

TEST(Graph, ValuesThatDoNotFitTogetherAreRefused) {
  const auto refusal = [](const char* op, const std::vector<int64_t>& sizes, int64_t axis = -1) -> std::string {
    Model m;
    std::vector<int> parts;
    for (const int64_t size : sizes) parts.push_back(m.add({{"op", "slice"}, {"axis", 1}, {"size", size}}, {0}));
    m.add({{"op", op}, {"axis", axis}}, parts);
    m.build();
    try {
      m.network->outputShape({4, 3});
      return "";
    } catch (const Error& e) {
      return e.code;
    }
  };
  for (const char* op : {"multiply", "average", "subtract"}) EXPECT_EQ(refusal(op, {2, 3}), "ERR_SHAPE") << op;
  EXPECT_EQ(refusal("concatenate", {2, 3}), "ERR_SHAPE");
  EXPECT_EQ(refusal("concatenate", {2, 3}, 1), "");
  EXPECT_EQ(refusal("concatenate", {2, 2}, 0), "ERR_SPEC");
  EXPECT_EQ(refusal("subtract", {2, 2, 2}), "ERR_SPEC");
  EXPECT_EQ(refusal("subtract", {2}), "ERR_SPEC");
}

TEST(Graph, FusionsAndSharedPlacesKeepBits) {
  const auto train = [](bool apart, bool guarded, int threads) {
    setGuarding(guarded);
    Pool::instance().setThreads(threads);
    Model m;
    m.optimizer = {{"optimizer", "sgd"}, {"momentum", 0.0}};
    const auto conv = [&](int64_t in, int64_t filters, int x) {
      const int k = m.weight({3, 3, in, filters}, 0.3), b = m.weight({filters}, 0.1);
      return m.add(
          {{"op", "conv"}, {"filters", filters}, {"kernel", Value::Array{3, 3}}, {"padding", "same"}, {"weights", Value::Array{k, b}}},
          {x});
    };
    const auto relu = [&](int x) { return m.add({{"op", "activation"}, {"activation", "relu"}}, {x}); };
    const auto read = [&](int x) { return apart ? m.add({{"op", "rescaling"}, {"scale", 1}, {"offset", 0}}, {x}) : x; };
    const auto pool = [&](int x) {
      return m.add({{"op", "pooling"}, {"kind", "max"}, {"rank", 2}, {"size", Value::Array{2, 2}}, {"strides", Value::Array{2, 2}}}, {x});
    };
    const int v = relu(conv(2, 8, 0));
    const int f = relu(conv(8, 8, read(v)));
    const int sum = m.add({{"op", "add"}}, {read(v), read(f)});
    const int small = pool(read(sum)), other = pool(read(v));
    m.add({{"op", "multiply"}}, {read(small), read(other)});
    m.add({{"op", "reshape"}, {"shape", Value::Array{5 * 5 * 8}}});
    m.dense(5 * 5 * 8, 1);
    m.build();
    Samples s(150, {10, 10, 2}, 1, label);
    s.spec.batch = 64;
    s.spec.passes = 2;
    Feed feed(s.spec);
    const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 6, 0.001f));
    auto done = job->done.get_future();
    Pool::instance().submit(job);
    EXPECT_EQ(done.get().steps, 6);
    EXPECT_TRUE(std::isfinite(m.values()[0]));
    return m.values();
  };
  const int threads = Pool::instance().threads();
  const std::vector<float> one = train(false, true, 1);
  EXPECT_EQ(one, train(false, true, 2)) << "two threads";
  EXPECT_EQ(one, train(false, false, 2)) << "without the guard";
  EXPECT_EQ(one, train(true, false, 2)) << "apart";
  setGuarding(true);
  Pool::instance().setThreads(threads);
}

TEST(Graph, ProgramsThatCannotBeAreRefused) {
  const auto refusal = [](const std::vector<std::pair<std::vector<int>, int>>& ops, int result) -> std::string {
    Value::Array specs;
    for (const auto& [inputs, output] : ops)
      specs.push_back(Value(Value::Object{{"op", "add"}, {"inputs", Value::Array(inputs.begin(), inputs.end())}, {"output", output}}));
    try {
      Network network(Value(Value::Object{{"ops", specs}, {"result", result}}), {}, {});
      network.outputShape({3});
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "ERR_SPEC");
      return e.what();
    }
    return "";
  };
  const auto says = [](const std::string& message, const char* what) { EXPECT_NE(message.find(what), std::string::npos) << message; };
  EXPECT_EQ(refusal({{{0, 0}, 1}}, 1), "");
  says(refusal({{{0, 1}, 1}}, 1), "reads a value that no op before it makes");
  says(refusal({{{0, -1}, 1}}, 1), "reads a value that no op before it makes");
  says(refusal({{{0, 9}, 1}}, 1), "reads a value that no op before it makes");
  says(refusal({{{}, 1}}, 1), "reads no value");
  says(refusal({{{0, 0}, 0}}, 0), "makes a value that is there");
  says(refusal({{{0, 0}, 2}}, 2), "makes a value that is there");
  says(refusal({{{0, 0}, 1}, {{0, 0}, 2}}, 2), "makes a value that nobody reads");
  says(refusal({{{0, 0}, 1}}, 2), "'result' is not one of its values");
}

}  // namespace
}  // namespace gemmfit
