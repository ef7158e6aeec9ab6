// Elementwise code: each instruction by itself against double precision, and whole programs of stretched and single values.
#include <gtest/gtest.h>

#include <map>

#include "native/engine/pool.h"
#include "native/test/every_target.h"
#include "native/test/gradients.h"
#include "native/test/several_harness.h"

namespace gemmfit::test {
namespace {

using Function = std::function<double(double, double, double)>;

Value line(const char* name, std::vector<int64_t> of, Value::Object more = {}) {
  more["do"] = name;
  more["of"] = integers(of);
  return Value(std::move(more));
}
Value constant(double value) { return object({{"do", "constant"}, {"value", value}}); }
Value program(Value::Array code) { return object({{"op", "elementwise"}, {"code", std::move(code)}}); }

// y of rows of values that are stretched, as plainly as it goes.
SeveralReference stretched(const std::vector<GivenValue>& values, const Shape& out, int64_t rows, const Function& f) {
  return [=](const std::vector<Doubles>& x) {
    const int64_t n = sizeOf(out);
    Doubles y;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t i = 0; i < n; ++i) {
        double at[3] = {};
        for (size_t k = 0; k < values.size(); ++k) {
          const Shape& s = values[k].shape;
          int64_t place = 0, rest = i, stride = 1;
          for (size_t a = 0; a < s.size(); ++a) {  // from the right
            const int64_t size = out[out.size() - 1 - a], own = s[s.size() - 1 - a];
            if (own != 1) place += rest % size * stride;
            rest /= size;
            stride *= own;
          }
          at[k] = x[k][static_cast<size_t>(place + (values[k].single ? 0 : r * stride))];
        }
        y.push_back(f(at[0], at[1], at[2]));
      }
    return y;
  };
}

struct Case {
  const char* name;
  int operands;
  Function f;
  float low = -2, high = 2;
  bool flat = false;  // no gradient flows
  Value::Object options = {};
  double tolerance = 2e-6;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double pythonMod(double a, double b) {
  const double r = std::fmod(a, b);
  return r != 0 && (b < 0) != (r < 0) ? r + b : r;
}
double inverseErf(double x) {
  double y = 0;
  for (int i = 0; i < 60; ++i) y -= (std::erf(y) - x) / (2 / std::sqrt(std::acos(-1.0)) * std::exp(-y * y));
  return y;
}

std::vector<Case> cases() {
#define ONE(name, expression, ...)                                                      \
  {                                                                                     \
    name, 1, [](double x, double, double) -> double { return expression; }, __VA_ARGS__ \
  }
#define TWO(name, expression, ...)                                                        \
  {                                                                                       \
    name, 2, [](double x, double y, double) -> double { return expression; }, __VA_ARGS__ \
  }
  return {
      ONE("copy", x, -2, 2),
      TWO("add", x + y, -2, 2),
      TWO("subtract", x - y, -2, 2),
      TWO("multiply", x * y, -2, 2),
      TWO("divide", x / y, 0.3f, 2),
      TWO("divideNoNan", x / y, 0.3f, 2),
      TWO("power", std::pow(x, y), 0.1f, 3),
      TWO("maximum", std::max(x, y), -2, 2),
      TWO("minimum", std::min(x, y), -2, 2),
      TWO("mod", pythonMod(x, y), 1.1f, 1.9f),
      TWO("floorDivide", std::floor(x / y), 0.3f, 2, true),
      TWO("arctan2", std::atan2(x, y), -2, 2),
      TWO("hypot", std::hypot(x, y), -2, 2),
      TWO("less", x < y, -2, 2, true),
      TWO("lessEqual", x <= y, -2, 2, true),
      TWO("greater", x > y, -2, 2, true),
      TWO("greaterEqual", x >= y, -2, 2, true),
      TWO("equal", x == y, -2, 2, true),
      TWO("notEqual", x != y, -2, 2, true),
      TWO("logicalAnd", x != 0 && y != 0, -2, 2, true),
      TWO("logicalOr", x != 0 || y != 0, -2, 2, true),
      TWO("logicalXor", (x != 0) != (y != 0), -2, 2, true),
      ONE("logicalNot", x == 0, -2, 2, true),
      ONE("isNan", std::isnan(x), -2, 2, true),
      ONE("isInf", std::isinf(x), -2, 2, true),
      ONE("isFinite", std::isfinite(x), -2, 2, true),
      ONE("negative", -x, -2, 2),
      ONE("abs", std::fabs(x), -2, 2),
      ONE("sign", std::isnan(x) ? x : (x > 0) - (x < 0), -2, 2, true),
      ONE("exp", std::exp(x), -3, 3),
      ONE("exp2", std::exp2(x), -9, 9),
      ONE("expm1", std::expm1(x), -3, 3),
      ONE("log", std::log(x), 0.1f, 9),
      ONE("log1p", std::log1p(x), -0.5f, 9),
      ONE("log2", std::log2(x), 0.1f, 9),
      ONE("log10", std::log10(x), 0.1f, 9),
      ONE("sqrt", std::sqrt(x), 0.1f, 9),
      ONE("rsqrt", 1 / std::sqrt(x), 0.1f, 9),
      ONE("square", x * x, -2, 2),
      ONE("reciprocal", 1 / x, 0.3f, 2),
      ONE("sin", std::sin(x), -9, 9),
      ONE("cos", std::cos(x), -9, 9),
      ONE("tan", std::tan(x), -1.2f, 1.2f),
      ONE("arcsin", std::asin(x), -0.9f, 0.9f),
      ONE("arccos", std::acos(x), -0.9f, 0.9f),
      ONE("arctan", std::atan(x), -5, 5),
      ONE("sinh", std::sinh(x), -4, 4),
      ONE("cosh", std::cosh(x), -4, 4),
      ONE("tanh", std::tanh(x), -4, 4),
      ONE("arcsinh", std::asinh(x), -5, 5),
      ONE("arccosh", std::acosh(x), 1.2f, 9),
      ONE("arctanh", std::atanh(x), -0.9f, 0.9f),
      ONE("erf", std::erf(x), -4, 4),
      ONE("erfinv", inverseErf(x), -0.95f, 0.95f),
      ONE("floor", std::floor(x), -9, 9, true),
      ONE("ceil", std::ceil(x), -9, 9, true),
      ONE("round", std::nearbyint(x), -9, 9, true),
      ONE("trunc", std::trunc(x), -9, 9, true),
      ONE("sigmoid", sigmoid(x), -4, 4),
      ONE("softplus", std::log1p(std::exp(x)), -4, 4),
      ONE("relu", std::max(x, 0.0), -2, 2),
      ONE("leakyRelu", x > 0 ? x : 0.3 * x, -2, 2, false, {{"negativeSlope", 0.3}}),
      ONE("gelu", x / 2 * std::erfc(-x / std::sqrt(2.0)), -4, 4),
      ONE("silu", x * sigmoid(x), -4, 4),
      {"where", 3, [](double x, double y, double z) { return x != 0 ? y : z; }, -2, 2},
  };
#undef ONE
#undef TWO
}

Value specOf(const Case& c) {
  std::vector<int64_t> of;
  for (int k = 0; k < c.operands; ++k) of.push_back(k);
  return program({line(c.name, of, c.options)});
}

std::vector<Floats> valuesFor(const std::vector<GivenValue>& given, int64_t rows, float low, float high) {
  std::vector<Floats> x;
  for (size_t k = 0; k < given.size(); ++k)
    x.push_back(randomFloats(sizeOf(given[k].shape) * (given[k].single ? 1 : rows), 20 + k, low, high));
  return x;
}

EVERY_TARGET_SUITE(ElementwiseTargets);

TEST_P(ElementwiseTargets, InstructionsComputeWhatTheySay) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    SeveralSetup setup;
    setup.spec = specOf(c);
    setup.rows = 3;
    setup.values.assign(static_cast<size_t>(c.operands), {{7, 3}});
    if (std::string(c.name) == "where") setup.values[0].wanted = false;
    std::vector<Floats> x = valuesFor(setup.values, setup.rows, c.low, c.high);
    const SeveralReference f = stretched(setup.values, {7, 3}, setup.rows, c.f);
    if (!c.flat) {
      checkSeveral(setup, x, f, {c.tolerance, 1e-4, 1e-5});
      continue;
    }
    for (size_t i = 0; i < x[0].size(); i += 4) x.back()[i] = x[0][i];  // ties
    for (size_t i = 1; i < x[0].size(); i += 5) x[0][i] = i % 2 == 0 ? kNaN : kInfinity;
    std::vector<Doubles> xs;
    for (const Floats& value : x) xs.push_back(toDoubles(value));
    SeveralRunner runner(setup);
    EXPECT_TRUE(runner.op->stopsGradient);
    expectClose(runner.forward(x), f(xs), c.tolerance, "y");
  }
}

// Numbers at which functions have limits, kinks or none at all, against the C library; slopes there as TensorFlow's.
TEST_P(ElementwiseTargets, LimitsAreThoseOfTheCLibrary) {
  const Floats odd{0.0f, -0.0f, 1, -1, 0.5f, 2, -2, 3, 1e-30f, 40, -40, 88.9f, -88.9f, 1e5f, -3e7f, 3e38f, kInfinity, -kInfinity, kNaN};
  const auto n = static_cast<int64_t>(odd.size());
  const std::map<std::string, float (*)(float)> one{
      {"exp", std::exp},         {"exp2", std::exp2},   {"expm1", std::expm1},   {"log", std::log},       {"log1p", std::log1p},
      {"log2", std::log2},       {"log10", std::log10}, {"sqrt", std::sqrt},     {"sin", std::sin},       {"cos", std::cos},
      {"tan", std::tan},         {"arcsin", std::asin}, {"arccos", std::acos},   {"arctan", std::atan},   {"sinh", std::sinh},
      {"cosh", std::cosh},       {"tanh", std::tanh},   {"erf", std::erf},       {"floor", std::floor},   {"ceil", std::ceil},
      {"round", std::nearbyint}, {"trunc", std::trunc}, {"arcsinh", std::asinh}, {"arccosh", std::acosh}, {"arctanh", std::atanh},
  };
  for (const auto& [name, f] : one) {
    SCOPED_TRACE(name);
    SeveralSetup setup;
    setup.spec = program({line(name.c_str(), {0})});
    setup.rows = 1;
    setup.values = {{{n}}};
    Doubles want;
    for (const float x : odd) want.push_back(static_cast<double>(f(x)));
    expectClose(SeveralRunner(setup).forward({odd}), want, 3e-6, "y");
  }
  const std::map<std::string, float (*)(float, float)> two{{"power", std::pow}, {"arctan2", std::atan2}, {"hypot", std::hypot}};
  for (const auto& [name, f] : two) {
    SCOPED_TRACE(name);
    SeveralSetup setup;
    setup.spec = program({line(name.c_str(), {0, 1})});
    setup.rows = 1;
    setup.values = {{{n, 1}}, {{n}}};
    Doubles want;
    for (const float x : odd)
      for (const float y : odd) want.push_back(static_cast<double>(f(x, y)));
    expectClose(SeveralRunner(setup).forward({odd, odd}), want, 3e-6, "y");
  }
}

// One number in, and its slope.
std::vector<double> slopesAt(const char* name, const std::vector<float>& at) {
  SeveralSetup setup;
  std::vector<int64_t> of;
  std::vector<Floats> x;
  for (size_t k = 0; k < at.size(); ++k) {
    of.push_back(static_cast<int64_t>(k));
    setup.values.push_back({{1}});
    x.push_back({at[k]});
  }
  setup.spec = program({line(name, of)});
  setup.rows = 1;
  SeveralRunner runner(setup);
  runner.forward(x);
  std::vector<double> slopes;
  for (const Floats& g : runner.backward({1})) slopes.push_back(static_cast<double>(g[0]));
  return slopes;
}

// As TensorFlow 2.21 has them, but for x^0 at 0, where it has NaN.
TEST(Elementwise, SlopesAtKinks) {
  using List = std::vector<double>;
  EXPECT_EQ(slopesAt("maximum", {1, 1}), (List{1, 0}));
  EXPECT_EQ(slopesAt("minimum", {1, 1}), (List{1, 0}));
  EXPECT_EQ(slopesAt("maximum", {kNaN, 1}), (List{0, 1}));
  EXPECT_EQ(slopesAt("abs", {0}), List{0});
  EXPECT_EQ(slopesAt("abs", {-1}), List{-1});
  EXPECT_EQ(slopesAt("sqrt", {0}), List{kInfinity});
  EXPECT_EQ(slopesAt("rsqrt", {0}), List{-kInfinity});
  EXPECT_EQ(slopesAt("rsqrt", {kInfinity}), List{0});
  EXPECT_EQ(slopesAt("relu", {0}), List{0});
  EXPECT_EQ(slopesAt("power", {0, 0}), (List{0, 0}));
  EXPECT_EQ(slopesAt("power", {0, 1}), (List{1, 0}));
  EXPECT_EQ(slopesAt("power", {0, 2}), (List{0, 0}));
  EXPECT_EQ(slopesAt("power", {-2, 2}), (List{-4, 0}));
  EXPECT_EQ(slopesAt("mod", {-5, 3}), (List{1, 2}));
  EXPECT_EQ(slopesAt("mod", {5, -3}), (List{1, 2}));
  EXPECT_EQ(slopesAt("divide", {-1, 2}), (List{0.5, 0.25}));
  EXPECT_EQ(slopesAt("divideNoNan", {1, 0}), (List{0, 0}));
  EXPECT_EQ(slopesAt("hypot", {0, 0}), (List{0, 0}));
  EXPECT_EQ(slopesAt("erfinv", {1}), List{kInfinity});
  EXPECT_EQ(slopesAt("where", {0, kNaN, 2}), (List{0, 0, 1}));
}

struct Shapes {
  std::vector<GivenValue> values;
  Shape out;
};

// x0 * tanh(x1) + x1 / (2 + x2^2), each of them read more than once.
Value mixture() {
  return program({line("tanh", {1}), line("multiply", {0, 3}), line("square", {2}), constant(2), line("add", {5, 6}),
                  line("divide", {1, 7}), line("add", {4, 8})});
}
double mixtureOf(double a, double b, double c) { return a * std::tanh(b) + b / (2 + c * c); }

TEST(Elementwise, StretchesAsNumPyDoes) {
  const std::vector<Shapes> all{
      {{{{5, 3}}, {{5, 3}}, {{5, 3}}}, {5, 3}},
      {{{{5, 3}}, {{3}}, {{5, 1}}}, {5, 3}},
      {{{{5, 1}}, {{1, 3}}, {{1}}}, {5, 3}},
      {{{{2, 1, 4}}, {{3, 1}}, {{2, 3, 1}}}, {2, 3, 4}},
      {{{{1, 3, 1, 2}}, {{2, 1, 3, 1}}, {{}}}, {2, 3, 3, 2}},
      {{{{700}}, {{1}}, {{700}}}, {700}},
      {{{{2, 600}}, {{2, 1}}, {{600}}}, {2, 600}},
      {{{{}}, {{}}, {{}}}, {}},
  };
  for (const Shapes& shapes : all)
    for (const int singles : {0, 1, 2, 3, 4, 5, 6, 7}) {
      SeveralSetup setup;
      setup.spec = mixture();
      setup.values = shapes.values;
      std::string trace = "singles " + std::to_string(singles);
      for (size_t k = 0; k < 3; ++k) {
        setup.values[k].single = singles >> k & 1;
        trace += " " + toString(setup.values[k].shape);
      }
      SCOPED_TRACE(trace);
      setup.rows = singles == 7 ? 1 : sizeOf(shapes.out) > 500 ? 2 : 5;
      setup.batch = setup.rows + 2;
      const std::vector<Floats> x = valuesFor(setup.values, setup.rows, -2, 2);
      checkSeveral(setup, x, stretched(setup.values, shapes.out, setup.rows, mixtureOf), {2e-6, 1e-4, 1e-4});
    }
}

// Where backward reads neither input, y takes the first one's place.
TEST(Elementwise, WorksInPlaceWhereItCan) {
  const auto places = [](Value::Array code, bool single, bool wanted) {
    SeveralSetup setup;
    setup.spec = program(std::move(code));
    setup.values = {{{4}, false, wanted}, {{4}, single}};
    return SeveralRunner(setup).op->inPlace;
  };
  EXPECT_TRUE(places({line("add", {0, 1}), line("sigmoid", {2})}, false, true));
  EXPECT_TRUE(places({line("add", {0, 1}), line("relu", {2})}, true, true));
  EXPECT_FALSE(places({line("multiply", {0, 1})}, false, true));
  EXPECT_FALSE(places({line("sin", {0}), line("add", {2, 1})}, false, true));
  EXPECT_TRUE(places({line("sin", {0}), line("add", {2, 1})}, false, false));
}

// A program of more values at a time than fit the cache takes smaller blocks; one of far too many is refused.
TEST(Elementwise, ProgramsMayBeLong) {
  const auto chain = [](int64_t length) {
    Value::Array code;
    for (int64_t i = 0; i < length; ++i) code.push_back(line("sin", {i}));
    for (int64_t i = 0; i < length; ++i) code.push_back(line("add", {i, i == 0 ? length : length + i}));
    return program(std::move(code));
  };
  for (const int64_t length : {int64_t{1}, int64_t{30}, int64_t{150}}) {
    SeveralSetup setup;
    setup.spec = chain(length);
    setup.values = {{{333}}};
    setup.rows = 1;
    const std::vector<Floats> x = valuesFor(setup.values, 1, -1, 1);
    const SeveralReference f = [length](const std::vector<Doubles>& xs) {
      Doubles out;
      for (double v : xs[0]) {
        Doubles all{v};
        for (int64_t i = 0; i < length; ++i) all.push_back(std::sin(all.back()));
        double sum = all.back();
        for (int64_t i = 0; i < length; ++i) sum += all[static_cast<size_t>(i)];
        out.push_back(sum);
      }
      return out;
    };
    SeveralRunner runner(setup);
    expectClose(runner.forward(x), f({toDoubles(x[0])}), 1e-5, "y");
    EXPECT_FALSE(std::isnan(runner.backward(Floats(333, 1))[0][0]));
  }
  SeveralSetup setup;
  setup.spec = chain(2000);
  setup.values = {{{3}}};
  try {
    SeveralRunner runner(setup);
    ADD_FAILURE() << "it was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "ERR_SPEC");
    EXPECT_NE(std::string(e.what()).find("in two parts"), std::string::npos) << e.what();
  }
}

TEST(Elementwise, RefusesWhatCannotBe) {
  const auto refused = [](Value spec, std::vector<GivenValue> values, const char* code, const char* says) {
    try {
      SeveralSetup setup;
      setup.spec = std::move(spec);
      setup.values = std::move(values);
      SeveralRunner runner(setup);
      ADD_FAILURE() << "it was taken: " << says;
    } catch (const Error& e) {
      EXPECT_EQ(e.code, code) << e.what();
      EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << e.what();
    }
  };
  refused(program({}), {{{3}}}, "ERR_SPEC", "no line");
  refused(program({line("nothing", {0})}), {{{3}}}, "ERR_SPEC", "'nothing'");
  refused(program({line("add", {0})}), {{{3}}}, "ERR_SPEC", "of 2 registers. Received: 1");
  refused(program({line("add", {0, 1})}), {{{3}}}, "ERR_SPEC", "register 1, and there are 1");
  refused(program({line("add", {0, -1})}), {{{3}}}, "ERR_SPEC", "register -1");
  refused(program({line("add", {0, 1})}), {{{3}}, {{2}}}, "ERR_SHAPE", "do not fit together");
  refused(program({line("add", {0, 1})}), {{{1 << 20, 1}}, {{1, 1 << 20}}}, "ERR_MEMORY", "");
}

// Over chunks of rows on several threads: gradients of a weight that all rows read, and of one for each place.
TEST(Elementwise, HasTheSameBitsOnAnyThreads) {
  const int before = Pool::instance().threads();
  std::vector<std::vector<float>> all;
  for (const int threads : {1, 2}) {
    Pool::instance().setThreads(threads);
    gemmfit::testing::Model m;
    m.labelWidth = 2;
    m.dense(30, 64);
    const int value = m.last();
    const auto source = [&](const Shape& shape) { return m.source({{"op", "weight"}, {"weights", Value::Array{m.weight(shape, 0.7)}}}); };
    const int a = source({64}), b = source({1});
    m.add({{"op", "elementwise"}, {"code", mixture().items("code")}}, {value, a, b});
    m.dense(64, 2);
    m.build();
    const gemmfit::testing::Samples s(700, {30}, 2, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); });
    Feed feed(s.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<gemmfit::testing::PoolRun>(m.network, feed, s.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    all.push_back(m.values());
  }
  Pool::instance().setThreads(before);
  EXPECT_EQ(all[0], all[1]);
}

// In a network: a gradient that others write too, and whole against parts of a batch.
TEST(Elementwise, TrainsInANetwork) {
  gemmfit::testing::Model m;
  m.labelWidth = 2;
  m.dense(5, 4);
  const int value = m.last();
  const int w = m.source({{"op", "weight"}, {"weights", Value::Array{m.weight({4}, 0.7)}}});
  const int first = m.add({{"op", "elementwise"}, {"code", mixture().items("code")}}, {value, w, value});
  const int second = m.add({{"op", "elementwise"}, {"code", Value::Array{line("add", {0, 1}), line("sigmoid", {2})}}}, {first, value});
  m.add({{"op", "elementwise"}, {"code", Value::Array{line("multiply", {0, 1})}}}, {second, w});
  m.dense(4, 2);
  m.build();
  gemmfit::testing::checkGradients(
      m, gemmfit::testing::Samples(6, {5}, 2, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }));
}

}  // namespace
}  // namespace gemmfit::test
