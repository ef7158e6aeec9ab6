// What happens around an optimizer's rule: clipping, decay, averaging, accumulation, constraints and regularizers, held against plain
// gradient descent in double that is written as Keras defines them.
#include "native/engine/weights.h"

#include <gtest/gtest.h>

#include "native/engine/error.h"
#include "native/test/gradients.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::Samples;
using Doubles = std::vector<double>;

double label(int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }

struct Options {
  double weightDecay = 0, clipvalue = 0, clipnorm = 0, globalClipnorm = 0;
  bool ema = false, emaCopyFirst = true;
  int64_t emaOverwrite = 0, accumulate = 1;
  bool constrained = false, orthogonal = false, undecayedBias = false;
  double rate = 0.3;
};

void build(Model& m, const Options& o, bool plain) {
  m.labelWidth = 2;
  if (!plain) {
    m.optimizer["weightDecay"] = o.weightDecay;
    m.optimizer["clipvalue"] = o.clipvalue;
    m.optimizer["clipnorm"] = o.clipnorm;
    m.optimizer["globalClipnorm"] = o.globalClipnorm;
    m.optimizer["useEma"] = o.ema;
    m.optimizer["emaMomentum"] = 0.8;
    m.optimizer["emaCopyFirst"] = o.emaCopyFirst;
    m.optimizer["emaOverwriteFrequency"] = o.emaOverwrite;
    m.optimizer["gradientAccumulationSteps"] = o.accumulate;
    m.slotsEach = (o.ema ? 1 : 0) + (o.accumulate > 1 ? 1 : 0);
  }
  Value::Object extra;
  if (o.orthogonal) extra["regularizer"] = Value(Value::Object{{"regularizer", "orthogonal"}, {"factor", 0.1}, {"mode", "rows"}});
  if (o.constrained && !plain) extra["constraint"] = Value(Value::Object{{"constraint", "nonNeg"}});
  m.dense(3, 4, extra);
  if (o.undecayedBias) m.described[1] = Value(Value::Object{{"trainable", true}, {"decay", false}});
  m.activation("tanh");
  m.dense(4, 2);
  m.build();
}

// Of one step: the gradient of each weight where they are now. Plain gradient descent with rate 1 tells it.
std::vector<Doubles> gradientsAt(Model& plain, const std::vector<Doubles>& weights, const Samples& s) {
  for (size_t v = 0; v < weights.size(); ++v)
    for (size_t i = 0; i < weights[v].size(); ++i) plain.variables[v]->data()[i] = static_cast<float>(weights[v][i]);
  const std::vector<float> all = testing::gradients(plain, s);
  std::vector<Doubles> out;
  size_t at = 0;
  for (const Doubles& w : weights) {
    out.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(at + w.size()));
    at += w.size();
  }
  return out;
}

double norm(const Doubles& g) {
  double sum = 0;
  for (const double x : g) sum += x * x;
  return std::sqrt(sum);
}

void scale(Doubles& g, double factor) {
  for (double& x : g) x *= factor;
}

class Reference {
 public:
  Reference(const Options& o, std::vector<Doubles> w) : weights(std::move(w)), averages(weights), o_(o), sums_(weights) {
    for (Doubles& a : averages) std::fill(a.begin(), a.end(), 0);
    for (Doubles& a : sums_) std::fill(a.begin(), a.end(), 0);
  }
  void step(std::vector<Doubles> g) {
    const int64_t iteration = call_ / o_.accumulate;
    const bool applies = ++call_ % o_.accumulate == 0;
    for (size_t v = 0; v < g.size(); ++v)
      for (size_t i = 0; i < g[v].size(); ++i) sums_[v][i] += g[v][i] / static_cast<double>(o_.accumulate);
    if (applies) apply();
    const double keep = iteration == 0 && o_.emaCopyFirst ? 0 : 0.8;
    for (size_t v = 0; v < weights.size() && o_.ema; ++v)
      for (size_t i = 0; i < weights[v].size(); ++i) {
        averages[v][i] = keep * averages[v][i] + (1 - keep) * weights[v][i];
        if (o_.emaOverwrite > 0 && (iteration + 1) % o_.emaOverwrite == 0) weights[v][i] = averages[v][i];
      }
    if (o_.constrained)
      for (double& w : weights[0]) w = std::max(w, 0.0);
  }
  std::vector<Doubles> weights, averages;

 private:
  void apply() {
    std::vector<Doubles> g = sums_;
    for (Doubles& a : sums_) std::fill(a.begin(), a.end(), 0);
    double all = 0;
    for (const Doubles& x : g) all += norm(x) * norm(x);
    for (Doubles& x : g) {
      const double limit = o_.clipnorm > 0 ? o_.clipnorm : o_.globalClipnorm, length = o_.clipnorm > 0 ? norm(x) : std::sqrt(all);
      if (limit > 0 && length > limit) scale(x, limit / length);
      if (o_.clipvalue > 0)
        for (double& one : x) one = std::min(o_.clipvalue, std::max(-o_.clipvalue, one));
    }
    for (size_t v = 0; v < g.size(); ++v)
      for (size_t i = 0; i < g[v].size(); ++i) {
        if (!(o_.undecayedBias && v == 1)) weights[v][i] -= o_.rate * o_.weightDecay * weights[v][i];
        weights[v][i] -= o_.rate * g[v][i];
      }
  }
  Options o_;
  std::vector<Doubles> sums_;
  int64_t call_ = 0;
};

void check(const Options& o) {
  Model m, plain;
  build(m, o, false);
  build(plain, o, true);
  std::vector<Doubles> begin;
  for (const VariablePtr& v : m.variables) begin.emplace_back(v->data(), v->data() + v->size);
  Reference reference(o, begin);
  const Samples s(6, {3}, 2, label);
  for (int step = 0; step < 7; ++step) {
    reference.step(gradientsAt(plain, reference.weights, s));
    Feed feed(s.spec);
    RunRequest r = s.request(Mode::train, 1, static_cast<float>(o.rate));
    r.call = step;
    m.network->run(feed, r, nullptr);
    for (size_t v = 0; v < begin.size(); ++v)
      for (size_t i = 0; i < begin[v].size(); ++i) {
        ASSERT_NEAR(m.variables[v]->data()[i], reference.weights[v][i], 2e-5) << "weight " << v << " [" << i << "] in step " << step;
        if (o.ema) {
          ASSERT_NEAR(m.slots[v * static_cast<size_t>(m.slotsEach)]->data()[i], reference.averages[v][i], 2e-5)
              << "average " << v << " [" << i << "] in step " << step;
        }
      }
  }
}

TEST(Weights, DecayAndClippingAreThoseOfTheirDefinitions) {
  Options o;
  check(o);
  o.weightDecay = 0.05;
  check(o);
  o.undecayedBias = true;
  check(o);
  for (const double limit : {0.02, 0.3, 100.0}) {
    Options byValue, byNorm, global;
    byValue.clipvalue = byNorm.clipnorm = global.globalClipnorm = limit;
    check(byValue);
    check(byNorm);
    check(global);
    byNorm.weightDecay = global.weightDecay = 0.1;
    byNorm.clipvalue = global.clipvalue = limit / 3;
    check(byNorm);
    check(global);
  }
}

TEST(Weights, AveragesFollowTheWeights) {
  for (const bool copyFirst : {true, false})
    for (const int64_t overwrite : {0, 1, 3})
      for (const int64_t accumulate : {1, 2}) {
        Options o;
        o.ema = true;
        o.emaCopyFirst = copyFirst;
        o.emaOverwrite = overwrite;
        o.accumulate = accumulate;
        check(o);
      }
}

TEST(Weights, AccumulatedGradientsAreClippedWhole) {
  for (const int64_t accumulate : {2, 3}) {
    Options o;
    o.accumulate = accumulate;
    check(o);
    o.globalClipnorm = 0.1;
    o.weightDecay = 0.02;
    check(o);
  }
}

TEST(Weights, ConstraintsHoldAfterEveryStep) {
  Options o;
  o.constrained = true;
  check(o);
  o.clipnorm = 0.2;
  check(o);
}

// Its gradient is of the whole matrix at once.
TEST(Weights, ARegularizerOfAWholeMatrixIsInTheGradient) {
  Options o;
  o.orthogonal = true;
  Model m;
  build(m, o, true);
  testing::checkGradients(m, Samples(6, {3}, 2, label));
  check(o);
  o.accumulate = 2;
  check(o);
}

// As often as the network is made: one that reads has no optimizer, and wants no slots.
TEST(Weights, RefuseWhatDoesNotFit) {
  const auto refused = [](const std::vector<Shape>& slots, size_t described) {
    Value::Array d(described, Value(Value::Object{{"trainable", true}}));
    const Value spec(Value::Object{{"variables", d}, {"optimizer", Value::Object{{"optimizer", "adam"}}}});
    std::vector<VariablePtr> all;
    for (const Shape& s : slots) all.push_back(std::make_shared<Variable>(s));
    try {
      Weights weights(spec, {std::make_shared<Variable>(Shape{3})}, all);
      return false;
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "ERR_SPEC");
      return true;
    }
  };
  EXPECT_FALSE(refused({{3}, {3}}, 1));
  EXPECT_TRUE(refused({{3}}, 1));
  EXPECT_TRUE(refused({{3}, {2}}, 1));
  EXPECT_TRUE(refused({{3}, {3}}, 2));
  EXPECT_TRUE(refused({{3}, {3}}, 0));
}

}  // namespace
}  // namespace gemmfit
