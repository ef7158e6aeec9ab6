// Optimizers, constraints and regularizers that users write as elementwise code.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "native/engine/constraint.h"
#include "native/engine/error.h"
#include "native/engine/optimizer.h"
#include "native/engine/regularizer.h"
#include "native/test/every_target.h"
#include "native/test/gradients.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

Value line(const char* name, std::vector<int64_t> of) { return object({{"do", name}, {"of", integers(of)}}); }
Value constant(double value) { return object({{"do", "constant"}, {"value", value}}); }

// Registers: 0 w, 1 g, 2 and 3 the averages, 4 the rate, 5 the iteration.
Value adam(double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7) {
  return object({{"optimizer", "traced"},
                 {"slots", 2},
                 {"outputs", integers({30, 21, 25})},
                 {"code", Value::Array{constant(beta1),
                                       constant(beta2),
                                       constant(1),
                                       constant(epsilon),
                                       line("power", {6, 5}),
                                       line("power", {7, 5}),
                                       line("subtract", {8, 11}),
                                       line("sqrt", {12}),
                                       line("subtract", {8, 10}),
                                       line("multiply", {4, 13}),
                                       line("divide", {15, 14}),
                                       line("subtract", {8, 6}),
                                       line("subtract", {8, 7}),
                                       line("subtract", {1, 2}),
                                       line("multiply", {19, 17}),
                                       line("add", {2, 20}),
                                       line("square", {1}),
                                       line("subtract", {22, 3}),
                                       line("multiply", {23, 18}),
                                       line("add", {3, 24}),
                                       line("multiply", {21, 16}),
                                       line("sqrt", {25}),
                                       line("add", {27, 9}),
                                       line("divide", {26, 28}),
                                       line("subtract", {0, 29})}}});
}

EVERY_TARGET_SUITE(TracedTargets);

TEST_P(TracedTargets, AnAdamIsTheEnginesOwn) {
  const auto traced = makeOptimizer(adam()), own = makeOptimizer(object({{"optimizer", "adam"}}));
  ASSERT_EQ(traced->slots(), 2);
  for (const int64_t n : {0, 1, 15, 17, 257, 3000}) {
    struct State {
      Guarded w, m, v;
    };
    std::vector<State> states(2);
    const Floats w = randomFloats(n, 1);
    for (State& s : states) {
      s.w = w;
      s.m = s.v = Floats(w.size(), 0.0f);
    }
    for (int64_t t = 1; t <= 5; ++t) {
      const Floats g = randomFloats(n, 10 + static_cast<uint64_t>(t));
      for (size_t k = 0; k < 2; ++k) {
        Optimizer& o = k == 0 ? *traced : *own;
        o.begin(0.01, t);
        float* slots[2] = {states[k].m.data(), states[k].v.data()};
        Guarded gradient;
        gradient = g;
        o.update(states[k].w.data(), gradient.data(), slots, n);
        EXPECT_EQ(gradient.values(), g);
      }
    }
    states[0].w.expectIntact("the weight");
    states[0].m.expectIntact("a slot");
    states[0].v.expectIntact("a slot");
    expectClose(states[0].w.values(), toDoubles(states[1].w.values()), 3e-6, "w");
    expectClose(states[0].m.values(), toDoubles(states[1].m.values()), 1e-6, "m");
    expectClose(states[0].v.values(), toDoubles(states[1].v.values()), 1e-6, "v");
  }
}

// What comes out may be what went in elsewhere: every slot is read before one is written over it.
TEST(Traced, OutputsMayChangePlaces) {
  const auto o =
      makeOptimizer(object({{"optimizer", "traced"}, {"slots", 2}, {"outputs", integers({2, 3, 0})}, {"code", Value::Array{constant(1)}}}));
  for (const int64_t n : {5, 2500}) {
    Floats w = randomFloats(n, 1), g(w.size()), a = randomFloats(n, 2), b = randomFloats(n, 3);
    const Floats w0 = w, a0 = a, b0 = b;
    float* slots[2] = {a.data(), b.data()};
    o->begin(1, 1);
    o->update(w.data(), g.data(), slots, n);
    EXPECT_EQ(w, a0);
    EXPECT_EQ(a, b0);
    EXPECT_EQ(b, w0);
  }
}

TEST(Traced, OutputsMayHangOnTheStepAlone) {
  const auto o = makeOptimizer(
      object({{"optimizer", "traced"}, {"slots", 1}, {"outputs", integers({5, 4})}, {"code", Value::Array{line("multiply", {3, 4})}}}));
  Floats w(40, 7), g(40, 1), s(40, 9);
  float* slots[1] = {s.data()};
  o->begin(0.5, 6);
  o->update(w.data(), g.data(), slots, 40);
  EXPECT_EQ(w, Floats(40, 3));
  EXPECT_EQ(s, Floats(40, 6));
}

TEST(Traced, OptimizersThatCannotBeAreRefused) {
  const auto refused = [](int64_t slots, std::vector<int64_t> outputs, const char* says) {
    try {
      makeOptimizer(
          object({{"optimizer", "traced"}, {"slots", slots}, {"outputs", integers(outputs)}, {"code", Value::Array{constant(1)}}}));
      ADD_FAILURE() << "it was taken: " << says;
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "ERR_SPEC");
      EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << e.what();
    }
  };
  refused(9, {}, "0 to 8 slots. Received: 9");
  refused(-1, {}, "0 to 8 slots. Received: -1");
  refused(1, {0}, "puts out 2 values, the weight's first. Received: 1");
  refused(0, {5}, "register 5, which is not there");
  refused(0, {-1}, "register -1, which is not there");
}

// It learns as with the engine's own.
TEST(Traced, TrainsANetwork) {
  const auto weights = [](const Value& optimizer) {
    gemmfit::testing::Model m;
    m.slotsEach = 2;
    m.optimizer = {{"optimizer", optimizer.text("optimizer", "")}};
    for (const char* key : {"slots", "outputs", "code"})
      if (optimizer.has(key)) m.optimizer[key] = optimizer.at(key);
    m.labelWidth = 2;
    m.dense(30, 64);
    m.activation("tanh");
    m.dense(64, 2);
    m.build();
    const gemmfit::testing::Samples s(100, {30}, 2, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); });
    Feed feed(s.spec);
    for (int step = 0; step < 4; ++step) {
      RunRequest request = s.request(Mode::train, 1, 0.01f);
      request.call = step;
      Feed once(s.spec);
      m.network->run(once, request, nullptr);
    }
    return m.values();
  };
  expectClose(weights(adam()), toDoubles(weights(object({{"optimizer", "adam"}}))), 1e-4, "weights");
}

// min(max(w, -0.5), 1)
TEST(Traced, ConstraintsAreElementwise) {
  const Value code(Value::Array{constant(-0.5), constant(1), line("maximum", {0, 1}), line("minimum", {3, 2})});
  for (const int64_t n : {0, 1, 3000}) {
    const auto constraint = makeConstraint(object({{"constraint", "traced"}, {"code", code}}), {n});
    Guarded w;
    const Floats before = randomFloats(n, 4);
    w = before;
    constraint->apply(w.data());
    w.expectIntact("the weight");
    Doubles want;
    for (const float v : before) want.push_back(static_cast<double>(std::fmin(std::fmax(v, -0.5f), 1.0f)));
    expectClose(w.values(), want, 0, "w");
  }
}

// 0.1 w^2 + 0.2 |w| and 0.3 sqrt(1 + w^2), whose slope reads its value.
TEST(Traced, RegularizersHaveTheirSlopes) {
  const Value l1l2(Value::Array{line("square", {0}), constant(0.1), line("multiply", {1, 2}), line("abs", {0}), constant(0.2),
                                line("multiply", {4, 5}), line("add", {3, 6})});
  const Value root(Value::Array{line("square", {0}), constant(1), line("add", {1, 2}), line("sqrt", {3})});
  const Value flat(Value::Array{line("sign", {0})});
  for (const int64_t n : {0, 1, 3000}) {
    const Floats w = randomFloats(n, 4);
    const auto check = [&](const Value& code, const std::function<double(double)>& f, const std::function<double(double)>& slope) {
      const auto regularizer = makeRegularizer(object({{"regularizer", "traced"}, {"code", code}}), {n});
      EXPECT_TRUE(regularizer->elementwise());
      double sum = 0;
      Doubles want;
      for (const float v : w) {
        sum += f(static_cast<double>(v));
        want.push_back(1 + slope(static_cast<double>(v)));
      }
      EXPECT_NEAR(regularizer->value(w.data(), n), sum, 1e-6 * std::fmax(1, sum));
      Floats g(w.size(), 1);
      regularizer->addGradient(w.data(), g.data(), n);
      expectClose(g, want, 1e-6, "gradient");
    };
    check(
        l1l2, [](double v) { return 0.1 * v * v + 0.2 * std::fabs(v); },
        [](double v) {
          return 0.2 * v + (v > 0 ? 0.2 : v < 0 ? -0.2 : 0);
        });
    check(
        root, [](double v) { return std::sqrt(1 + v * v); }, [](double v) { return v / std::sqrt(1 + v * v); });
    check(
        flat, [](double v) { return v > 0 ? 1 : -1; }, [](double) { return 0; });
  }
}

}  // namespace
}  // namespace gemmfit::test
