// Recurrent cells as plainly as they can be written, and checks of an op against them.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "native/test/op_harness.h"

namespace gemmfit::test {

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
inline double apply(const std::string& kind, double x) {
  if (kind == "tanh") return std::tanh(x);
  if (kind == "sigmoid") return sigmoid(x);
  if (kind == "relu") return x > 0 ? x : 0;
  if (kind == "silu") return x * sigmoid(x);
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
inline Doubles reference(const Case& c, const Doubles& x, const std::vector<Doubles>& w) {
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
inline void compare(const OpSetup& setup, const Floats& mask, const Reference& reference, double tolerance = 2e-5) {
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

// Every gradient against differences of the op's own forward pass: for what no reference draws alike, such as dropout.
inline void compareWithOwnDifferences(OpRunner& runner, Floats x) {
  Floats up;
  const auto loss = [&] {
    const Floats y = runner.forward(x);
    if (up.empty()) up = randomFloats(static_cast<int64_t>(y.size()), 5, -1, 1);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(up[i]) * y[i];
    return sum;
  };
  loss();
  const Floats dx = runner.backward(up);
  const std::vector<Floats> gradients = runner.gradients;
  const auto differ = [&](float* values, const Floats& got, const std::string& what) {
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
  differ(x.data(), dx, "dx");
  for (size_t w = 0; w < gradients.size(); ++w) differ(runner.weights[w]->data(), gradients[w], "gradient of weight " + std::to_string(w));
}

inline void check(const Case& c, double tolerance = 2e-5) {
  SCOPED_TRACE(c.op + " rows " + std::to_string(c.rows) + " steps " + std::to_string(c.steps) + " width " + std::to_string(c.width) +
               " units " + std::to_string(c.units) + (c.sequences ? " sequences" : "") + (c.backwards ? " backwards" : "") +
               (c.mask.empty() ? "" : " mask"));
  compare(
      c.setup(), c.mask, [&](const Doubles& x, const std::vector<Doubles>& w) { return reference(c, x, w); }, tolerance);
}

// About a third of the steps skipped; one row skips its first steps, one its last, one all.
inline Floats someMask(int64_t rows, int64_t steps) {
  Floats m = randomFloats(rows * steps, 9, 0, 1);
  for (float& v : m) v = v < 0.35f ? 0.0f : 1.0f;
  for (int64_t t = 0; t < steps; ++t) {
    m[static_cast<size_t>(t)] = t < steps / 2 ? 0.0f : 1.0f;
    if (rows > 1) m[static_cast<size_t>(steps + t)] = t < steps / 2 ? 1.0f : 0.0f;
    if (rows > 2) m[static_cast<size_t>(2 * steps + t)] = 0;
  }
  return m;
}

}  // namespace gemmfit::test
