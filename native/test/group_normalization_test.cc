#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

// Which set each element of a sample belongs to, and its place in a weight: by the position along each axis.
using Key = std::function<int64_t(const std::vector<int64_t>& position)>;

std::vector<int64_t> keys(const Shape& shape, const Key& key) {
  std::vector<int64_t> out;
  for (int64_t e = 0; e < sizeOf(shape); ++e) {
    std::vector<int64_t> p(shape.size());
    int64_t rest = e;
    for (size_t a = shape.size(); a-- > 0; rest /= shape[a]) p[a] = rest % shape[a];
    out.push_back(key(p));
  }
  return out;
}

// f(values of a set) gives what each is to be; then the weights.
Doubles bySets(const Shape& in, const Doubles& x, const std::vector<int64_t>& set, const std::function<Doubles(const Doubles&)>& f) {
  Doubles y(x.size());
  const size_t n = static_cast<size_t>(sizeOf(in));
  for (size_t row = 0; row < x.size() / n; ++row)
    for (int64_t s = 0; s <= *std::max_element(set.begin(), set.end()); ++s) {
      Doubles values;
      for (size_t i = 0; i < n; ++i)
        if (set[i] == s) values.push_back(x[row * n + i]);
      values = f(values);
      size_t k = 0;
      for (size_t i = 0; i < n; ++i)
        if (set[i] == s) y[row * n + i] = values[k++];
    }
  return y;
}

Doubles standardized(const Doubles& v, double epsilon) {
  double mean = 0, variance = 0;
  for (const double e : v) mean += e / static_cast<double>(v.size());
  for (const double e : v) variance += (e - mean) * (e - mean) / static_cast<double>(v.size());
  Doubles out;
  for (const double e : v) out.push_back((e - mean) / std::sqrt(variance + epsilon));
  return out;
}

Doubles scaled(const Doubles& v, double epsilon, bool unit) {
  double sum = 0;
  for (const double e : v) sum += e * e;
  const double by = unit ? std::sqrt(std::max(sum, 1e-12)) : std::sqrt(sum / static_cast<double>(v.size()) + epsilon);
  Doubles out;
  for (const double e : v) out.push_back(e / by);
  return out;
}

struct Groups {
  Shape in;
  int64_t axis, groups;
  bool scale = true, center = true, dx = true;

  size_t at() const { return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(in.size()) : axis - 1); }
  OpSetup setup() const {
    const Value::Object spec{{"op", "groupNormalization"}, {"axis", axis}, {"groups", groups}, {"scale", scale}, {"center", center}};
    OpSetup setup{object(spec), in, 4};
    setup.weights.assign((scale ? 1u : 0u) + (center ? 1u : 0u), {in[at()]});
    setup.needsInputGradient = dx;
    return setup;
  }
  Reference reference() const {
    const int64_t each = in[at()] / groups;
    const auto set = keys(in, [&](const auto& p) { return p[at()] / each; });
    const auto channel = keys(in, [&](const auto& p) { return p[at()]; });
    return [=, g = *this](const Doubles& x, const std::vector<Doubles>& w) {
      Doubles y = bySets(g.in, x, set, [](const Doubles& v) { return standardized(v, 1e-3); });
      for (size_t i = 0; i < y.size(); ++i) {
        const auto c = static_cast<size_t>(channel[i % channel.size()]);
        if (g.scale) y[i] *= w[0][c];
        if (g.center) y[i] += w.back()[c];
      }
      return y;
    };
  }
};

void checkGroups(const Groups& g) {
  SCOPED_TRACE(toString(g.in) + " axis " + std::to_string(g.axis) + " groups " + std::to_string(g.groups));
  checkOp(g.setup(), randomFloats(4 * sizeOf(g.in), 3), g.reference());
}

TEST(GroupNormalization, Groups) {
  checkGroups({{3, 2, 6}, -1, 3});
  checkGroups({{3, 2, 6}, 3, 1});
  checkGroups({{6}, -1, 2});
  checkGroups({{4, 3, 2}, 1, 2});
  checkGroups({{2, 6, 3}, 2, 3, true, false});
  checkGroups({{5, 4}, -1, 4, false, true});
  checkGroups({{5, 4}, -1, 2, false, false});
  checkGroups({{3, 4}, -1, 2, true, true, false});
}

// Too large for a difference quotient of each element: along some random directions.
TEST(GroupNormalization, MoreChannelsThanABlock) {
  for (const int64_t groups : {2, 150}) {
    const Groups g{{1, 600}, -1, groups};
    const Reference reference = g.reference();
    OpRunner runner(g.setup());
    const Floats x = randomFloats(2400, 3), c = randomFloats(2400, 4);
    std::vector<Doubles> at{toDoubles(x)}, got;
    for (const VariablePtr& w : runner.weights) at.emplace_back(w->data(), w->data() + w->size);
    expectClose(runner.forward(x), reference(at[0], {at[1], at[2]}), 1e-5, "y");
    got.push_back(toDoubles(runner.backward(c)));
    for (const Floats& w : runner.gradients) got.push_back(toDoubles(w));
    for (uint64_t seed = 0; seed < 9; ++seed) {
      std::vector<Doubles> moved = at;
      const size_t which = seed % 3;
      const Doubles direction = toDoubles(randomFloats(static_cast<int64_t>(at[which].size()), 10 + seed));
      double difference = 0, slope = 0;
      for (const double h : {1e-5, -1e-5}) {
        for (size_t i = 0; i < direction.size(); ++i) moved[which][i] = at[which][i] + h * direction[i];
        const Doubles y = reference(moved[0], {moved[1], moved[2]});
        for (size_t i = 0; i < y.size(); ++i) difference += c[i] * y[i] / (2 * h);
      }
      for (size_t i = 0; i < direction.size(); ++i) slope += direction[i] * got[which][i];
      EXPECT_NEAR(slope, difference, 1e-4 * std::max(1.0, std::abs(difference)));
    }
  }
}

TEST(GroupNormalization, InUse) {
  OpSetup setup{object({{"op", "groupNormalization"}, {"groups", 2}, {"scale", false}, {"center", false}}), {3, 4}, 5};
  setup.training = false;
  const auto set = keys({3, 4}, [](const auto& p) { return p[1] / 2; });
  const Floats x = randomFloats(60, 9, 100, 101);
  expectClose(OpRunner(setup).forward(x), bySets({3, 4}, toDoubles(x), set, [](const Doubles& v) { return standardized(v, 1e-3); }), 3e-5,
              "y");
}

void checkScaled(const Shape& in, const std::vector<int64_t>& axis, bool unit) {
  SCOPED_TRACE(toString(in) + (unit ? " unit" : " rms"));
  std::vector<bool> within(in.size());
  for (const int64_t a : axis) within[static_cast<size_t>(a < 0 ? a + static_cast<int64_t>(in.size()) : a - 1)] = true;
  const auto place = [&](bool which) {
    return keys(in, [&](const auto& p) {
      int64_t k = 0;
      for (size_t a = 0; a < in.size(); ++a)
        if (within[a] == which) k = k * in[a] + p[a];
      return k;
    });
  };
  const auto set = place(false), weight = place(true);
  OpSetup setup{object({{"op", unit ? "unitNormalization" : "rmsNormalization"}, {"axis", integers(axis)}, {"epsilon", 1e-3}}), in, 4};
  if (!unit) setup.weights = {{*std::max_element(weight.begin(), weight.end()) + 1}};
  checkOp(setup, randomFloats(4 * sizeOf(in), 3), [&](const Doubles& x, const std::vector<Doubles>& w) {
    Doubles y = bySets(in, x, set, [&](const Doubles& v) { return scaled(v, 1e-3, unit); });
    if (!unit)
      for (size_t i = 0; i < y.size(); ++i) y[i] *= w[0][static_cast<size_t>(weight[i % weight.size()])];
    return y;
  });
}

TEST(RmsNormalization, Axes) {
  for (const bool unit : {false, true}) {
    checkScaled({5}, {-1}, unit);
    checkScaled({3, 4}, {-1}, unit);
    checkScaled({3, 4}, {1}, unit);
    checkScaled({3, 4, 2}, {2, 3}, unit);
    checkScaled({3, 4, 2}, {1, 3}, unit);
    checkScaled({3, 4, 2}, {1, 2, 3}, unit);
    checkScaled({2, 300}, {2}, unit);
  }
}

TEST(UnitNormalization, ShortVectorsAreDividedByTheBound) {
  OpSetup setup{object({{"op", "unitNormalization"}}), {2}, 2};
  OpRunner runner(setup);
  expectClose(runner.forward({0, 0, 1e-7f, 0}), {0, 0, 0.1, 0}, 1e-6, "y");
  expectClose(runner.backward({1, 2, 3, 4}), {1e6, 2e6, 3e6, 4e6}, 1e-6, "dx");
}

TEST(Normalizations, ImpossibleSpecs) {
  const auto refused = [](Value::Object spec, const Shape& in, const std::vector<Shape>& weights) {
    OpSetup setup{object(std::move(spec)), in};
    setup.weights = weights;
    expectRefused(setup);
  };
  refused({{"op", "groupNormalization"}, {"groups", 3}}, {4}, {{4}, {4}});
  refused({{"op", "groupNormalization"}, {"groups", 0}}, {4}, {{4}, {4}});
  refused({{"op", "groupNormalization"}, {"groups", 2}, {"axis", 2}}, {4}, {{4}, {4}});
  refused({{"op", "groupNormalization"}, {"groups", 2}}, {4}, {{4}});
  refused({{"op", "groupNormalization"}, {"groups", 2}}, {4}, {{4}, {2}});
  refused({{"op", "rmsNormalization"}}, {4}, {});
  refused({{"op", "rmsNormalization"}, {"axis", integers({0})}}, {4}, {{4}});
  refused({{"op", "unitNormalization"}, {"axis", integers({1, 1})}}, {4}, {});
  refused({{"op", "unitNormalization"}}, {}, {});
}

}  // namespace
}  // namespace gemmfit::test
