// Reductions against plain loops in double: over any axes, of values of samples, of values that are one for the batch, over the batch.
#include <cstring>

#include "native/test/gradients.h"
#include "native/test/inputs_harness.h"

namespace gemmfit::test {
namespace {

struct Shaped {
  Shape in;
  std::vector<int64_t> axes;
};

const std::vector<Shaped> kShapes{
    {{7}, {0}},       {{7}, {}},           {{3, 5}, {0}},          {{3, 5}, {1}},          {{3, 5}, {0, 1}},
    {{2, 3, 4}, {1}}, {{2, 3, 4}, {0, 2}}, {{2, 3, 2, 5}, {0, 2}}, {{2, 3, 2, 5}, {1, 3}}, {{1, 4, 1}, {1, 2}},
    {{1, 4, 1}, {0}}, {{1}, {0}},          {{2, 270}, {0}},        {{3, 70}, {1}},         {{3, 1, 5}, {0, 1}},
};
const std::vector<std::string> kKinds{"sum", "mean", "max", "min", "prod"};

InputsSetup setupOf(const std::string& kind, const Shaped& s, bool single, bool rows, bool keepDims = false) {
  InputsSetup setup;
  setup.spec = object({{"op", "reduce"}, {"kind", kind}, {"axes", integers(s.axes)}, {"keepDims", keepDims}, {"rows", rows}});
  setup.inputs = {{s.in, single}};
  return setup;
}

// Which output an element of a sample goes to.
std::vector<size_t> groupsOf(const Shaped& s) {
  std::vector<size_t> groups(asSize(sizeOf(s.in)));
  for (size_t i = 0; i < groups.size(); ++i) {
    size_t left = i, stride = 1, group = 0;
    for (size_t a = s.in.size(); a-- > 0; left /= asSize(s.in[a])) {
      if (std::find(s.axes.begin(), s.axes.end(), static_cast<int64_t>(a)) != s.axes.end()) continue;
      group += left % asSize(s.in[a]) * stride;
      stride *= asSize(s.in[a]);
    }
    groups[i] = group;
  }
  return groups;
}

Doubles reduced(const std::string& kind, const Shaped& s, bool overRows, const Doubles& x) {
  const std::vector<size_t> groups = groupsOf(s);
  const size_t n = groups.size(), outputs = *std::max_element(groups.begin(), groups.end()) + 1, rows = x.size() / n;
  std::vector<Doubles> lists(overRows ? outputs : outputs * rows);
  for (size_t i = 0; i < x.size(); ++i) lists[(overRows ? 0 : i / n * outputs) + groups[i % n]].push_back(x[i]);
  Doubles y;
  for (const Doubles& list : lists) {
    double all = list[0];
    for (size_t i = 1; i < list.size(); ++i)
      all = kind == "prod"  ? all * list[i]
            : kind == "max" ? std::max(all, list[i])
            : kind == "min" ? std::min(all, list[i])
                            : all + list[i];
    y.push_back(kind == "mean" ? all / static_cast<double>(list.size()) : all);
  }
  return y;
}

TEST(Reduce, IsThatOfPlainLoops) {
  for (const std::string& kind : kKinds)
    for (const Shaped& s : kShapes)
      for (const bool single : {false, true})
        for (const bool rows : {false, true}) {
          if ((single && rows) || (kind == "prod" && sizeOf(s.in) > 100)) continue;
          SCOPED_TRACE(kind + " of " + toString(s.in) + " over " + toString(s.axes) + (single ? " single" : "") +
                       (rows ? " over rows" : ""));
          InputsSetup setup = setupOf(kind, s, single, rows);
          if (sizeOf(s.in) > 100) setup.rows = 2;
          checkInputs(setup, [&](const std::vector<Doubles>& x, int64_t) { return reduced(kind, s, rows, x[0]); });
        }
}

TEST(Reduce, KeepsAxesWhereAsked) {
  const auto shape = [](const Shaped& s, bool keep) { return InputsRunner(setupOf("sum", s, false, false, keep), {}).op->out; };
  EXPECT_EQ(shape({{2, 3, 4}, {1}}, false), (Shape{2, 4}));
  EXPECT_EQ(shape({{2, 3, 4}, {1}}, true), (Shape{2, 1, 4}));
  EXPECT_EQ(shape({{2, 3}, {0, 1}}, false), Shape{});
  EXPECT_EQ(shape({{2, 3}, {0, 1}}, true), (Shape{1, 1}));
}

// Batches of several parts, whose partial results are joined.
TEST(Reduce, OverManyRowsIsThatOfPlainLoops) {
  for (const std::string& kind : {"sum", "mean", "max", "min"})
    for (const Shaped& s : {Shaped{{40, 30}, {0}}, Shaped{{30, 40}, {1}}, Shaped{{1200}, {}}, Shaped{{1200}, {0}}}) {
      SCOPED_TRACE(kind + " of " + toString(s.in));
      InputsSetup setup = setupOf(kind, s, false, true);
      setup.rows = 300;
      setup.batch = 310;
      InputsRunner runner(setup, {64});
      EXPECT_GT(runner.op->forwardPhases()[0].count, 4);
      const std::vector<Floats> x = valuesOf(setup, 300);
      expectClose(runner.forward(x), reduced(kind, s, true, toDoubles(x[0])), 1e-5, "y");
      runner.backward(Floats(asSize(sizeOf(runner.op->out)), 1.0f));
    }
}

TEST(Reduce, ElementsThatAreEqualShareTheGradient) {
  for (const bool rows : {false, true}) {
    InputsSetup setup = setupOf("max", {{4}, {0}}, false, rows);
    setup.rows = 2;
    InputsRunner runner(setup, {});
    EXPECT_EQ(runner.forward({{1, 3, 3, 2, 3, 3, 0, 1}}), rows ? Floats({3}) : Floats({3, 3}));
    if (rows)
      EXPECT_EQ(runner.backward({2})[0], Floats({0, 0.5f, 0.5f, 0, 0.5f, 0.5f, 0, 0}));
    else
      EXPECT_EQ(runner.backward({2, 1})[0], Floats({0, 1, 1, 0, 0.5f, 0.5f, 0, 0}));
  }
}

TEST(Reduce, APeakOfNaNIsNaN) {
  for (const char* kind : {"max", "min"})
    for (const int64_t n : {3, 70})
      for (const int64_t axis : {0, 1})
        for (int64_t at = 0; at < n * n; at += 1 + n / 5) {
          InputsSetup setup = setupOf(kind, {{n, n}, {axis}}, true, false);
          std::vector<Floats> x = valuesOf(setup, 1);
          x[0][asSize(at)] = kNaN;
          const Floats y = InputsRunner(setup, {}).forward(x);
          EXPECT_TRUE(std::isnan(y[asSize(axis == 0 ? at % n : at / n)]));
          EXPECT_EQ(std::count_if(y.begin(), y.end(), [](float v) { return std::isnan(v); }), 1);
        }
}

TEST(Reduce, ProductsOfZerosHaveTheirGradients) {
  InputsSetup setup = setupOf("prod", {{3}, {0}}, false, false);
  setup.rows = 3;
  InputsRunner runner(setup, {});
  EXPECT_EQ(runner.forward({{2, 3, 4, 2, 0, 4, 0, 0, 4}}), Floats({24, 0, 0}));
  EXPECT_EQ(runner.backward({1, 1, 1})[0], Floats({12, 8, 6, 0, 8, 0, 0, 0, 0}));
}

// In float32 alone a million times 0.1 is off by a tenth of a percent.
TEST(Reduce, SumsOfManyNumbersAreExact) {
  for (const int64_t axis : {0, 1}) {
    const Shaped s{axis == 0 ? Shape{1000000, 2} : Shape{2, 1000000}, {axis}};
    InputsSetup setup = setupOf("sum", s, true, false);
    for (const float v : InputsRunner(setup, {}).forward({Floats(2000000, 0.1f)})) EXPECT_NEAR(v, 100000.0015, 0.01);
  }
}

TEST(Reduce, RefusesWhatCannotBe) {
  expectInputsRefused(setupOf("median", {{3}, {0}}, false, false), "ERR_SPEC", "one of sum, mean, max, min, prod. Received: 'median'");
  expectInputsRefused(setupOf("sum", {{3}, {1}}, false, false), "ERR_SPEC", "axes are different ones of [3]. Received: 1");
  expectInputsRefused(setupOf("sum", {{3}, {-1}}, false, false), "ERR_SPEC", "Received: -1");
  expectInputsRefused(setupOf("sum", {{3, 2}, {1, 1}}, false, false), "ERR_SPEC", "Received: 1");
  expectInputsRefused(setupOf("sum", {{3, 0}, {1}}, false, false), "ERR_SHAPE", "has no numbers");
  expectInputsRefused(setupOf("sum", {{3}, {0}}, true, true), "ERR_SPEC", "has no rows");
}

// Statistics of the batch in a network, on any number of threads.
TEST(Reduce, OverRowsHasTheSameBitsOnAnyThreads) {
  using testing::Model;
  using testing::PoolRun;
  using testing::Samples;
  const auto train = [](int threads, bool guarded) {
    setGuarding(guarded);
    Pool::instance().setThreads(threads);
    Model m;
    m.labelWidth = 2;
    m.dense(30, 40);
    const int v = m.last();
    m.result = m.add({{"op", "dense"}, {"units", 2}, {"weights", Value::Array{m.weight({40, 2}, 0.2), m.weight({2}, 0.1)}}}, {v});
    Value::Array added;
    for (const char* kind : {"mean", "max", "prod"}) {
      m.add({{"op", "reduce"}, {"kind", kind}, {"axes", Value::Array{}}, {"rows", true}}, {v});
      added.push_back(m.add({{"op", "reduce"}, {"kind", "mean"}, {"axes", Value::Array{0}}}));
    }
    m.roots["addedLosses"] = added;
    m.build();
    const Samples s(2000, {30}, 2, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); });
    Feed feed(s.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    return m.values();
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
