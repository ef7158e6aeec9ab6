#include "native/kernels/normalization.h"

#include "native/test/normalization_reference.h"

namespace gemmfit::test {
namespace {

// --- Batch normalization

// As checkOp, with a mask.
void checkMasked(const BatchCase& test, const Floats& x) {
  OpRunner runner(test.setup());
  std::vector<Doubles> weights;
  for (const VariablePtr& w : runner.weights) weights.emplace_back(w->data(), w->data() + w->size);
  Doubles xs = toDoubles(x);
  const Reference reference = test.training();
  expectClose(runner.forward(x, test.mask), reference(xs, weights), 2e-6, "y");
  const Floats c = randomFloats(static_cast<int64_t>(x.size()), 5, -1, 1);
  const Floats dx = runner.backward(c);
  expectDifferences(reference, c, xs, weights, dx, {runner.gradients[0], runner.gradients[1]});
}

TEST(BatchNormalization, TrainsAsTheReferenceOnAnyAxis) {
  const std::vector<BatchCase> cases = {
      {{5}, -1, 7},
      {{1}, 1, 3},
      {{17}, 1, 2},
      {{3, 4}, 1, 5},
      {{3, 4}, -1, 5},
      {{4, 1}, 1, 6},
      {{2, 3, 4}, 2, 3},
      {{2, 3, 5}, -1, 3},
      {{3, 2, 11}, 1, 2},
      {{5}, -1, 6, false, true},
      {{5}, -1, 6, true, false},
      {{3, 4}, 1, 4, false, false},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    checkOp(cases[i].setup(), randomFloats(static_cast<int64_t>(cases[i].size()), 20 + i), cases[i].training());
  }
}

TEST(BatchNormalization, ASingleSampleHasNoVariance) {
  const BatchCase test{{3}, -1, 1};
  OpRunner runner(test.setup());
  const Floats y = runner.forward({1, -2, 1000});
  EXPECT_EQ(y, Floats(runner.weights[1]->data(), runner.weights[1]->data() + 3));
  EXPECT_EQ(runner.backward({1, 2, 3}), Floats(3, 0.0f));
}

TEST(BatchNormalization, MaskedStepsDoNotCount) {
  for (const int64_t axis : {1, 2})
    for (const Shape& in : {Shape{4, 3}, Shape{5, 1}, Shape{1, 19}}) {
      SCOPED_TRACE("axis " + std::to_string(axis) + " of " + std::to_string(in[0]) + "x" + std::to_string(in[1]));
      BatchCase test{in, axis, 6};
      test.mask = halfOf(6 * in[0], 3);
      checkMasked(test, randomFloats(static_cast<int64_t>(test.size()), 31));
    }
}

TEST(BatchNormalization, MasksOfOtherRanks) {
  for (const BatchCase& shape : {BatchCase{{3}, -1, 7}, BatchCase{{2, 3, 4}, 3, 3}, BatchCase{{2, 3, 4}, 2, 3}}) {
    SCOPED_TRACE(std::to_string(shape.in.size()) + " axes, " + std::to_string(shape.axis));
    BatchCase test = shape;
    test.mask = halfOf(test.rows * sizeOf(test.in) / test.in.back(), 6);
    checkMasked(test, randomFloats(static_cast<int64_t>(test.size()), 32));
  }
}

TEST(BatchNormalization, MasksItCannotTakeAreRefused) {
  const auto code = [](const BatchCase& test, int64_t maskSteps, bool training) -> std::string {
    OpSetup setup = test.setup();
    setup.maskSteps = maskSteps;
    setup.training = training;
    if (!training) setup.trainable.assign(4, false);
    try {
      OpRunner runner(setup);
    } catch (const Error& e) {
      return e.code;
    }
    return "taken";
  };
  EXPECT_EQ(code({{3, 4, 5}, -1, 2}, 3, true), "ERR_MASK");
  EXPECT_EQ(code({{3, 4, 5}, -1, 2}, 3, false), "ERR_MASK");
  EXPECT_EQ(code({{3, 4, 5}, 1, 2}, 12, true), "ERR_MASK");
  EXPECT_EQ(code({{3, 4, 5}, 1, 2}, 12, false), "taken");
}

TEST(BatchNormalization, WhatAMaskedStepHoldsDoesNotMatter) {
  BatchCase test{{3, 2}, -1, 2};
  test.mask = {0, 1, 1, 1, 0, 1};
  Floats x = randomFloats(12, 8);
  OpRunner one(test.setup()), other(test.setup());
  const Floats expected = one.forward(x, test.mask);
  x[0] = kNaN;
  x[8] = 1e30f;
  const Floats y = other.forward(x, test.mask);
  for (const size_t i : {2, 3, 4, 5, 6, 7, 10, 11}) EXPECT_EQ(y[i], expected[i]) << i;
  EXPECT_TRUE(std::isnan(y[0]));
}

TEST(BatchNormalization, ABatchMaskedWholeIsFinite) {
  BatchCase test{{2, 3}, -1, 2};
  test.mask = Floats(4, 0.0f);
  OpRunner runner(test.setup());
  for (const float v : runner.forward(randomFloats(12, 9), test.mask)) EXPECT_TRUE(std::isfinite(v));
  for (const float v : runner.backward(Floats(12, 0.0f))) EXPECT_EQ(v, 0.0f);
}

TEST(BatchNormalization, MovingStatisticsFollowTheBatch) {
  for (const bool unbiased : {false, true}) {
    BatchCase test{{4, 3}, -1, 5};
    test.mask = halfOf(20, 12);
    OpSetup setup = test.setup();
    setup.batch = 9;
    setup.spec = object({{"op", "batchNormalization"}, {"momentum", 0.75}, {"unbiasedMovingVariance", unbiased}});
    OpRunner runner(setup);
    const Doubles before[2] = {{runner.weights[2]->data(), runner.weights[2]->data() + 3},
                               {runner.weights[3]->data(), runner.weights[3]->data() + 3}};
    const Floats x = randomFloats(60, 13);
    runner.forward(x, test.mask);
    Doubles count, mean, variance;
    test.moments(toDoubles(x), count, mean, variance);
    for (size_t c = 0; c < 3; ++c) {
      const double seen = unbiased ? variance[c] * count[c] / (count[c] - 1) : variance[c];
      EXPECT_NEAR(runner.weights[2]->data()[c], before[0][c] * 0.75 + mean[c] * 0.25, 1e-6);
      EXPECT_NEAR(runner.weights[3]->data()[c], before[1][c] * 0.75 + seen * 0.25, 1e-6);
    }
  }
}

TEST(BatchNormalization, InferenceUsesTheMovingStatistics) {
  for (const BatchCase& test : {BatchCase{{300}, -1, 5}, BatchCase{{3, 4}, 1, 5}, BatchCase{{7}, -1, 3, false, false}}) {
    OpSetup setup = test.setup();
    setup.training = false;
    setup.trainable.assign(setup.weights.size(), false);
    OpRunner runner(setup);
    const size_t last = runner.weights.size() - 1;
    for (int64_t c = 0; c < runner.weights[last]->size; ++c) runner.weights[last]->data()[c] = 0.1f + 0.2f * static_cast<float>(c % 9);
    std::vector<Doubles> w;
    for (const VariablePtr& v : runner.weights) w.emplace_back(v->data(), v->data() + v->size);
    const Floats x = randomFloats(static_cast<int64_t>(test.size()), 15);
    EXPECT_TRUE(runner.op->inPlace);
    expectClose(runner.forward(x), test.normalize(toDoubles(x), w[last - 1], w[last], w), 2e-6, "y");
    EXPECT_EQ(Doubles(runner.weights[last]->data(), runner.weights[last]->data() + runner.weights[last]->size), w[last]);
  }
}

TEST(BatchNormalization, FrozenTrainsNothingAndPassesTheGradient) {
  for (const bool weightsTrain : {false, true}) {
    const BatchCase test{{3, 5}, 1, 4};
    OpSetup setup = test.setup();
    setup.spec = object({{"op", "batchNormalization"}, {"axis", 1}, {"frozen", true}});
    setup.trainable = {weightsTrain, weightsTrain, false, false};
    OpRunner runner(setup);
    for (int c = 0; c < 3; ++c) runner.weights[3]->data()[c] = 0.5f + static_cast<float>(c);
    std::vector<Doubles> w;
    for (const VariablePtr& v : runner.weights) w.emplace_back(v->data(), v->data() + v->size);
    const Floats x = randomFloats(60, 16), dy = randomFloats(60, 17);
    expectClose(runner.forward(x), test.normalize(toDoubles(x), w[2], w[3], w), 2e-6, "y");
    const Floats dx = runner.backward(dy);
    Doubles want(60), dgamma(3), dbeta(3);
    for (size_t i = 0; i < 60; ++i) {
      const size_t c = test.channelOf(i);
      const double inverse = 1 / std::sqrt(w[3][c] + 1e-3);
      want[i] = dy[i] * w[0][c] * inverse;
      dgamma[c] += dy[i] * (x[i] - w[2][c]) * inverse;
      dbeta[c] += dy[i];
    }
    expectClose(dx, want, 2e-6, "dx");
    if (weightsTrain) {
      expectClose(runner.gradients[0], dgamma, 5e-6, "dgamma");
      expectClose(runner.gradients[1], dbeta, 5e-6, "dbeta");
    }
    for (size_t i = 2; i < 4; ++i) EXPECT_EQ(Doubles(runner.weights[i]->data(), runner.weights[i]->data() + 3), w[i]);
  }
}

// Batches large enough to be cut into tiles, by channels and by rows, and steps that do not fill them.
TEST(BatchNormalization, TilesAddUp) {
  const std::vector<BatchCase> cases = {{{200}, -1, 1100}, {{3}, -1, 70001}, {{130}, -1, 4099}, {{3, 5003}, 1, 21}, {{2, 700, 5}, 2, 31}};
  for (const BatchCase& test : cases)
    for (const int64_t more : {0, 13}) {
      SCOPED_TRACE(std::to_string(test.rows) + " rows of " + std::to_string(sizeOf(test.in)));
      OpSetup setup = test.setup();
      setup.batch = test.rows + more * 1000;
      setup.chunk = 37;
      OpRunner runner(setup);
      EXPECT_GT(runner.op->forwardPhases()[0].count, 1);
      const Floats x = randomFloats(static_cast<int64_t>(test.size()), 41), dy = randomFloats(static_cast<int64_t>(test.size()), 42);
      const Doubles xs = toDoubles(x);
      std::vector<Doubles> w;
      for (const VariablePtr& v : runner.weights) w.emplace_back(v->data(), v->data() + v->size);
      Doubles n, mean, variance;
      test.moments(xs, n, mean, variance);
      expectClose(runner.forward(x), test.normalize(xs, mean, variance, w), 3e-6, "y");
      const Floats dx = runner.backward(dy);
      Doubles dgamma(test.channels()), dbeta(test.channels()), want(test.size());
      const auto normal = [&](size_t i, size_t c) { return (xs[i] - mean[c]) / std::sqrt(variance[c] + test.epsilon); };
      for (size_t i = 0; i < test.size(); ++i) {
        dgamma[test.channelOf(i)] += dy[i] * normal(i, test.channelOf(i));
        dbeta[test.channelOf(i)] += dy[i];
      }
      for (size_t i = 0; i < test.size(); ++i) {
        const size_t c = test.channelOf(i);
        want[i] = w[0][c] / std::sqrt(variance[c] + test.epsilon) * (dy[i] - (dbeta[c] + normal(i, c) * dgamma[c]) / n[c]);
      }
      expectClose(dx, want, 3e-6, "dx");
      expectClose(runner.gradients[0], dgamma, 1e-5, "dgamma");
      expectClose(runner.gradients[1], dbeta, 1e-6, "dbeta");
    }
}

TEST(BatchNormalization, AFarMeanDoesNotSwallowTheVariance) {
  const BatchCase test{{3}, -1, 1000};
  Floats x = randomFloats(3000, 51, -1, 1);
  for (float& v : x) v = 8e6f + std::round(4 * v);
  OpRunner runner(test.setup());
  runner.forward(x);
  Doubles n, mean, variance;
  test.moments(toDoubles(x), n, mean, variance);
  OpRunner other(test.setup());
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(runner.weights[3]->data()[c], other.weights[3]->data()[c] * 0.75 + variance[c] * 0.25, 1e-6);
}

TEST(BatchNormalization, NaNSpoilsItsChannelOnly) {
  const BatchCase test{{3}, -1, 4};
  Floats x = randomFloats(12, 52);
  x[4] = kNaN;
  OpRunner runner(test.setup());
  const Floats y = runner.forward(x);
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(std::isnan(y[i]), i % 3 == 1) << i;
}

// --- Layer normalization
struct LayerCase {
  Shape in;
  std::vector<int64_t> axes;  // counting the batch dimension
  int64_t rows;
  bool scale = true, center = true, rms = false;

  std::vector<bool> normalized() const {
    std::vector<bool> out(in.size());
    for (const int64_t a : axes) out[static_cast<size_t>(a < 0 ? a + static_cast<int64_t>(in.size()) : a - 1)] = true;
    return out;
  }
  int64_t n() const {
    int64_t n = 1;
    for (size_t i = 0; i < in.size(); ++i) n *= normalized()[i] ? in[i] : 1;
    return n;
  }
  // The group an element belongs to, and its place in it.
  void place(size_t e, size_t& group, size_t& at) const {
    const std::vector<bool> behind = normalized();
    size_t rest = e, groupStep = 1, step = 1;
    group = at = 0;
    for (size_t i = in.size(); i-- > 0;) {
      const size_t d = static_cast<size_t>(in[i]), index = rest % d;
      (behind[i] ? at : group) += index * (behind[i] ? step : groupStep);
      (behind[i] ? step : groupStep) *= d;
      rest /= d;
    }
    group += rest * groupStep;
  }

  Reference reference() const {
    return [this](const Doubles& x, const std::vector<Doubles>& weights) {
      const size_t groups = x.size() / static_cast<size_t>(n());
      const double count = static_cast<double>(n());
      Doubles mean(groups), variance(groups), y(x.size());
      size_t g = 0, at = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        place(i, g, at);
        mean[g] += x[i] / count;
      }
      for (size_t i = 0; i < x.size(); ++i) {
        place(i, g, at);
        variance[g] += (x[i] - mean[g]) * (x[i] - mean[g]) / count;
      }
      for (size_t i = 0; i < x.size(); ++i) {
        place(i, g, at);
        y[i] = (x[i] - (rms ? 0 : mean[g])) / std::sqrt(variance[g] + 1e-2);
        if (scale) y[i] *= weights[0][at];
        if (center) y[i] += weights[scale ? 1 : 0][at];
      }
      return y;
    };
  }

  OpSetup setup() const {
    OpSetup s;
    s.spec = object({{"op", "layerNormalization"},
                     {"axis", integers(axes)},
                     {"scale", scale},
                     {"center", center},
                     {"rmsScaling", rms},
                     {"epsilon", 1e-2}});
    s.in = in;
    s.rows = rows;
    s.weights.assign((scale ? 1u : 0u) + (center ? 1u : 0u), Shape{n()});
    return s;
  }
};

const std::vector<LayerCase>& layerCases() {
  static const std::vector<LayerCase> cases = {
      {{6}, {-1}, 4},
      {{1}, {1}, 3},
      {{37}, {-1}, 2},
      {{3, 4}, {-1}, 5},
      {{3, 4}, {1, 2}, 5},
      {{3, 4}, {1}, 5},
      {{2, 3, 4}, {1, 3}, 3},
      {{2, 3, 4}, {3, 2}, 3},
      {{2, 3, 4}, {2}, 4},
      {{5}, {-1}, 7, false, true},
      {{5}, {-1}, 7, true, false},
      {{5, 2}, {1}, 7, false, false},
      {{9}, {-1}, 4, true, false, true},
      {{3, 4}, {1}, 4, true, false, true},
  };
  return cases;
}

TEST(LayerNormalization, TrainsAsTheReferenceOnAnyAxes) {
  for (size_t i = 0; i < layerCases().size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    const LayerCase& test = layerCases()[i];
    checkOp(test.setup(), randomFloats(test.rows * sizeOf(test.in), 60 + i), test.reference());
  }
}

TEST(LayerNormalization, InferenceGivesTheSame) {
  for (const LayerCase& test : layerCases()) {
    OpSetup setup = test.setup();
    const Floats x = randomFloats(test.rows * sizeOf(test.in), 71);
    OpRunner training(setup);
    setup.training = false;
    OpRunner inference(setup);
    EXPECT_TRUE(inference.op->inPlace);
    EXPECT_EQ(inference.forward(x), training.forward(x));
  }
}

TEST(LayerNormalization, AFarMeanDoesNotSwallowTheVariance) {
  Floats x = randomFloats(1000, 76, -1, 1), y(1000);
  for (float& v : x) v = 8e6f + std::round(4 * v);
  float mean = 0, inverse = 0;
  groupNormalize({1000, 1e-2, true, nullptr, nullptr}, 1, x.data(), &mean, &inverse, y.data());
  double middle = 0, variance = 0;
  for (const float v : x) middle += v / 1000.0;
  for (const float v : x) variance += (v - middle) * (v - middle) / 1000;
  EXPECT_NEAR(mean, middle, 0.5);
  EXPECT_NEAR(inverse * std::sqrt(variance + 1e-2), 1, 1e-6);
}

TEST(LayerNormalization, WithoutAnInputGradientTheWeightsStillLearn) {
  for (const std::vector<int64_t>& axes : {std::vector<int64_t>{1}, std::vector<int64_t>{2}}) {
    LayerCase test{{3, 4}, axes, 5};
    OpSetup setup = test.setup();
    OpRunner all(setup);
    setup.needsInputGradient = false;
    OpRunner few(setup);
    const Floats x = randomFloats(60, 72), dy = randomFloats(60, 73);
    all.forward(x);
    few.forward(x);
    all.backward(dy);
    few.backward(dy);
    EXPECT_EQ(few.gradients, all.gradients);
  }
}

TEST(LayerNormalization, WeightTasksCoverALargeBatch) {
  const LayerCase test{{1003}, {-1}, 300};
  OpSetup setup = test.setup();
  setup.chunk = 7;
  OpRunner runner(setup);
  EXPECT_GT(runner.op->weightTasks(), 1);
  const Floats x = randomFloats(300 * 1003, 74), dy = randomFloats(300 * 1003, 75);
  runner.forward(x);
  runner.backward(dy);
  const Doubles normal = LayerCase{{1003}, {-1}, 300, false, false}.reference()(toDoubles(x), {});
  Doubles dgamma(1003), dbeta(1003);
  for (size_t i = 0; i < normal.size(); ++i) {
    dgamma[i % 1003] += dy[i] * normal[i];
    dbeta[i % 1003] += dy[i];
  }
  expectClose(runner.gradients[0], dgamma, 2e-6, "dgamma");
  expectClose(runner.gradients[1], dbeta, 2e-6, "dbeta");
}

// --- Both
TEST(Normalization, ChunksOfRowsDoNotChangeABit) {
  const BatchCase batch{{5, 23}, -1, 31}, blocks{{5, 23}, 1, 31};
  const LayerCase layer{{5, 23}, {-1}, 31}, moved{{5, 23}, {1}, 31};
  for (OpSetup setup : {batch.setup(), blocks.setup(), layer.setup(), moved.setup()}) {
    const Floats x = randomFloats(31 * 115, 81), dy = randomFloats(31 * 115, 82);
    std::vector<Floats> first;
    for (const int64_t chunk : {31, 1, 4}) {
      setup.chunk = chunk;
      OpRunner runner(setup);
      std::vector<Floats> now = {runner.forward(x), runner.backward(dy), runner.gradients[0], runner.gradients[1]};
      if (first.empty()) first = now;
      EXPECT_EQ(now, first) << "chunks of " << chunk;
    }
  }
}

TEST(Normalization, RefusesWhatCannotBe) {
  const OpSetup good = BatchCase{{3, 4}, -1, 2}.setup();
  OpSetup bad = good;
  bad.weights[0] = {3};
  expectRefused(bad);
  bad = good;
  bad.weights.pop_back();
  bad.trainable.pop_back();
  expectRefused(bad);
  for (const int64_t axis : {0, 3, -3, -4}) {
    bad = good;
    bad.spec = object({{"op", "batchNormalization"}, {"axis", axis}});
    expectRefused(bad);
  }
  bad = good;
  bad.in = {};
  expectRefused(bad);

  const OpSetup layer = LayerCase{{3, 4}, {-1}, 2}.setup();
  bad = layer;
  bad.weights[0] = {3};
  expectRefused(bad);
  for (const std::vector<int64_t>& axes : {std::vector<int64_t>{0}, {3}, {1, 1}, {2, -1}, {-3}}) {
    bad = layer;
    bad.spec = object({{"op", "layerNormalization"}, {"axis", integers(axes)}});
    expectRefused(bad);
  }
  bad = layer;
  bad.weights.push_back({4});
  expectRefused(bad);
}

}  // namespace
}  // namespace gemmfit::test
