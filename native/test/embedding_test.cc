#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

OpSetup embedding(int64_t ids, int64_t width, Shape in, int64_t rows, bool maskZero = false) {
  OpSetup s;
  s.spec = object({{"op", "embedding"}, {"inputDim", ids}, {"outputDim", width}, {"maskZero", maskZero}});
  s.in = std::move(in);
  s.rows = rows;
  s.weights = {{ids, width}};
  return s;
}

Floats randomIds(int64_t n, int64_t ids, uint64_t seed) {
  Floats x = randomFloats(n, seed, 0, static_cast<float>(ids));
  for (float& id : x) id = std::floor(id);
  return x;
}

TEST(Embedding, GathersRows) {
  for (const Shape& in : {Shape{}, Shape{5}, Shape{2, 3}}) {
    OpRunner runner(embedding(7, 3, in, 4));
    Shape out = in;
    out.push_back(3);
    EXPECT_EQ(runner.op->out, out);
    const Floats x = randomIds(4 * sizeOf(in), 7, 21), y = runner.forward(x);
    for (size_t i = 0; i < x.size(); ++i)
      for (size_t k = 0; k < 3; ++k) EXPECT_EQ(y[i * 3 + k], runner.weights[0]->data()[static_cast<size_t>(x[i]) * 3 + k]);
  }
}

TEST(Embedding, AnIdOutsideTheTableReadsInsideIt) {
  OpRunner runner(embedding(4, 2, {8}, 1));
  const Floats x = {-1, 4, 1e9f, -1e30f, kNaN, kInfinity, -kInfinity, 3.5f};
  const Floats y = runner.forward(x);
  const float* w = runner.weights[0]->data();
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(y[i * 2], w[0]);
  EXPECT_EQ(y[14], w[6]);
  const Floats dx = runner.backward(Floats(16, 1.0f));
  EXPECT_EQ(dx, Floats(8, 0.0f));
  EXPECT_EQ(runner.gradients[0], (Floats{7, 7, 0, 0, 0, 0, 1, 1}));
}

TEST(Embedding, MakesAMaskOfZeros) {
  OpRunner runner(embedding(4, 2, {3}, 2, true));
  EXPECT_EQ(runner.op->mask, Op::Mask::make);
  EXPECT_EQ(runner.op->maskSteps, 3);
  runner.forward({0, 2, 1, 3, 0, 0});
  EXPECT_EQ(runner.maskOut, (Floats{0, 1, 1, 1, 0, 0}));
  EXPECT_EQ(OpRunner(embedding(4, 2, {3}, 2)).op->mask, Op::Mask::drop);
}

// Tables of one tile and of many, rows wider than a tile may be, ids that come up often, and batches that are not full.
TEST(Embedding, AddsUpTheGradientOfEachId) {
  struct Case {
    int64_t ids, width, steps, rows;
  };
  for (const Case& c : {Case{1, 1, 1, 1}, Case{5, 3, 4, 9}, Case{5000, 17, 11, 13}, Case{40000, 1, 100, 50}, Case{700, 5, 300, 60},
                        Case{7, 20000, 3, 4}, Case{3, kTileFloats + 5, 2, 3}})
    for (const int64_t more : {0, 5}) {
      SCOPED_TRACE(std::to_string(c.ids) + " ids of " + std::to_string(c.width));
      OpSetup setup = embedding(c.ids, c.width, {c.steps}, c.rows);
      setup.batch = c.rows + more;
      setup.needsInputGradient = more > 0;
      OpRunner runner(setup);
      const int64_t n = c.rows * c.steps;
      Floats x = randomIds(n, c.ids, 22);
      for (size_t i = 0; i < x.size(); i += 3) x[i] = static_cast<float>(c.ids - 1);
      const Floats dy = randomFloats(n * c.width, 23);
      runner.forward(x);
      runner.backward(dy);
      Doubles want(static_cast<size_t>(c.ids * c.width));
      for (size_t i = 0; i < x.size(); ++i)
        for (size_t k = 0; k < static_cast<size_t>(c.width); ++k)
          want[static_cast<size_t>(x[i]) * static_cast<size_t>(c.width) + k] += dy[i * static_cast<size_t>(c.width) + k];
      expectClose(runner.gradients[0], want, n > 10000 ? 1e-4 : 1e-5, "gradient");  // thousands of terms an id there, added in float32
    }
}

// For an op above that needs nothing else, and with a gradient that is the same for all steps of a sample.
TEST(Embedding, AddsUpStepsItselfAndTakesOneGradientForAll) {
  for (const int64_t width : {3, 64, 300}) {
    constexpr int64_t kIds = 900, kSteps = 90, kRows = 50;
    OpSetup setup = embedding(kIds, width, {kSteps}, kRows);
    setup.needsInputGradient = false;
    OpRunner runner(setup);
    ASSERT_TRUE(runner.op->stepSums() && runner.op->takesSharedDy);
    const Floats x = randomIds(kRows * kSteps, kIds, 26), y = runner.forward(x);
    runner.op->yIsSummed = true;
    for (const float f : runner.forward(x)) ASSERT_TRUE(std::isnan(f)) << "y was written";
    Floats keep(kSteps);
    for (size_t t = 0; t < keep.size(); ++t) keep[t] = t % 3 == 1 ? 0.0f : 1.0f;
    for (const float* mask : {static_cast<const float*>(nullptr), static_cast<const float*>(keep.data())})
      for (const int64_t column : {int64_t{0}, width / 2}) {
        const int64_t count = width - column, row = kRows - 1;
        Doubles sum(static_cast<size_t>(count)), want = sum;
        runner.op->stepSums()->addSteps(row, mask, column, count, sum.data());
        for (int64_t t = 0; t < kSteps; ++t)
          for (int64_t k = 0; k < count && (!mask || mask[t] != 0.0f); ++k)
            want[static_cast<size_t>(k)] += y[static_cast<size_t>((row * kSteps + t) * width + column + k)];
        for (size_t k = 0; k < want.size(); ++k) ASSERT_NEAR(sum[k], want[k], 1e-5);
      }
    runner.op->dySteps = kSteps;
    const Floats dy = randomFloats(kRows * width, 27);
    runner.backward(dy);
    Doubles want(static_cast<size_t>(kIds * width));
    for (size_t i = 0; i < x.size(); ++i)
      for (size_t k = 0; k < static_cast<size_t>(width); ++k)
        want[static_cast<size_t>(x[i]) * static_cast<size_t>(width) + k] += dy[i / kSteps * static_cast<size_t>(width) + k];
    expectClose(runner.gradients[0], want, 1e-5, "gradient");
  }
}

TEST(Embedding, ALargeTableIsCutIntoTasks) {
  EXPECT_GT(OpRunner(embedding(5000, 17, {3}, 2)).op->weightTasks(), 1);
  EXPECT_EQ(OpRunner(embedding(50, 17, {3}, 2)).op->weightTasks(), 1);
}

TEST(Embedding, AFrozenTableHasNoGradient) {
  OpSetup setup = embedding(4, 2, {3}, 2);
  setup.trainable = {false};
  OpRunner runner(setup);
  EXPECT_EQ(runner.op->weightTasks(), 0);
  runner.forward({0, 2, 1, 3, 0, 0});
  EXPECT_EQ(runner.backward(Floats(12, 1.0f)), Floats(6, 0.0f));
}

TEST(Embedding, RefusesWhatCannotBe) {
  expectRefused([] {
    OpSetup s = embedding(4, 2, {3}, 2);
    s.weights = {{4, 3}};
    return s;
  }());
  for (const auto& [ids, width] : std::vector<std::pair<int64_t, int64_t>>{{0, 2}, {4, 0}, {-1, 2}, {4, -2}, {(1 << 24) + 1, 1}}) {
    OpSetup s = embedding(4, 2, {3}, 2);
    s.spec = object({{"op", "embedding"}, {"inputDim", ids}, {"outputDim", width}});
    expectRefused(s);
  }
  OpSetup s = embedding(4, 2, {3}, 2);
  s.weights = {};
  expectRefused(s);
  s = embedding(4, 2, {int64_t{1} << 20}, 2);
  s.batch = 1 << 20;
  expectRefused(s);
}

// --- Global average pooling: what turns the steps of an embedding into one vector.
OpSetup pooling(Shape in, int64_t rows, const char* format = "channels_last", bool keepdims = false) {
  OpSetup s;
  s.spec = object({{"op", "globalAveragePooling1d"}, {"dataFormat", format}, {"keepdims", keepdims}});
  s.in = std::move(in);
  s.rows = rows;
  return s;
}

Reference averageOf(size_t steps, size_t features, bool first) {
  return [=](const Doubles& x, const std::vector<Doubles>&) {
    Doubles y(x.size() / steps);
    for (size_t i = 0; i < y.size(); ++i)
      for (size_t t = 0; t < steps; ++t) {
        const size_t row = i / features * steps * features, f = i % features;
        y[i] += x[row + (first ? f * steps + t : t * features + f)] / static_cast<double>(steps);
      }
    return y;
  };
}

TEST(GlobalAveragePooling1d, AveragesOverTheSteps) {
  for (const auto& [steps, features] : std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {4, 3}, {3, 257}, {19, 1}}) {
    const auto t = static_cast<size_t>(steps), f = static_cast<size_t>(features);
    checkOp(pooling({steps, features}, 4), randomFloats(4 * steps * features, 24), averageOf(t, f, false));
    checkOp(pooling({features, steps}, 4, "channels_first"), randomFloats(4 * steps * features, 25), averageOf(t, f, true));
  }
}

TEST(GlobalAveragePooling1d, ShapesFollowKeepdims) {
  EXPECT_EQ(OpRunner(pooling({4, 3}, 1)).op->out, (Shape{3}));
  EXPECT_EQ(OpRunner(pooling({4, 3}, 1, "channels_last", true)).op->out, (Shape{1, 3}));
  EXPECT_EQ(OpRunner(pooling({4, 3}, 1, "channels_first")).op->out, (Shape{4}));
  EXPECT_EQ(OpRunner(pooling({4, 3}, 1, "channels_first", true)).op->out, (Shape{4, 1}));
  EXPECT_EQ(OpRunner(pooling({4, 3}, 1)).op->mask, Op::Mask::drop);
}

TEST(GlobalAveragePooling1d, AMaskChoosesTheSteps) {
  OpSetup setup = pooling({3, 2}, 3);
  setup.maskSteps = 3;
  OpRunner runner(setup);
  const Floats mask = {1, 0, 1, 0, 0, 0, 1, 1, 1};
  const Floats x = {1, 2, kNaN, 4, 5, 6, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(runner.forward(x, mask), (Floats{3, 4, 0, 0, 3, 4}));
  expectClose(runner.backward({2, 4, 8, 16, 3, 6}), {1, 2, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 2, 1, 2, 1, 2}, 1e-7, "dx");
}

TEST(GlobalAveragePooling1d, RefusesWhatCannotBe) {
  expectRefused(pooling({4}, 1));
  expectRefused(pooling({4, 3, 2}, 1));
  expectRefused(pooling({4, 3}, 1, "NWC"));
}

}  // namespace
}  // namespace gemmfit::test
