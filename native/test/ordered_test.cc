// What numbers along an axis come to, where the largest stands, and their order.
#include <cmath>
#include <map>
#include <numeric>

#include "native/test/inputs_harness.h"

namespace gemmfit::test {
namespace {

// f of each line along the axis, in place.
using Line = std::function<void(Doubles& line)>;
InputsReference along(const Shape& shape, size_t axis, const Line& f) {
  return [=](const std::vector<Doubles>& inputs, int64_t rows) {
    Doubles y = inputs[0];
    int64_t inner = 1;
    for (size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
    const int64_t length = shape[axis];
    for (int64_t at = 0; at < rows * sizeOf(shape); ++at) {
      if (at / inner % length != 0) continue;
      Doubles line;
      for (int64_t i = 0; i < length; ++i) line.push_back(y[asSize(at + i * inner)]);
      f(line);
      for (int64_t i = 0; i < length; ++i) y[asSize(at + i * inner)] = line[asSize(i)];
    }
    return y;
  };
}

double joined(const std::string& kind, double a, double b) {
  return kind == "sum" ? a + b : kind == "prod" ? a * b : kind == "max" ? std::fmax(a, b) : std::fmin(a, b);
}

TEST(Ordered, CumulatesAlongAnyAxis) {
  const std::map<std::string, double> starts{{"sum", 0}, {"prod", 1}, {"max", -HUGE_VAL}, {"min", HUGE_VAL}};
  const Shape shape{3, 5, 2};
  for (const auto& [kind, start] : starts)
    for (const size_t axis : {0, 1, 2})
      for (const bool reverse : {false, true})
        for (const bool exclusive : {false, true})
          for (const bool single : {false, true}) {
            SCOPED_TRACE(kind + " " + std::to_string(axis) + (reverse ? " reverse" : "") + (exclusive ? " exclusive" : ""));
            InputsSetup setup;
            setup.spec = object(
                {{"op", "cumulate"}, {"kind", kind}, {"axis", static_cast<int64_t>(axis)}, {"reverse", reverse}, {"exclusive", exclusive}});
            setup.inputs = {{shape, single}};
            const InputsReference reference = along(shape, axis, [=, kind = kind, start = start](Doubles& line) {
              if (reverse) std::reverse(line.begin(), line.end());
              double is = start;
              for (double& v : line) {
                const double next = joined(kind, is, v);
                v = exclusive ? is : next;
                is = next;
              }
              if (reverse) std::reverse(line.begin(), line.end());
            });
            if (!exclusive || std::isfinite(start)) {
              checkInputs(setup, reference);
              continue;
            }
            InputsRunner runner(setup, {});  // the first ones are infinite: they have no differences
            const std::vector<Floats> x = valuesOf(setup, runner.rows);
            expectClose(runner.forward(x), reference({toDoubles(x[0])}, runner.rows), 0, "y");
          }
}

// One row of four: y, then dx for dy = 1, 2, 3, 4.
std::pair<Floats, Floats> once(Value::Object spec, const Floats& x) {
  InputsSetup setup;
  setup.spec = Value(std::move(spec));
  setup.inputs = {{{static_cast<int64_t>(x.size())}}};
  setup.rows = 1;
  InputsRunner runner(setup, {});
  const Floats y = runner.forward({x});
  if (runner.op->stopsGradient) return {y, {}};
  return {y, runner.backward({1, 2, 3, 4})[0]};
}

TEST(Ordered, ProductsHaveTheirSlopesAtZero) {
  EXPECT_EQ(once({{"op", "cumulate"}, {"kind", "prod"}, {"axis", 0}}, {2, 0, 3, 5}).second, (Floats{1, 2 * (2 + 3 * 3 + 4 * 15), 0, 0}));
  EXPECT_EQ(once({{"op", "cumulate"}, {"kind", "prod"}, {"axis", 0}}, {0, 0, 3, 5}).second, (Floats{1, 0, 0, 0}));
}

TEST(Ordered, PeaksGiveTheirGradientToTheFirst) {
  EXPECT_EQ(once({{"op", "cumulate"}, {"kind", "max"}, {"axis", 0}}, {1, 3, 3, 2}).second, (Floats{1, 9, 0, 0}));
  EXPECT_EQ(once({{"op", "cumulate"}, {"kind", "min"}, {"axis", 0}, {"exclusive", true}}, {1, 3, 0, 2}).second, (Floats{5, 0, 4, 0}));
  const Floats y = once({{"op", "cumulate"}, {"kind", "max"}, {"axis", 0}}, {1, kNaN, 3, 2}).first;
  EXPECT_EQ(y[0], 1);
  for (size_t i = 1; i < 4; ++i) EXPECT_TRUE(std::isnan(y[i]));
}

TEST(Ordered, FindsTheFirstPeak) {
  for (const bool least : {false, true})
    for (const bool keepDims : {false, true})
      for (const size_t axis : {0, 1, 2}) {
        const Shape shape{3, 5, 2};
        InputsSetup setup;
        setup.spec = object(
            {{"op", "argReduce"}, {"kind", least ? "argmin" : "argmax"}, {"axis", static_cast<int64_t>(axis)}, {"keepDims", keepDims}});
        Floats x = randomFloats(5 * 30, 30);
        for (float& v : x) v = std::round(v);  // with ties
        setup.inputs = {{shape, false, x}};
        checkInputs(setup, [&](const std::vector<Doubles>& inputs, int64_t rows) {
          const InputsReference all = along(shape, axis, [least](Doubles& line) {
            const auto at = least ? std::min_element(line.begin(), line.end()) : std::max_element(line.begin(), line.end());
            line.assign(line.size(), static_cast<double>(at - line.begin()));
          });
          const Doubles wide = all(inputs, rows);
          Doubles y;
          int64_t inner = 1;
          for (size_t i = axis + 1; i < 3; ++i) inner *= shape[i];
          for (size_t at = 0; at < wide.size(); ++at)
            if (static_cast<int64_t>(at) / inner % shape[axis] == 0) y.push_back(wide[at]);
          return y;
        });
        InputsRunner runner(setup, {});
        EXPECT_EQ(runner.op->out.size(), keepDims ? 3u : 2u);
        EXPECT_TRUE(runner.op->stopsGradient);
      }
  EXPECT_EQ(once({{"op", "argReduce"}, {"kind", "argmax"}, {"axis", 0}}, {kNaN, 1, kNaN, 3}).first, Floats{3});
  EXPECT_EQ(once({{"op", "argReduce"}, {"kind", "argmin"}, {"axis", 0}}, {kNaN, kNaN, kNaN, kNaN}).first, Floats{0});
}

TEST(Ordered, SortsAndTellsTheOrder) {
  const Shape shape{3, 7, 2};
  for (const size_t axis : {0, 1, 2})
    for (const bool descending : {false, true})
      for (const bool indices : {false, true}) {
        InputsSetup setup;
        setup.spec = object({{"op", "sort"}, {"axis", static_cast<int64_t>(axis)}, {"descending", descending}, {"indices", indices}});
        Floats x = randomFloats(5 * 42, 31);
        if (indices)
          for (float& v : x) v = std::round(v);  // with ties
        setup.inputs = {{shape, false, x}};
        checkInputs(setup, along(shape, axis, [=](Doubles& line) {
                      std::vector<size_t> order(line.size());
                      std::iota(order.begin(), order.end(), size_t{0});
                      std::stable_sort(order.begin(), order.end(),
                                       [&](size_t a, size_t b) { return descending ? line[a] > line[b] : line[a] < line[b]; });
                      const Doubles before = line;
                      for (size_t i = 0; i < line.size(); ++i) line[i] = indices ? static_cast<double>(order[i]) : before[order[i]];
                    }));
      }
  EXPECT_EQ(once({{"op", "sort"}, {"axis", 0}, {"indices", true}}, {kNaN, 1, kNaN, -kInfinity}).first, (Floats{3, 1, 0, 2}));
  EXPECT_EQ(once({{"op", "sort"}, {"axis", 0}, {"indices", true}, {"descending", true}}, {kNaN, 1, 1, kInfinity}).first,
            (Floats{3, 1, 2, 0}));
}

TEST(Ordered, RefusesWhatCannotBe) {
  const auto refused = [](Value::Object spec, Shape shape, const char* code, const char* says) {
    InputsSetup setup;
    setup.spec = Value(std::move(spec));
    setup.inputs = {{std::move(shape)}};
    expectInputsRefused(setup, code, says);
  };
  for (const char* op : {"cumulate", "argReduce", "sort"})
    for (const int64_t axis : {-1, 1})
      refused({{"op", op}, {"kind", op[0] == 'c' ? "sum" : "argmax"}, {"axis", axis}}, {3}, "ERR_SPEC", "have no axis");
  refused({{"op", "cumulate"}, {"kind", "mean"}, {"axis", 0}}, {3}, "ERR_SPEC", "Received: 'mean'");
  refused({{"op", "argReduce"}, {"kind", "max"}, {"axis", 0}}, {3}, "ERR_SPEC", "Received: 'max'");
  refused({{"op", "argReduce"}, {"kind", "argmax"}, {"axis", 1}}, {3, 0}, "ERR_SHAPE", "without numbers");
  refused({{"op", "sort"}, {"axis", 0}}, {(1 << 24) + 1}, "ERR_SPEC", "2^24 numbers");
}

}  // namespace
}  // namespace gemmfit::test
