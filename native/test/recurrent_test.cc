#include <cmath>

#include "native/kernels/gates.h"
#include "native/kernels/packed_gemm.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double apply(const std::string& kind, double x) {
  if (kind == "tanh") return std::tanh(x);
  if (kind == "sigmoid") return sigmoid(x);
  if (kind == "relu") return x > 0 ? x : 0;
  if (kind == "softplus") return std::log1p(std::exp(x));
  if (kind == "hardSigmoid") return std::min(1.0, std::max(0.0, x / 6 + 0.5));
  return x;
}

struct Case {
  std::string op;
  int64_t rows = 1, steps = 1, width = 1, units = 1;
  bool sequences = false, backwards = false, bias = true, zeros = false, resetAfter = true;
  std::string activation = "tanh", recurrentActivation = "sigmoid";
  Floats mask = {};
  int64_t chunk = 3;

  int64_t gates() const { return op == "lstm" ? 4 : op == "gru" ? 3 : 1; }
  int64_t biasRows() const { return op == "gru" && resetAfter ? 2 : 1; }
  OpSetup setup() const {
    OpSetup s;
    s.spec = object({{"op", op},
                     {"units", units},
                     {"returnSequences", sequences},
                     {"goBackwards", backwards},
                     {"useBias", bias},
                     {"zeroOutputForMask", zeros},
                     {"resetAfter", resetAfter},
                     {"activation", object({{"activation", activation}})},
                     {"recurrentActivation", object({{"activation", recurrentActivation}})}});
    s.in = {steps, width};
    s.rows = rows;
    s.chunk = chunk;
    s.maskSteps = mask.empty() ? 0 : steps;
    s.weights = {{width, gates() * units}, {units, gates() * units}};
    if (bias) s.weights.push_back(biasRows() == 2 ? Shape{2, gates() * units} : Shape{gates() * units});
    return s;
  }
};

// One sample, one step after the other, in double.
Doubles reference(const Case& c, const Doubles& x, const std::vector<Doubles>& w) {
  const auto at = [](int64_t i) { return static_cast<size_t>(i); };
  const int64_t u = c.units, n = c.gates() * u;
  Doubles y(at(c.rows * (c.sequences ? c.steps : 1) * u));
  for (int64_t r = 0; r < c.rows; ++r) {
    Doubles h(at(u), 0.0), cell(at(u), 0.0), output(at(u), 0.0);
    for (int64_t t = 0; t < c.steps; ++t) {
      const int64_t time = c.backwards ? c.steps - 1 - t : t;
      const bool skip = !c.mask.empty() && c.mask[at(r * c.steps + time)] == 0;
      if (!skip) {
        const auto input = [&](int64_t j) {
          double s = c.bias ? w[2][at(j)] : 0;
          for (int64_t i = 0; i < c.width; ++i) s += x[at((r * c.steps + time) * c.width + i)] * w[0][at(i * n + j)];
          return s;
        };
        const auto inner = [&](const Doubles& from, int64_t j) {
          double s = c.bias && c.biasRows() == 2 ? w[2][at(n + j)] : 0;
          for (int64_t i = 0; i < u; ++i) s += from[at(i)] * w[1][at(i * n + j)];
          return s;
        };
        const auto a = [&](double v) { return apply(c.activation, v); };
        const auto s = [&](double v) { return apply(c.recurrentActivation, v); };
        const Doubles before = h;
        Doubles reset(at(u));
        if (c.op == "gru")
          for (int64_t j = 0; j < u; ++j) reset[at(j)] = s(input(u + j) + inner(before, u + j));
        Doubles dropped(at(u));
        for (int64_t j = 0; j < u; ++j) dropped[at(j)] = reset[at(j)] * before[at(j)];
        for (int64_t j = 0; j < u; ++j) {
          if (c.op == "simpleRnn") h[at(j)] = a(input(j) + inner(before, j));
          if (c.op == "lstm") {
            const auto z = [&](int64_t gate) { return input(gate * u + j) + inner(before, gate * u + j); };
            cell[at(j)] = s(z(1)) * cell[at(j)] + s(z(0)) * a(z(2));
            h[at(j)] = s(z(3)) * a(cell[at(j)]);
          }
          if (c.op == "gru") {
            const double update = s(input(j) + inner(before, j));
            const double candidate =
                a(input(2 * u + j) + (c.resetAfter ? reset[at(j)] * inner(before, 2 * u + j) : inner(dropped, 2 * u + j)));
            h[at(j)] = update * before[at(j)] + (1 - update) * candidate;
          }
        }
        output = h;
      } else if (c.zeros) {
        output.assign(at(u), 0.0);
      }
      for (int64_t j = 0; j < u && (c.sequences || t + 1 == c.steps); ++j)
        y[at(((c.sequences ? r * c.steps + t : r)) * u + j)] = output[at(j)];
      if (skip && c.zeros) continue;
    }
  }
  return y;
}

// Values and every gradient, against a reference and its central differences, with the mask where there is one.
void compare(const OpSetup& setup, const Floats& mask, const Reference& reference, double tolerance = 2e-5) {
  OpRunner runner(setup);
  std::vector<Doubles> weights;
  for (const VariablePtr& w : runner.weights) weights.emplace_back(w->data(), w->data() + w->size);
  const Floats x = randomFloats(setup.rows * sizeOf(setup.in), 3, -1, 1);
  Doubles xs = toDoubles(x);
  const Floats y = runner.forward(x, mask);
  expectClose(y, reference(xs, weights), 2e-6, "y");
  const Floats up = randomFloats(static_cast<int64_t>(y.size()), 5, -1, 1);
  const Floats dx = runner.backward(up);
  const auto differences = [&](Doubles& at) {
    Doubles out(at.size());
    for (size_t i = 0; i < at.size(); ++i) {
      const double middle = at[i], delta = 1e-5;
      double sum[2] = {};
      for (int side = 0; side < 2; ++side) {
        at[i] = middle + (side ? delta : -delta);
        const Doubles moved = reference(xs, weights);
        for (size_t k = 0; k < moved.size(); ++k) sum[side] += static_cast<double>(up[k]) * moved[k];
      }
      at[i] = middle;
      out[i] = (sum[1] - sum[0]) / (2 * delta);
    }
    return out;
  };
  expectClose(dx, differences(xs), tolerance, "dx");
  for (size_t w = 0; w < weights.size(); ++w)
    expectClose(runner.gradients[w], differences(weights[w]), tolerance, "gradient of weight " + std::to_string(w));
}

void check(const Case& c, double tolerance = 2e-5) {
  SCOPED_TRACE(c.op + " rows " + std::to_string(c.rows) + " steps " + std::to_string(c.steps) + " width " + std::to_string(c.width) +
               " units " + std::to_string(c.units) + (c.sequences ? " sequences" : "") + (c.backwards ? " backwards" : "") +
               (c.mask.empty() ? "" : " mask"));
  compare(
      c.setup(), c.mask, [&](const Doubles& x, const std::vector<Doubles>& w) { return reference(c, x, w); }, tolerance);
}

// About a third of the steps skipped; one row skips its first steps, one its last, one all.
Floats someMask(int64_t rows, int64_t steps) {
  Floats m = randomFloats(rows * steps, 9, 0, 1);
  for (float& v : m) v = v < 0.35f ? 0.0f : 1.0f;
  for (int64_t t = 0; t < steps; ++t) {
    m[static_cast<size_t>(t)] = t < steps / 2 ? 0.0f : 1.0f;
    if (rows > 1) m[static_cast<size_t>(steps + t)] = t < steps / 2 ? 1.0f : 0.0f;
    if (rows > 2) m[static_cast<size_t>(2 * steps + t)] = 0;
  }
  return m;
}

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
    Floats x = randomFloats(3 * 3 * 4, 3, -1, 1);
    const Floats up = randomFloats(3 * 3 * 5, 5, -1, 1);
    const auto loss = [&] {
      const Floats y = runner.forward(x);
      double sum = 0;
      for (size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(up[i]) * y[i];
      return sum;
    };
    loss();
    const Floats dx = runner.backward(up);
    const std::vector<Floats> gradients = runner.gradients;
    const auto compare = [&](float* values, const Floats& got, const std::string& what) {
      Doubles want(got.size());
      for (size_t i = 0; i < got.size(); ++i) {
        const float middle = values[i], delta = 0x1p-8f;
        values[i] = middle + delta;
        const double above = loss();
        values[i] = middle - delta;
        want[i] = (above - loss()) / (2 * delta);
        values[i] = middle;
      }
      expectClose(got, want, 1e-3, what);
    };
    compare(x.data(), dx, "dx");
    for (size_t w = 0; w < gradients.size(); ++w)
      compare(runner.weights[w]->data(), gradients[w], "gradient of weight " + std::to_string(w));
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
  setup.spec = object({{"op", c.op}, {"units", 5}, {"stateful", true}, {"resetAfter", c.resetAfter}});
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
  halves.op->resetState();
  expectClose(halves.forward(first), toDoubles(begun), 0, "after a reset");
  OpRunner masked(setup);
  masked.forward(first, Floats(12, 1.0f));
  expectClose(masked.forward(second, Floats(12, 0.0f)), Doubles(20, 0.0), 0, "skipped");
  expectClose(masked.forward(second, Floats(12, 1.0f)), toDoubles(want), 1e-6, "after what was skipped");
}

TEST_P(Cells, TakeAnyFunction) {
  for (const char* activation : {"relu", "softplus", "linear", "sigmoid"})
    for (const char* recurrent : {"hardSigmoid", "sigmoid", "softplus"})
      for (const bool masked : {false, true}) {
        Case c = cell(3, 3, 2, 3);
        c.activation = activation;
        c.recurrentActivation = recurrent;
        if (masked) c.mask = someMask(3, 3);
        check(c, 5e-5);
      }
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

TEST(Bidirectional, MatchesTheReference) {
  for (const char* mode : {"concat", "sum", "mul", "ave"})
    for (const bool sequences : {false, true})
      for (const bool masked : {false, true}) {
        Case there{"lstm", 4, 3, 2, 3};
        there.sequences = there.zeros = sequences;
        if (masked) there.mask = someMask(4, 3);
        Case back = there;
        back.backwards = true;
        const auto spec = [&](const Case& c, int first) {
          return object({{"op", "lstm"},
                         {"units", 3},
                         {"returnSequences", sequences},
                         {"zeroOutputForMask", sequences},
                         {"goBackwards", c.backwards},
                         {"weights", Value(Value::Array{first, first + 1, first + 2})}});
        };
        OpSetup setup = there.setup();
        setup.spec = object({{"op", "bidirectional"},
                             {"mergeMode", mode},
                             {"returnSequences", sequences},
                             {"forward", Value(Value::Array{spec(there, 0)})},
                             {"backward", Value(Value::Array{spec(back, 3)})}});
        setup.weights.insert(setup.weights.end(), {{2, 12}, {3, 12}, {12}});
        SCOPED_TRACE(std::string(mode) + (sequences ? " sequences" : "") + (masked ? " mask" : ""));
        compare(setup, there.mask, [&](const Doubles& x, const std::vector<Doubles>& w) {
          const Doubles a = reference(there, x, w), b = reference(back, x, {w[3], w[4], w[5]});
          const size_t steps = sequences ? 3 : 1;
          const std::string m = mode;
          Doubles y;
          for (size_t r = 0; r < 4; ++r)
            for (size_t t = 0; t < steps; ++t) {
              const double *p = &a[(r * steps + t) * 3], *q = &b[(r * steps + steps - 1 - t) * 3];
              for (int j = 0; j < 3; ++j)
                y.push_back(m == "concat" ? p[j] : m == "sum" ? p[j] + q[j] : m == "mul" ? p[j] * q[j] : (p[j] + q[j]) / 2);
              if (m == "concat") y.insert(y.end(), q, q + 3);
            }
          return y;
        });
      }
}

TEST(TimeDistributed, AppliesOpsToEveryStep) {
  OpSetup setup;
  const auto dense = [](int units, int first) {
    return object({{"op", "dense"}, {"units", units}, {"weights", Value(Value::Array{first, first + 1})}});
  };
  setup.spec = object({{"op", "timeDistributed"},
                       {"ops", Value(Value::Array{dense(4, 0), object({{"op", "activation"}, {"activation", "tanh"}}), dense(2, 2)})}});
  setup.in = {3, 5};
  setup.rows = 4;
  setup.weights = {{5, 4}, {4}, {4, 2}, {2}};
  const auto product = [](const Doubles& x, const Doubles& w, const Doubles& b) {
    const size_t n = b.size(), k = w.size() / n;
    Doubles y;
    for (size_t r = 0; r < x.size() / k; ++r)
      for (size_t j = 0; j < n; ++j) {
        double s = b[j];
        for (size_t i = 0; i < k; ++i) s += x[r * k + i] * w[i * n + j];
        y.push_back(s);
      }
    return y;
  };
  compare(setup, {}, [&](const Doubles& x, const std::vector<Doubles>& w) {
    Doubles h = product(x, w[0], w[1]);
    for (double& v : h) v = std::tanh(v);
    return product(h, w[2], w[3]);
  });
}

TEST(TimeDistributed, RunsRecurrentOpsOnEveryStep) {
  Case c{"gru", 6, 4, 2, 3};
  OpSetup setup = c.setup();
  setup.spec = object({{"op", "timeDistributed"},
                       {"ops", Value(Value::Array{object({{"op", "gru"}, {"units", 3}, {"weights", Value(Value::Array{0, 1, 2})}})})}});
  setup.in = {2, 4, 2};
  setup.rows = 3;
  setup.chunk = 2;
  compare(setup, {}, [&](const Doubles& x, const std::vector<Doubles>& w) { return reference(c, x, w); });
}

// Every row and column by itself, whatever the sizes, from memory without alignment.
TEST(PackedGemm, MatchesThePlainProduct) {
  for (const int64_t m : {0, 1, 3, 7, 13})
    for (const int64_t n : {1, 15, 32, 50, 97})
      for (const int64_t k : {1, 5, 33})
        for (const bool transposed : {false, true}) {
          const int64_t lda = k + 2, ldb = (transposed ? k : n) + 3, ldc = n + 1;
          const Floats a = randomFloats(m * lda + 1, 1), b = randomFloats((transposed ? n : k) * ldb + 1, 2);
          Floats packed(static_cast<size_t>(packedFloats(k, n)) + 1, kNaN), c = randomFloats(m * ldc + 1, 3);
          pack(transposed, k, n, b.data() + 1, ldb, packed.data() + 1);
          for (const bool adds : {true, false}) {
            Doubles want = toDoubles(c);
            for (int64_t i = 0; i < m; ++i)
              for (int64_t j = 0; j < n; ++j) {
                double s = adds ? want[static_cast<size_t>(1 + i * ldc + j)] : 0;
                for (int64_t l = 0; l < k; ++l)
                  s += static_cast<double>(a[static_cast<size_t>(1 + i * lda + l)]) *
                       b[static_cast<size_t>(1 + (transposed ? j * ldb + l : l * ldb + j))];
                want[static_cast<size_t>(1 + i * ldc + j)] = s;
              }
            packedGemm(adds, m, n, k, a.data() + 1, lda, packed.data() + 1, c.data() + 1, ldc);
            expectClose(c, want, 1e-5, "c");
          }
        }
}

// Small values keep their digits, large ones end at the limits, NaN stays.
TEST(Gates, AreRightOnTheWholeLine) {
  Floats z = {0, 1e-30f, -1e-6f, 1e-3f, -0.5f, 3, -7.9f, 8, -20, 50, -87, 200, -1e30f, kInfinity, -kInfinity, kNaN};
  const Floats more = randomFloats(84, 4, -12, 12);
  z.insert(z.end(), more.begin(), more.end());
  const int64_t n = static_cast<int64_t>(z.size());
  Floats gates, c(z.size()), tanhC(z.size()), h(z.size());
  const Floats zeros(z.size(), 0.0f);
  for (int i = 0; i < 4; ++i) gates.insert(gates.end(), z.begin(), z.end());
  lstmForward({1, n, nullptr, gates.data(), zeros.data(), zeros.data(), c.data(), tanhC.data(), h.data(), {}});
  for (size_t i = 0; i < z.size(); ++i) {
    const double x = z[i], s = gates[i], t = gates[2 * z.size() + i];
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(s) && std::isnan(t) && std::isnan(h[i]));
      continue;
    }
    EXPECT_NEAR(t, std::tanh(x), 4e-7 * std::abs(std::tanh(x))) << x;
    if (x >= -80)
      EXPECT_NEAR(s, sigmoid(x), 4e-7 * sigmoid(x)) << x;
    else
      EXPECT_LT(s, 1e-30) << x;
  }
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
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}, {8}}, {{"dropout", 1.0}}));
  expectRefused(lstm({3, 3}, {{3, 8}, {2, 8}, {8}}, {{"activation", object({{"activation", "softmax"}})}}));
  OpSetup empty = lstm({3, 3}, {});
  empty.spec = object({{"op", "timeDistributed"}});
  expectRefused(empty);
  empty.spec = object({{"op", "bidirectional"}, {"forward", Value(Value::Array{empty.spec})}});
  expectRefused(empty);
}

}  // namespace
}  // namespace gemmfit::test
