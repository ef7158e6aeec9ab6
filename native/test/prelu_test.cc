#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

Value spec(const std::vector<int64_t>& shared) { return object({{"op", "prelu"}, {"sharedAxes", integers(shared)}}); }

Shape slopes(Shape shape, const std::vector<int64_t>& shared) {
  for (const int64_t a : shared) shape[static_cast<size_t>(a - 1)] = 1;
  return shape;
}

Reference reference(const Shape& in, const std::vector<int64_t>& shared) {
  return [=](const Doubles& x, const std::vector<Doubles>& weights) {
    const Shape of = slopes(in, shared);
    Doubles y(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      int64_t rest = static_cast<int64_t>(i), slope = 0, stride = 1;
      for (size_t a = in.size(); a-- > 0; rest /= in[a]) {
        if (of[a] > 1) slope += rest % in[a] * stride;
        stride *= of[a];
      }
      y[i] = x[i] > 0 ? x[i] : weights[0][static_cast<size_t>(slope)] * x[i];
    }
    return y;
  };
}

void check(const Shape& in, const std::vector<int64_t>& shared, bool needsInputGradient = true) {
  SCOPED_TRACE(toString(in) + toString(shared));
  OpSetup setup{spec(shared), in, 5};
  setup.weights = {slopes(in, shared)};
  setup.needsInputGradient = needsInputGradient;
  Floats x = randomFloats(5 * sizeOf(in), 2);
  for (float& v : x)
    if (std::abs(v) < 1e-3f) v = 0.5f;
  checkOp(setup, x, reference(in, shared));
}

TEST(Prelu, SlopesOfTheirOwn) {
  check({1}, {});
  check({7}, {});
  check({3, 4, 2}, {});
  check({600}, {}, false);
}

TEST(Prelu, SharedSlopes) {
  check({5}, {1});
  check({3, 4, 2}, {1, 2});
  check({3, 4, 2}, {2});
  check({3, 4, 2}, {1});
  check({3, 4, 2}, {3});
  check({3, 4, 2}, {1, 3});
  check({3, 4, 2}, {2, 3}, false);
  check({3, 4, 2}, {1, 2, 3});
  check({2, 530}, {1});
  check({2, 3, 2, 2}, {2, 4});
}

TEST(Prelu, FrozenSlopes) {
  OpSetup setup{spec({}), {4}, 2};
  setup.weights = {{4}};
  setup.trainable = {false};
  OpRunner runner(setup);
  EXPECT_EQ(runner.op->weightTasks(), 0);
  runner.forward(randomFloats(8, 1));
  runner.backward(Floats(8, 1.0f));
}

TEST(Prelu, ZeroIsFlatAndNotANumberStays) {
  OpSetup setup{spec({}), {3}, 1};
  setup.weights = {{3}};
  OpRunner runner(setup);
  const Floats y = runner.forward({0, kNaN, -kInfinity});
  EXPECT_EQ(y[0], 0);
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_TRUE(std::isinf(y[2]));
  EXPECT_EQ(runner.backward({1, 1, 1})[0], 0);
  EXPECT_EQ(runner.gradients[0][0], 0);
  EXPECT_TRUE(std::isnan(runner.gradients[0][1]));
}

TEST(Prelu, ImpossibleSpecs) {
  const auto refused = [](const Shape& in, const std::vector<int64_t>& shared, const std::vector<Shape>& weights) {
    OpSetup setup{spec(shared), in};
    setup.weights = weights;
    expectRefused(setup);
  };
  refused({3, 2}, {}, {});
  refused({3, 2}, {}, {{3}});
  refused({3, 2}, {0}, {{3, 2}});
  refused({3, 2}, {3}, {{3, 2}});
  refused({3, 2}, {1}, {{3, 2}});
  refused({}, {}, {{1}});
}

}  // namespace
}  // namespace gemmfit::test
