// Values that pass as they are, with another mask, without gradient, or for each sample; and masks as values.
#include <cstring>

#include "native/test/gradients.h"
#include "native/test/inputs_harness.h"

namespace gemmfit::test {
namespace {

using testing::checkGradients;
using testing::Model;
using testing::PoolRun;
using testing::Samples;

double label(int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }

InputsSetup setupOf(const char* op, std::vector<Input> inputs) {
  InputsSetup setup;
  setup.spec = object({{"op", op}});
  setup.inputs = std::move(inputs);
  return setup;
}

TEST(Passing, ChangesNoNumber) {
  for (const bool single : {false, true})
    for (const char* op : {"dropMask", "withMask"}) {
      std::vector<Input> inputs{{{3, 2}, single}};
      if (std::string(op) == "withMask") inputs.push_back({{3}, single});
      checkInputs(setupOf(op, inputs), [](const std::vector<Doubles>& x, int64_t) { return x[0]; });
    }
}

TEST(Passing, ToRowsGivesEachSampleTheSame) {
  for (const bool single : {false, true})
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{300}})
      for (const int64_t rows : {1, 5})
        if (rows == 5 || !single) {
          InputsSetup setup = setupOf("toRows", {{shape, true}, {{2}, single}});
          setup.rows = rows;
          checkInputs(setup, [](const std::vector<Doubles>& x, int64_t n) {
            Doubles y;
            for (int64_t r = 0; r < n; ++r) y.insert(y.end(), x[0].begin(), x[0].end());
            return y;
          });
        }
  expectInputsRefused(setupOf("toRows", {{{3}, false}, {{2}, false}}), "ERR_SPEC", "one for the whole batch");
  expectInputsRefused(setupOf("toRows", {{{3}, true}}), "ERR_SPEC", "takes two inputs");
  expectInputsRefused(setupOf("toRows", {{{0}, true}, {{2}, false}}), "ERR_SHAPE", "has no numbers");
  expectInputsRefused(setupOf("withMask", {{{3}, false}}), "ERR_SPEC", "takes two inputs");
}

TEST(Passing, NothingLearnsBelowStopGradient) {
  Model m;
  m.labelWidth = 2;
  m.dense(5, 4);
  m.activation("tanh");
  const int v = m.last();
  const int stopped = m.add({{"op", "stopGradient"}}, {v});
  m.add({{"op", "multiply"}}, {stopped, v});
  m.dense(4, 2);
  m.build();
  // The same with what passes as numbers: y = a v where a is v as it was.
  const Samples s(6, {5}, 2, label);
  const std::vector<float> g = testing::gradients(m, s);
  Model both;
  both.labelWidth = 2;
  both.dense(5, 4);
  both.activation("tanh");
  both.add({{"op", "multiply"}}, {both.last(), both.last()});
  both.dense(4, 2);
  both.build();
  EXPECT_EQ(testing::lossOf(m, s), testing::lossOf(both, s));
  const std::vector<float> twice = testing::gradients(both, s);
  for (size_t i = 0; i < 24; ++i) EXPECT_NEAR(2 * g[i], twice[i], 1e-5) << i;  // half of the product's rule
  for (size_t i = 24; i < g.size(); ++i) EXPECT_NEAR(g[i], twice[i], 1e-6) << i;
}

// Steps that are 0 are masked; a loss over steps leaves masked ones out.
TEST(Passing, MasksAreDroppedGivenAndRead) {
  const std::vector<float> steps{1, 0, 3, 0};
  const auto lossOf = [&](const std::function<void(Model&, int)>& behind) {
    Model m;
    m.loss = {{"loss", "meanAbsoluteError"}};
    const int masked = m.add({{"op", "masking"}, {"maskValue", 0}}, {0});
    behind(m, masked);
    m.build();
    Samples s(2, {4, 1}, 4, [](int64_t, int64_t) { return 1; });
    for (size_t i = 0; i < s.x.size(); ++i) s.x[i] = steps[i % 4];
    s.spec.x.data = s.x.data();
    return testing::lossOf(m, s);
  };
  const auto scaled = [](Model& m, int x) { return m.add({{"op", "rescaling"}, {"scale", 2}, {"offset", 0}}, {x}); };
  EXPECT_NEAR(lossOf([&](Model& m, int x) { scaled(m, x); }), (1 + 5) / 2.0, 1e-6);
  EXPECT_NEAR(lossOf([&](Model& m, int x) { m.add({{"op", "dropMask"}}, {scaled(m, x)}); }), (1 + 1 + 5 + 1) / 4.0, 1e-6);
  EXPECT_NEAR(lossOf([&](Model& m, int x) { m.add({{"op", "withMask"}}, {m.add({{"op", "dropMask"}}, {scaled(m, x)}), x}); }), 3, 1e-6);
  EXPECT_NEAR(lossOf([&](Model& m, int x) { m.add({{"op", "withMask"}}, {scaled(m, x), m.add({{"op", "dropMask"}}, {x})}); }), 2, 1e-6);
  const auto asValue = [&](Model& m, int x) {
    m.add({{"op", "maskOf"}}, {x});
    m.add({{"op", "reshape"}, {"shape", Value::Array{4, 1}}});
  };
  EXPECT_NEAR(lossOf([&](Model& m, int x) { asValue(m, x); }), 0.5, 1e-6);
  EXPECT_NEAR(lossOf([&](Model& m, int x) { asValue(m, m.add({{"op", "dropMask"}}, {x})); }), 0, 1e-6);
}

TEST(Passing, AMaskFitsItsSteps) {
  Model m;
  const int masked = m.add({{"op", "masking"}, {"maskValue", 0}}, {0});
  m.add({{"op", "slice"}, {"axis", 1}, {"begin", 0}, {"size", 4}}, {0});
  m.add({{"op", "withMask"}}, {m.last(), masked});
  m.build();
  try {
    testing::lossOf(m, Samples(2, {6, 1}, 4, label));
    ADD_FAILURE() << "it was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "ERR_MASK") << e.what();
  }
  expectInputsRefused(setupOf("maskOf", {{{}, false}}), "ERR_SHAPE", "has no steps");
}

// A vector for each sample, from a weight; and masks that go around a layer of one's own.
TEST(Passing, HasItsGradientsInANetwork) {
  const auto build = [](Model& m) {
    m.labelWidth = 3;
    const int masked = m.add({{"op", "masking"}, {"maskValue", 0}}, {0});
    const int w = m.source({{"op", "weight"}, {"weights", Value::Array{m.weight({4, 2}, 0.5)}}});
    const int v = m.add({{"op", "toRows"}}, {w, masked});
    const int own = m.add({{"op", "multiply"}}, {m.add({{"op", "dropMask"}}, {masked}), v});
    m.add({{"op", "withMask"}}, {own, masked});
    m.add({{"op", "globalAveragePooling1d"}});
    m.dense(2, 3);
    m.build();
  };
  Model m;
  build(m);
  Samples s(6, {4, 2}, 3, label);
  for (size_t i = 0; i < s.x.size(); i += 6) s.x[i] = s.x[i ^ 1] = 0;
  checkGradients(m, s);
  const auto train = [&](int threads, bool guarded) {
    setGuarding(guarded);
    Pool::instance().setThreads(threads);
    Model own;
    build(own);
    const Samples many(8000, {4, 2}, 3, label);
    Feed feed(many.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<PoolRun>(own.network, feed, many.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    return own.values();
  };
  const int before = Pool::instance().threads();
  const std::vector<float> one = train(1, true);
  EXPECT_EQ(one, train(2, true));
  EXPECT_EQ(one, train(2, false));
  setGuarding(true);
  Pool::instance().setThreads(before);
}

}  // namespace
}  // namespace gemmfit::test
