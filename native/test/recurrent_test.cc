#include "native/test/recurrent_reference.h"

namespace gemmfit::test {
namespace {

const std::vector<Case> kCells = {{"lstm"}, {"gru"}, {"gru", 0, 0, 0, 0, false, false, true, false, false}, {"simpleRnn"}};

class Cells : public testing::TestWithParam<int> {
 protected:
  Case cell(int64_t rows, int64_t steps, int64_t width, int64_t units) const {
    Case c = kCells[static_cast<size_t>(GetParam())];
    c.rows = rows;
    c.steps = steps;
    c.width = width;
    c.units = units;
    return c;
  }
};

TEST_P(Cells, MatchTheReference) {
  for (const bool sequences : {false, true})
    for (const bool backwards : {false, true})
      for (Case c : {cell(5, 4, 3, 5), cell(1, 1, 1, 1), cell(4, 1, 2, 17), cell(2, 2, 5, 19)}) {
        c.sequences = sequences;
        c.backwards = backwards;
        check(c);
        c.bias = false;
        check(c);
      }
}

TEST_P(Cells, SkipMaskedSteps) {
  for (const bool sequences : {false, true})
    for (const bool backwards : {false, true})
      for (const bool zeros : {false, true}) {
        Case c = cell(5, 6, 3, 4);
        c.mask = someMask(5, 6);
        c.sequences = sequences;
        c.backwards = backwards;
        c.zeros = zeros;
        check(c);
      }
}

// Central differences of the op itself, whose draws depend on the step alone.
TEST_P(Cells, DropoutHasItsGradient) {
  for (const double recurrent : {0.0, 0.3}) {
    Case c = cell(3, 3, 4, 5);
    c.sequences = true;
    OpSetup setup = c.setup();
    Value::Object spec = {{"dropout", 0.4}, {"recurrentDropout", recurrent}, {"op", c.op},
                          {"units", 5},     {"returnSequences", true},       {"resetAfter", c.resetAfter}};
    setup.spec = object(spec);
    OpRunner runner(setup);
    compareWithOwnDifferences(runner, randomFloats(3 * 3 * 4, 3, -1, 1));
  }
}

TEST_P(Cells, CutsIntoChunksDoNotMatter) {
  Case c = cell(7, 4, 3, 6);
  c.mask = someMask(7, 4);
  const Floats x = randomFloats(7 * 4 * 3, 3, -1, 1), up = randomFloats(7 * 6, 5, -1, 1);
  OpSetup setup = c.setup();
  setup.spec = object({{"op", c.op}, {"units", 6}, {"dropout", 0.4}, {"recurrentDropout", 0.2}, {"resetAfter", c.resetAfter}});
  Floats y, dx;
  for (const int64_t chunk : {1, 2, 7}) {
    setup.chunk = chunk;
    setup.batch = 9;
    OpRunner runner(setup);
    const Floats got = runner.forward(x, c.mask), gradient = runner.backward(up);
    if (y.empty()) {
      y = got;
      dx = gradient;
    }
    expectClose(got, toDoubles(y), 1e-6, "y");
    expectClose(gradient, toDoubles(dx), 1e-6, "dx");
  }
}

TEST_P(Cells, CarryTheirStateWhereStateful) {
  Case c = cell(4, 6, 3, 5);
  const Floats x = randomFloats(4 * 6 * 3, 3, -1, 1);
  OpRunner whole(c.setup());
  const Floats want = whole.forward(x);
  OpSetup setup = c.setup();
  setup.spec = object({{"op", c.op}, {"units", 5}, {"state", 0}, {"resetAfter", c.resetAfter}});
  setup.states = 1;
  setup.in = {3, 3};
  OpRunner halves(setup);
  Floats first, second;
  for (size_t r = 0; r < 4; ++r) {
    const auto row = x.begin() + static_cast<std::ptrdiff_t>(r * 18);
    first.insert(first.end(), row, row + 9);
    second.insert(second.end(), row + 9, row + 18);
  }
  const Floats begun = halves.forward(first);
  expectClose(halves.forward(second), toDoubles(want), 1e-6, "the second half");
  // Where all steps are skipped there is no output, whatever the state.
  setup.maskSteps = 3;
  halves.forgetStates();
  expectClose(halves.forward(first), toDoubles(begun), 0, "after a reset");
  OpRunner masked(setup);
  masked.forward(first, Floats(12, 1.0f));
  expectClose(masked.forward(second, Floats(12, 0.0f)), Doubles(20, 0.0), 0, "skipped");
  expectClose(masked.forward(second, Floats(12, 1.0f)), toDoubles(want), 1e-6, "after what was skipped");
}

TEST_P(Cells, TakeAnyFunction) {
  for (const char* activation : {"relu", "softplus", "linear", "sigmoid", "silu"})
    for (const char* recurrent : {"hardSigmoid", "sigmoid", "softplus", "silu"})
      for (const bool masked : {false, true}) {
        Case c = cell(3, 3, 2, 3);
        c.activation = activation;
        c.recurrentActivation = recurrent;
        if (masked) c.mask = someMask(3, 3);
        check(c, 5e-5);
      }
}

// Softmax sees all units of a gate at once. Of one unit it is 1 whatever comes, and of several the gradient is that of differences.
TEST_P(Cells, TakeSoftmax) {
  for (const char* key : {"activation", "recurrentActivation"})
    for (const int64_t units : {1, 4}) {
      Case c = cell(3, 3, 2, units);
      c.sequences = true;
      OpSetup setup = c.setup();
      setup.spec = object({{"op", c.op},
                           {"units", units},
                           {"returnSequences", true},
                           {"resetAfter", c.resetAfter},
                           {key, object({{"activation", "softmax"}})}});
      OpRunner runner(setup);
      const Floats x = randomFloats(3 * 3 * 2, 3, -1, 1);
      if (c.op == "simpleRnn" && std::string(key) == "activation") {
        const Floats y = runner.forward(x);
        for (size_t i = 0; i < y.size(); i += static_cast<size_t>(units)) {
          double sum = 0;
          for (size_t j = 0; j < static_cast<size_t>(units); ++j) sum += y[i + j];
          EXPECT_NEAR(sum, 1, 1e-6);
        }
      }
      compareWithOwnDifferences(runner, x);
    }
}

// As the branch of Bidirectional that reads what another layer gave backwards: data are turned, and the mask is not.
TEST_P(Cells, ReadTheirMaskFromItsEndWhereTheyAreTold) {
  Case c = cell(4, 5, 3, 4);
  c.mask = someMask(4, 5);
  c.backwards = true;
  const Floats x = randomFloats(4 * 5 * 3, 3, -1, 1);
  Floats turned(x.size());
  for (size_t r = 0; r < 4; ++r)
    for (size_t t = 0; t < 5; ++t)
      std::copy_n(x.begin() + static_cast<std::ptrdiff_t>((r * 5 + t) * 3), 3,
                  turned.begin() + static_cast<std::ptrdiff_t>((r * 5 + 4 - t) * 3));
  OpRunner backwards(c.setup());
  OpSetup setup = c.setup();
  setup.spec = object({{"op", c.op}, {"units", 4}, {"maskBackwards", true}, {"resetAfter", c.resetAfter}});
  OpRunner forwards(setup);
  expectClose(forwards.forward(turned, c.mask), toDoubles(backwards.forward(x, c.mask)), 1e-6, "y");
}

INSTANTIATE_TEST_SUITE_P(Recurrent, Cells, testing::Range(0, static_cast<int>(kCells.size())), [](const auto& info) {
  const Case& c = kCells[static_cast<size_t>(info.param)];
  return c.op + (c.op == "gru" && !c.resetAfter ? "ResetBefore" : "");
});

TEST(Recurrent, DropsTheSameFeaturesAtEveryStep) {
  const int64_t rows = 50, steps = 3, n = 40;
  OpSetup setup;
  setup.spec = object({{"op", "simpleRnn"},
                       {"units", n},
                       {"useBias", false},
                       {"returnSequences", true},
                       {"dropout", 0.25},
                       {"activation", object({{"activation", "linear"}})}});
  setup.in = {steps, n};
  setup.rows = rows;
  setup.weights = {{n, n}, {n, n}};
  OpRunner runner(setup);
  for (int64_t i = 0; i < n * n; ++i) {
    runner.weights[0]->data()[i] = i % (n + 1) == 0 ? 1.0f : 0.0f;
    runner.weights[1]->data()[i] = 0;
  }
  const Floats y = runner.forward(Floats(static_cast<size_t>(rows * steps * n), 3.0f));
  int64_t dropped = 0;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t j = 0; j < n; ++j) {
      const float first = y[static_cast<size_t>(r * steps * n + j)];
      ASSERT_TRUE(first == 0 || first == 4.0f) << first;
      dropped += first == 0;
      for (int64_t t = 1; t < steps; ++t) ASSERT_EQ(y[static_cast<size_t>((r * steps + t) * n + j)], first);
    }
  EXPECT_NEAR(static_cast<double>(dropped) / static_cast<double>(rows * n), 0.25, 0.04);
  setup.number = 1;
  OpRunner next(setup);
  std::copy(runner.weights[0]->data(), runner.weights[0]->data() + n * n, next.weights[0]->data());
  std::copy(runner.weights[1]->data(), runner.weights[1]->data() + n * n, next.weights[1]->data());
  EXPECT_NE(next.forward(Floats(static_cast<size_t>(rows * steps * n), 3.0f)), y);
}

TEST(Recurrent, RefusesWhatCannotBe) {
  const auto lstm = [](Shape in, std::vector<Shape> weights, Value::Object more = {}) {
    OpSetup s;
    more["op"] = "lstm";
    if (!more.count("units")) more["units"] = 2;
    s.spec = object(more);
    s.in = std::move(in);
    s.weights = std::move(weights);
    return s;
  };
  expectRefused(lstm({3}, {{3, 8}, {2, 8}, {8}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 7}, {8}}));
  expectRefused(lstm({3, 3}, {}, {{"useBias", false}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}, {8}}, {{"units", 0}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}, {8}}, {{"units", 9007199254740992.0}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}, {8}}, {{"dropout", 1.0}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}, {8}}, {{"activation", object({{"activation", "logSoftmax"}})}}));
}

}  // namespace
}  // namespace gemmfit::test
