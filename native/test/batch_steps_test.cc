#include "native/test/normalization_reference.h"

// Batch normalization inside TimeDistributed: rows are [samples, steps], and each step is a batch of its own.
namespace gemmfit::test {
namespace {

struct StepsCase {
  BatchCase each;  // a step, without its mask
  Shape steps;     // one number, or two where a TimeDistributed is in another
  Floats mask = {};
  int64_t batch = 0;

  size_t count() const { return static_cast<size_t>(sizeOf(steps)); }
  size_t size() const { return each.size() * count(); }
  // The elements [rows, ...] of step t out of [rows, steps, ...].
  template <class T>
  std::vector<T> pick(const std::vector<T>& all, size_t t) const {
    const size_t n = all.size() / static_cast<size_t>(each.rows) / count();
    std::vector<T> out;
    for (size_t r = 0; r < static_cast<size_t>(each.rows); ++r) {
      const auto from = all.begin() + static_cast<std::ptrdiff_t>((r * count() + t) * n);
      out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(n));
    }
    return out;
  }
  BatchCase at(size_t t) const {
    BatchCase c = each;
    c.mask = pick(mask, t);
    return c;
  }

  Reference training() const {
    return [this](const Doubles& x, const std::vector<Doubles>& w) {
      const size_t n = each.size() / static_cast<size_t>(each.rows);
      Doubles y(x.size());
      for (size_t t = 0; t < count(); ++t) {
        const Doubles part = at(t).training()(pick(x, t), w);
        for (size_t i = 0; i < part.size(); ++i) y[(i / n * count() + t) * n + i % n] = part[i];
      }
      return y;
    };
  }

  OpSetup setup() const {
    OpSetup s = each.setup();
    Value::Object fields{{"op", "batchNormalization"}, {"axis", each.axis}, {"scale", each.scale},
                         {"center", each.center},      {"momentum", 0.75},  {"epsilon", each.epsilon}};
    Value::Array all;
    for (size_t i = 0; i < s.weights.size(); ++i) all.push_back(static_cast<int64_t>(i));
    fields["weights"] = Value(all);
    s.spec = object(fields);
    s.steps = static_cast<int64_t>(count());
    s.rows *= s.steps;
    s.maskSteps = static_cast<int64_t>(mask.size()) / s.rows;
    s.batch = batch * s.steps;
    s.chunk = 2 * s.steps;
    return s;
  }
};

// Values, gradients against central differences of the reference, and the moving statistics after a forward pass.
void checkSteps(const StepsCase& test) {
  OpRunner runner(test.setup());
  std::vector<Doubles> weights;
  for (const VariablePtr& w : runner.weights) weights.emplace_back(w->data(), w->data() + w->size);
  const Floats x = randomFloats(static_cast<int64_t>(test.size()), 61);
  Doubles xs = toDoubles(x);
  const Reference reference = test.training();
  expectClose(runner.forward(x, test.mask), reference(xs, weights), 3e-6, "y");

  const size_t moving = weights.size() - 2;
  Doubles movedMean = weights[moving], movedVariance = weights[moving + 1];
  for (size_t t = 0; t < test.count(); ++t) {
    Doubles n, mean, variance;
    test.at(t).moments(test.pick(xs, t), n, mean, variance);
    for (size_t c = 0; c < mean.size(); ++c) {
      movedMean[c] = movedMean[c] * 0.75 + mean[c] * 0.25;
      movedVariance[c] = movedVariance[c] * 0.75 + variance[c] * 0.25;
    }
  }
  const auto values = [&](size_t w) { return Floats(runner.weights[w]->data(), runner.weights[w]->data() + runner.weights[w]->size); };
  expectClose(values(moving), movedMean, 1e-6, "moving mean");
  expectClose(values(moving + 1), movedVariance, 1e-6, "moving variance");

  const Floats c = randomFloats(static_cast<int64_t>(test.size()), 5, -1, 1);
  const Floats dx = runner.backward(c);
  expectDifferences(reference, c, xs, weights, dx,
                    {runner.gradients.begin(), runner.gradients.begin() + static_cast<std::ptrdiff_t>(moving)});
}

TEST(BatchNormalizationOfSteps, TrainsEachStepByItself) {
  const std::vector<StepsCase> cases = {
      {{{3}, -1, 5}, {4}},
      {{{17}, -1, 3}, {1}},
      {{{2, 3}, 1, 4}, {3}},
      {{{2, 3}, 2, 4}, {3}},
      {{{2, 2, 3}, -1, 3}, {2}},
      {{{2, 3, 2}, 2, 3}, {2}},
      {{{3}, -1, 4}, {2, 3}},
      {{{2, 3}, 1, 3}, {2, 2}},
      {{{3}, -1, 4, false, true}, {3}},
      {{{3}, -1, 4, true, false}, {3}},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    checkSteps(cases[i]);
  }
}

TEST(BatchNormalizationOfSteps, TakesItsPartOfAMask) {
  for (StepsCase test :
       {StepsCase{{{3}, -1, 6}, {4}}, StepsCase{{{2, 3}, -1, 4}, {3}}, StepsCase{{{2, 3}, 1, 4}, {3}}, StepsCase{{{3}, -1, 5}, {2, 3}}}) {
    SCOPED_TRACE(std::to_string(test.each.in.size()) + " axes, " + std::to_string(test.steps.size()) + " of steps");
    const int64_t each = sizeOf(test.each.in) / test.each.in.back();
    test.mask = halfOf(test.each.rows * sizeOf(test.steps) * each, 7);
    // One step of which nothing is kept.
    for (int64_t r = 0; r < test.each.rows; ++r)
      for (int64_t i = 0; i < each; ++i) test.mask[static_cast<size_t>((r * sizeOf(test.steps) + 1) * each + i)] = 0;
    checkSteps(test);
  }
}

// Large enough to be cut by channels and by rows, with room for more rows than come.
TEST(BatchNormalizationOfSteps, TilesAddUp) {
  for (const StepsCase& test :
       {StepsCase{{{200}, -1, 300}, {5}, {}, 700}, StepsCase{{{3}, -1, 30001}, {3}}, StepsCase{{{2, 40, 70}, 2, 21}, {3}}}) {
    SCOPED_TRACE(std::to_string(test.each.rows) + " rows");
    OpSetup setup = test.setup();
    setup.chunk = 37 * setup.steps;
    OpRunner runner(setup);
    EXPECT_GT(runner.op->forwardPhases()[0].count, 1);
    std::vector<Doubles> w;
    for (const VariablePtr& v : runner.weights) w.emplace_back(v->data(), v->data() + v->size);
    const Floats x = randomFloats(static_cast<int64_t>(test.size()), 41);
    expectClose(runner.forward(x), test.training()(toDoubles(x), w), 3e-6, "y");
  }
}

TEST(BatchNormalizationOfSteps, InferenceTakesTheMovingStatistics) {
  const StepsCase test{{{3}, -1, 5}, {4}};
  OpSetup setup = test.setup();
  setup.training = false;
  setup.trainable.assign(4, false);
  OpRunner runner(setup);
  for (int c = 0; c < 3; ++c) runner.weights[3]->data()[c] = 0.5f + static_cast<float>(c);
  std::vector<Doubles> w;
  for (const VariablePtr& v : runner.weights) w.emplace_back(v->data(), v->data() + v->size);
  const Floats x = randomFloats(static_cast<int64_t>(test.size()), 15);
  BatchCase all = test.each;
  all.rows *= 4;
  expectClose(runner.forward(x), all.normalize(toDoubles(x), w[2], w[3], w), 2e-6, "y");
}

}  // namespace
}  // namespace gemmfit::test
