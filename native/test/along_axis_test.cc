// Activations of all elements along one axis: softmax, logSoftmax, sparsemax, glu.
#include <gtest/gtest.h>

#include <map>

#include "native/kernels/softmax.h"
#include "native/test/activation_reference.h"
#include "native/test/every_target.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

EVERY_TARGET_SUITE(AlongAxisKernels);

using Rows = std::function<Doubles(const Doubles&)>;

// Applies a function of one list along `axis` (of the sample, from 0) of each of the rows.
Reference along(const Shape& shape, size_t axis, const Rows& f) {
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < shape.size(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : shape[i];
  const int64_t length = shape[axis];
  return [=](const Doubles& x, const std::vector<Doubles>&) {
    const auto blocks = static_cast<int64_t>(x.size()) / (length * inner);
    Doubles y;
    for (int64_t o = 0; o < blocks; ++o) {
      std::vector<Doubles> columns;
      for (int64_t c = 0; c < inner; ++c) {
        Doubles list;
        for (int64_t i = 0; i < length; ++i) list.push_back(x[static_cast<size_t>((o * length + i) * inner + c)]);
        columns.push_back(f(list));
      }
      for (size_t i = 0; i < columns[0].size(); ++i)
        for (int64_t c = 0; c < inner; ++c) y.push_back(columns[static_cast<size_t>(c)][i]);
    }
    return y;
  };
}

Doubles softmaxOf(const Doubles& x) {
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - top);
  Doubles y;
  for (const double v : x) y.push_back(std::exp(v - top) / sum);
  return y;
}
Doubles logSoftmaxOf(const Doubles& x) {
  Doubles y;
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (const double v : x) sum += std::exp(v - top);
  for (const double v : x) y.push_back(v - top - std::log(sum));
  return y;
}
// As Keras has it: sort, find the support, and take the sum of its partial sums.
Doubles sparsemaxOf(const Doubles& x) {
  Doubles sorted = x, y;
  std::sort(sorted.rbegin(), sorted.rend());
  double sum = 0, sums = 0, tau = 0;
  for (size_t k = 0; k < sorted.size(); ++k) {
    sum += sorted[k];
    if (!(1 + static_cast<double>(k + 1) * sorted[k] > sum)) break;
    sums += sum;
    tau = (sums - 1) / static_cast<double>(k + 1);
  }
  for (const double v : x) y.push_back(std::max(0.0, v - tau));
  return y;
}
Doubles gluOf(const Doubles& x) {
  Doubles y;
  for (size_t i = 0; i < x.size() / 2; ++i) y.push_back(x[i] * sigmoidOf(x[i + x.size() / 2]));
  return y;
}

const std::map<std::string, Rows> alongAxis = {
    {"softmax", softmaxOf}, {"logSoftmax", logSoftmaxOf}, {"sparsemax", sparsemaxOf}, {"glu", gluOf}};

Value axisSpec(const std::string& name, int axis) { return object({{"op", "activation"}, {"activation", name}, {"axis", axis}}); }

TEST_P(AlongAxisKernels, rowFunctionsAndTheirGradients) {
  for (const auto& [name, f] : alongAxis)
    for (const int64_t width : {1, 2, 3, 7, 10, 17, 31, 64, 100, 1500}) {
      if (name == "glu" && width % 2) continue;
      SCOPED_TRACE(name + " of " + std::to_string(width));
      const int64_t rows = width > 200 ? 2 : 5;
      const float range = name == "sparsemax" ? 0.4f : 6;
      OpSetup setup{axisSpec(name, -1), {width}, rows};
      if (width > 200) setup.training = false;
      checkOp(setup, randomFloats(rows * width, 4, -range, range), along({width}, 0, f));
    }
}

TEST_P(AlongAxisKernels, otherAxes) {
  const Shape shape = {4, 6, 21};
  for (const auto& [name, f] : alongAxis)
    for (const auto& [axis, index] : std::vector<std::pair<int, size_t>>{{1, 0}, {2, 1}, {-2, 1}, {-3, 0}}) {
      SCOPED_TRACE(name + " along " + std::to_string(axis));
      OpSetup setup{axisSpec(name, axis), shape, 2};
      setup.chunk = 1;
      OpRunner runner(setup);
      const Floats x = randomFloats(2 * 4 * 6 * 21, 6), c = randomFloats(2 * sizeOf(runner.op->out), 7);
      const Reference reference = along(shape, index, f);
      expectClose(runner.forward(x), reference(toDoubles(x), {}), 2e-6, "y");
      const Floats dx = runner.backward(c);
      for (const size_t i : {size_t{0}, size_t{20}, size_t{130}, size_t{777}, x.size() - 1}) {
        Doubles up = toDoubles(x), down = up;
        up[i] += 1e-5;
        down[i] -= 1e-5;
        const Doubles a = reference(up, {}), b = reference(down, {});
        double want = 0;
        for (size_t k = 0; k < a.size(); ++k) want += c[k] * (a[k] - b[k]) / 2e-5;
        EXPECT_NEAR(dx[i], want, 1e-5) << "dx " << i;
      }
    }
}

TEST(AlongAxis, severalAxes) {
  const Shape shape = {2, 3, 2, 3};
  for (const bool logs : {false, true})
    for (int set = 1; set < 16; ++set) {
      SCOPED_TRACE((logs ? "logs over " : "over ") + std::to_string(set));
      Value::Array axes;
      for (int axis = 3; axis >= 0; --axis)
        if (set >> axis & 1) axes.push_back(axis % 2 ? axis + 1 : axis - 4);
      Value::Object spec{{"op", "activation"}, {"activation", logs ? "logSoftmax" : "softmax"}};
      spec["axis"] = axes;
      const Reference reference = [=](const Doubles& x, const std::vector<Doubles>&) {
        std::map<std::vector<int64_t>, std::vector<size_t>> groups;
        for (size_t i = 0; i < x.size(); ++i) {
          int64_t rest = static_cast<int64_t>(i), stride = sizeOf(shape);
          std::vector<int64_t> key{rest / stride};
          for (size_t axis = 0; axis < 4; ++axis) {
            rest %= stride;
            stride /= shape[axis];
            if (!(set >> axis & 1)) key.push_back(rest / stride);
          }
          groups[key].push_back(i);
        }
        Doubles y(x.size());
        for (const auto& [key, members] : groups) {
          Doubles list;
          for (const size_t i : members) list.push_back(x[i]);
          list = logs ? logSoftmaxOf(list) : softmaxOf(list);
          for (size_t k = 0; k < members.size(); ++k) y[members[k]] = list[k];
        }
        return y;
      };
      checkOp(OpSetup{spec, shape, 3}, randomFloats(3 * sizeOf(shape), 4, -5, 5), reference);
    }
  const auto code = [&](const Value::Array& axes) {
    try {
      Value::Object spec{{"op", "activation"}, {"activation", "softmax"}};
      spec["axis"] = axes;
      OpRunner runner(OpSetup{spec, shape, 1});
    } catch (const Error& e) {
      return e.code;
    }
    return std::string("none");
  };
  for (const Value::Array& axes : {Value::Array{}, Value::Array{0, 1}, Value::Array{5, 1}, Value::Array{1, -4}, Value::Array{-5}})
    EXPECT_EQ(code(axes), "ERR_SPEC");
}

TEST(AlongAxis, extremes) {
  const auto run = [](const char* name, const Floats& x) {
    return OpRunner({axisSpec(name, -1), {static_cast<int64_t>(x.size())}, 1}).forward(x);
  };
  EXPECT_EQ(run("softmax", {1000, -1000, 0}), (Floats{1, 0, 0}));
  EXPECT_EQ(run("softmax", {3e38f, 3e38f}), (Floats{0.5, 0.5}));
  EXPECT_EQ(run("softmax", {-kInfinity, 0}), (Floats{0, 1}));
  EXPECT_EQ(run("logSoftmax", {1000, -1000, 0}), (Floats{0, -2000, -1000}));
  EXPECT_EQ(run("sparsemax", {1e30f, -1e30f, 0}), (Floats{1, 0, 0}));
  EXPECT_EQ(run("sparsemax", {-kInfinity, 0.5f, 0.5f}), (Floats{0, 0.25, 0.25}));
  for (const char* name : {"softmax", "logSoftmax", "sparsemax"}) {
    Floats x(33, 0.25f);
    x[20] = kNaN;
    for (const float y : run(name, x)) EXPECT_TRUE(std::isnan(y)) << name;
    for (const float y : run(name, {kInfinity, 0, 1})) EXPECT_TRUE(std::isnan(y)) << name;
  }
}

TEST(AlongAxis, inOneBigRowProbabilitiesAddUpToOne) {
  const int64_t n = 100000;
  Floats y(static_cast<size_t>(n));
  softmaxRows(randomFloats(n, 2).data(), y.data(), 1, n);
  double sum = 0;
  for (const float p : y) sum += p;
  EXPECT_NEAR(sum, 1, 1e-6);
}

}  // namespace
}  // namespace gemmfit::test
