// Ops that move, scale or look at numbers: reshape, permute, repeatVector, rescaling, masking, activityRegularization.
#include <gtest/gtest.h>

#include <numeric>

#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

Floats counting(int64_t n) {
  Floats x(static_cast<size_t>(n));
  std::iota(x.begin(), x.end(), 1.0f);
  return x;
}

OpSetup setupOf(Value::Object spec, Shape in, int64_t rows) {
  OpSetup s;
  s.spec = Value(std::move(spec));
  s.in = std::move(in);
  s.rows = rows;
  return s;
}

void refused(Value::Object spec, Shape in) { expectRefused(setupOf(std::move(spec), std::move(in), 2)); }

// The index an element of a permuted sample has in the input, by counting all axes.
std::vector<int64_t> permutation(const Shape& in, const std::vector<int64_t>& dims) {
  Shape out;
  for (const int64_t d : dims) out.push_back(in[static_cast<size_t>(d - 1)]);
  std::vector<int64_t> from;
  Shape at(in.size(), 0);
  for (int64_t k = 0; k < sizeOf(out); ++k) {
    Shape source(in.size());
    for (size_t i = 0; i < dims.size(); ++i) source[static_cast<size_t>(dims[i] - 1)] = at[i];
    int64_t index = 0;
    for (size_t i = 0; i < in.size(); ++i) index = index * in[i] + source[i];
    from.push_back(index);
    for (size_t i = in.size(); i-- > 0;) {
      if (++at[i] < out[i]) break;
      at[i] = 0;
    }
  }
  return from;
}

TEST(Reshape, keepsTheNumbers) {
  for (const bool shared : {true, false}) {
    OpSetup setup = setupOf({{"op", "reshape"}, {"shape", integers({3, -1, 2})}}, {6, 4}, 5);
    setup.inPlace = shared;
    setup.maskSteps = 6;
    OpRunner runner(setup);
    EXPECT_EQ(runner.op->out, (Shape{3, 4, 2}));
    EXPECT_TRUE(runner.op->identity);
    EXPECT_EQ(runner.op->mask, Op::Mask::drop);
    EXPECT_EQ(runner.forward(counting(120)), counting(120));
    EXPECT_EQ(runner.backward(counting(120)), counting(120));
  }
  EXPECT_EQ(OpRunner(setupOf({{"op", "reshape"}, {"shape", integers({-1})}}, {}, 2)).op->out, (Shape{1}));
  refused({{"op", "reshape"}, {"shape", integers({5})}}, {6});
  refused({{"op", "reshape"}, {"shape", integers({4, -1})}}, {6});
  refused({{"op", "reshape"}, {"shape", integers({-1, -1})}}, {6});
  refused({{"op", "reshape"}, {"shape", integers({0, -1})}}, {6});
  refused({{"op", "reshape"}, {"shape", integers({-2, 3})}}, {6});
  refused({{"op", "reshape"}, {"shape", integers({4000000000, 4000000000, 4000000000})}}, {6});
  refused({{"op", "reshape"}, {"shape", "x"}}, {6});
}

TEST(Permute, everyOrderOfAxes) {
  const std::vector<Shape> shapes = {{1}, {7}, {3, 5}, {17, 33}, {2, 3, 4}, {5, 1, 6}, {20, 3, 18}, {2, 3, 4, 5}};
  for (const Shape& in : shapes) {
    std::vector<int64_t> dims(in.size());
    std::iota(dims.begin(), dims.end(), 1);
    do {
      SCOPED_TRACE(toString(in) + " by " + toString(dims));
      const int64_t n = sizeOf(in), rows = 4;
      OpRunner runner(setupOf({{"op", "permute"}, {"dims", integers(dims)}}, in, rows));
      const std::vector<int64_t> from = permutation(in, dims);
      const Floats x = counting(rows * n), y = runner.forward(x), dy = randomFloats(rows * n, 3), dx = runner.backward(dy);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t k = 0; k < n; ++k) {
          const auto to = static_cast<size_t>(r * n + k), source = static_cast<size_t>(r * n + from[static_cast<size_t>(k)]);
          ASSERT_EQ(y[to], x[source]);
          ASSERT_EQ(dx[source], dy[to]);
        }
    } while (std::next_permutation(dims.begin(), dims.end()));
  }
  refused({{"op", "permute"}, {"dims", integers({1})}}, {3, 4});
  refused({{"op", "permute"}, {"dims", integers({1, 1})}}, {3, 4});
  refused({{"op", "permute"}, {"dims", integers({0, 1})}}, {3, 4});
  refused({{"op", "permute"}, {"dims", integers({1, 3})}}, {3, 4});
}

TEST(RepeatVector, copiesAndAddsUp) {
  for (const int64_t width : {1, 5, 130, 300}) {
    const OpSetup setup = setupOf({{"op", "repeatVector"}, {"n", 3}}, {width}, 4);
    checkOp(setup, randomFloats(4 * width, 2), [=](const Doubles& x, const std::vector<Doubles>&) {
      Doubles y;
      for (int64_t r = 0; r < 4; ++r)
        for (int t = 0; t < 3; ++t) y.insert(y.end(), x.begin() + r * width, x.begin() + (r + 1) * width);
      return y;
    });
  }
  refused({{"op", "repeatVector"}, {"n", 0}}, {3});
  refused({{"op", "repeatVector"}, {"n", 9e15}}, {3});
  refused({{"op", "repeatVector"}}, {3});
  refused({{"op", "repeatVector"}, {"n", 2}}, {3, 3});
}

TEST(Rescaling, numbersAndLists) {
  for (const int64_t width : {1, 3, 17, 64})
    for (const bool shared : {true, false}) {
      OpSetup setup = setupOf({{"op", "rescaling"}, {"scale", 0.5}, {"offset", -0.1}}, {2, width}, 5);
      setup.inPlace = shared;
      checkOp(setup, randomFloats(10 * width, 2), [](const Doubles& x, const std::vector<Doubles>&) {
        Doubles y;
        for (const double v : x) y.push_back(0.5 * v + static_cast<double>(-0.1f));
        return y;
      });
    }
  const OpSetup lists = setupOf({{"op", "rescaling"}, {"scale", numbers({2, 3, 4})}, {"offset", 1}}, {2, 3}, 5);
  checkOp(lists, randomFloats(30, 2), [](const Doubles& x, const std::vector<Doubles>&) {
    Doubles y;
    for (size_t i = 0; i < x.size(); ++i) y.push_back(x[i] * static_cast<double>(2 + i % 3) + 1);
    return y;
  });
  EXPECT_EQ(OpRunner(setupOf({{"op", "rescaling"}}, {2}, 1)).forward({3, 4}), (Floats{3, 4}));
  refused({{"op", "rescaling"}, {"scale", numbers({2, 3})}}, {3});
  refused({{"op", "rescaling"}, {"scale", numbers({})}}, {3});
  refused({{"op", "rescaling"}, {"scale", "x"}}, {3});
}

TEST(Masking, keepsStepsThatDiffer) {
  for (const int64_t width : {1, 3, 17, 33})
    for (const bool shared : {true, false}) {
      const int64_t steps = 5, rows = 7;
      OpSetup setup = setupOf({{"op", "masking"}, {"maskValue", -1}}, {steps, width}, rows);
      setup.inPlace = shared;
      OpRunner runner(setup);
      EXPECT_EQ(runner.op->maskSteps, steps);
      Floats x = randomFloats(rows * steps * width, 4), dy = randomFloats(rows * steps * width, 5),
             want(static_cast<size_t>(rows * steps), 1);
      for (int64_t i = 0; i < rows * steps; i += 3) {
        std::fill(x.begin() + i * width, x.begin() + (i + 1) * width, -1.0f);
        // One other feature, wherever it is, and the step counts; so it does where that is NaN.
        if (i % 2)
          x[static_cast<size_t>(i * width + i % width)] = i % 4 == 1 ? 0.25f : kNaN;
        else
          want[static_cast<size_t>(i)] = 0;
      }
      const Floats y = runner.forward(x), dx = runner.backward(dy);
      EXPECT_EQ(runner.maskOut, want);
      for (size_t i = 0; i < x.size(); ++i) {
        const float kept = want[i / static_cast<size_t>(width)];
        if (std::isnan(x[i]))
          EXPECT_TRUE(std::isnan(y[i]));
        else
          ASSERT_EQ(y[i], kept != 0 ? x[i] : 0);
        ASSERT_EQ(dx[i], kept != 0 ? dy[i] : 0);
      }
    }
  EXPECT_EQ(OpRunner(setupOf({{"op", "masking"}}, {2, 3, 4}, 1)).op->maskSteps, 6);
  OpRunner rank1(setupOf({{"op", "masking"}}, {2}, 2));
  rank1.forward({0, 0, 0, 1});
  EXPECT_EQ(rank1.maskOut, (Floats{0, 1}));
  refused({{"op", "masking"}}, {});
}

TEST(ActivityRegularization, penaltyAndItsGradient) {
  for (const int64_t n : {1, 7, 31, 100, 1500})
    for (const bool shared : {true, false}) {
      const int64_t rows = 5;
      OpSetup setup = setupOf({{"op", "activityRegularization"}, {"l1", 0.25}, {"l2", 0.5}}, {n}, rows);
      setup.inPlace = shared;
      OpRunner runner(setup);
      Floats x = randomFloats(rows * n, 4), dy = randomFloats(rows * n, 5);
      x[0] = 0;
      EXPECT_EQ(runner.forward(x), x);
      ASSERT_TRUE(runner.op->hasPenalty());
      double want = 0;
      Doubles gradient;
      for (size_t i = 0; i < x.size(); ++i) {
        const double v = x[i];
        want += 0.25 * std::abs(v) + 0.5 * v * v;
        gradient.push_back(dy[i] + (0.25 * (v > 0 ? 1 : v < 0 ? -1 : 0) + v) / static_cast<double>(rows));
      }
      EXPECT_NEAR(runner.penalty(), want, 1e-6 * want);
      expectClose(runner.backward(dy), gradient, 1e-6, "dx");
    }
  EXPECT_FALSE(OpRunner(setupOf({{"op", "activityRegularization"}}, {3}, 1)).op->hasPenalty());
  // What a regularizer of a layer's activity arrives as.
  EXPECT_TRUE(
      OpRunner(setupOf({{"op", "activityRegularization"}, {"regularizer", "l1l2"}, {"l1", 0}, {"l2", 0.1}}, {3}, 1)).op->hasPenalty());
  refused({{"op", "activityRegularization"}, {"regularizer", "orthogonal"}, {"factor", 0.1}}, {3});
  refused({{"op", "activityRegularization"}, {"l1", -1}}, {3});
}

TEST(ActivityRegularization, alsoWhereNothingTrains) {
  OpSetup setup = setupOf({{"op", "activityRegularization"}, {"l2", 0.5}}, {2}, 1);
  setup.training = false;
  OpRunner runner(setup);
  runner.forward({1, 2});
  EXPECT_DOUBLE_EQ(runner.penalty(), 2.5);
}

}  // namespace
}  // namespace gemmfit::test
