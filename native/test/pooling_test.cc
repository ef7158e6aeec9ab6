#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

// A sample as [planes, d, h, w, inner], windows found by asking of every cell whether it lies in one.
struct Case {
  std::string kind;
  std::vector<int64_t> spatial, size, strides, outputs;
  std::string padding = "valid";
  int64_t channels = 3;
  bool channelsFirst = false, global = false, keepdims = false;

  Shape in() const {
    Shape s = spatial;
    s.insert(channelsFirst ? s.begin() : s.end(), channels);
    return s;
  }
  Value spec() const {
    Value::Object o{{"op", "pooling"}, {"kind", kind}, {"rank", static_cast<int64_t>(spatial.size())}, {"channelsFirst", channelsFirst}};
    if (global) o["global"] = true, o["keepdims"] = keepdims;
    if (!outputs.empty()) o["outputs"] = integers(outputs);
    if (!size.empty()) o["size"] = integers(size), o["strides"] = integers(strides), o["padding"] = padding;
    return object(std::move(o));
  }
  std::vector<int64_t> outSizes() const {
    std::vector<int64_t> out;
    for (size_t a = 0; a < spatial.size(); ++a)
      out.push_back(global              ? 1
                    : !outputs.empty()  ? outputs[a]
                    : padding == "same" ? (spatial[a] + strides[a] - 1) / strides[a]
                                        : (spatial[a] - size[a] + strides[a]) / strides[a]);
    return out;
  }
  bool inside(size_t a, int64_t window, int64_t cell) const {
    if (global) return true;
    if (!outputs.empty()) {
      const double share = static_cast<double>(spatial[a]) / static_cast<double>(outputs[a]);
      return cell >= std::floor(static_cast<double>(window) * share + 1e-9) &&
             cell < std::ceil(static_cast<double>(window + 1) * share - 1e-9);
    }
    const int64_t all = std::max<int64_t>(0, (outSizes()[a] - 1) * strides[a] + size[a] - spatial[a]);
    const int64_t first = window * strides[a] - (padding == "same" ? all / 2 : 0);
    return cell >= first && cell < first + size[a];
  }
};

std::vector<std::vector<int64_t>> positions(const std::vector<int64_t>& sizes) {
  std::vector<std::vector<int64_t>> all{{}};
  for (const int64_t n : sizes) {
    std::vector<std::vector<int64_t>> next;
    for (const auto& p : all)
      for (int64_t i = 0; i < n; ++i) {
        next.push_back(p);
        next.back().push_back(i);
      }
    all = std::move(next);
  }
  return all;
}

struct Results {
  Doubles y, dx;
};

// y, and dx for this dy.
Results reference(const Case& c, const Floats& x, const Floats& dy) {
  const auto cells = positions(c.spatial), windows = positions(c.outSizes());
  const auto channels = static_cast<size_t>(c.channels);
  const size_t sample = cells.size() * channels, outputs = windows.size() * channels, rows = x.size() / sample;
  const auto at = [&](size_t n, size_t position, size_t channel) {
    return c.channelsFirst ? channel * n + position : position * channels + channel;
  };
  Results out{Doubles(rows * outputs), Doubles(x.size())};
  for (size_t w = 0; w < windows.size(); ++w) {
    std::vector<size_t> inside;
    for (size_t i = 0; i < cells.size(); ++i) {
      bool in = true;
      for (size_t a = 0; a < c.spatial.size(); ++a) in = in && c.inside(a, windows[w][a], cells[i][a]);
      if (in) inside.push_back(i);
    }
    for (size_t r = 0; r < rows; ++r)
      for (size_t k = 0; k < channels; ++k) {
        const size_t to = r * outputs + at(windows.size(), w, k);
        double sum = 0;
        size_t most = 0;
        for (const size_t i : inside) {
          const size_t from = r * sample + at(cells.size(), i, k);
          sum += x[from];
          if (i == inside[0] || x[from] > x[most]) most = from;
          if (c.kind == "average") out.dx[from] += static_cast<double>(dy[to]) / static_cast<double>(inside.size());
        }
        // Equal maxima share the gradient of a whole image; of a window the first has it.
        std::vector<size_t> largest;
        for (const size_t i : inside)
          if (x[r * sample + at(cells.size(), i, k)] == x[most] && (c.global || largest.empty()))
            largest.push_back(r * sample + at(cells.size(), i, k));
        for (const size_t from : largest)
          if (c.kind == "max") out.dx[from] += static_cast<double>(dy[to]) / static_cast<double>(largest.size());
        out.y[to] = c.kind == "max" ? x[most] : sum / static_cast<double>(inside.size());
      }
  }
  return out;
}

void check(const Case& c, int64_t rows = 5) {
  SCOPED_TRACE(c.kind + toString(c.in()) + toString(c.size) + toString(c.strides) + c.padding + (c.channelsFirst ? " first" : ""));
  OpRunner runner({c.spec(), c.in(), rows});
  // Few values, so that maxima are equal now and then.
  Floats x = randomFloats(rows * sizeOf(c.in()), 3);
  for (float& v : x) v = std::round(v * 8) / 8;
  const Floats dy = randomFloats(rows * sizeOf(runner.op->out), 4);
  const Results want = reference(c, x, dy);
  expectClose(runner.forward(x), want.y, 1e-7, "y");
  expectClose(runner.backward(dy), want.dx, 1e-6, "dx");
}

TEST(Pooling, Windows) {
  for (const char* kind : {"max", "average"})
    for (const char* padding : {"valid", "same"})
      for (const bool first : {false, true}) {
        check({kind, {7}, {2}, {2}, {}, padding, 3, first});
        check({kind, {7}, {3}, {1}, {}, padding, 17, first});
        check({kind, {40}, {35}, {3}, {}, padding, 2, first});
        check({kind, {6, 8}, {2, 2}, {2, 2}, {}, padding, 19, first});
        check({kind, {7, 5}, {2, 2}, {2, 2}, {}, padding, 5, first});
        check({kind, {7, 6}, {3, 2}, {2, 3}, {}, padding, 4, first});
        check({kind, {5, 6}, {1, 2}, {3, 4}, {}, padding, 9, first});
        check({kind, {3, 4, 5}, {2, 2, 2}, {2, 1, 2}, {}, padding, 3, first}, 2);
        check({kind, {1}, {1}, {1}, {}, padding, 1, first});
      }
  // A window larger than the image is all of it when padded.
  check({"max", {3, 2}, {5, 4}, {2, 2}, {}, "same", 2, false});
  check({"average", {3, 2}, {5, 4}, {1, 1}, {}, "same", 2, false});
}

TEST(Pooling, WholeImagesAndAdaptive) {
  for (const char* kind : {"max", "average"})
    for (const bool first : {false, true}) {
      check({kind, {9}, {}, {}, {}, "", 5, first, true});
      check({kind, {5, 7}, {}, {}, {}, "", 33, first, true, true});
      check({kind, {2, 30, 40}, {}, {}, {}, "", 1, first, true}, 1);
      check({kind, {10}, {}, {}, {4}, "", 3, first});
      check({kind, {3, 7}, {}, {}, {5, 3}, "", 2, first});
      check({kind, {2, 4, 5}, {}, {}, {2, 3, 1}, "", 2, first}, 2);
    }
}

TEST(Pooling, Shapes) {
  const auto out = [](const Case& c) { return OpRunner({c.spec(), c.in()}).op->out; };
  EXPECT_EQ(out({"max", {5, 7}, {}, {}, {}, "", 3, false, true}), (Shape{3}));
  EXPECT_EQ(out({"max", {5, 7}, {}, {}, {}, "", 3, false, true, true}), (Shape{1, 1, 3}));
  EXPECT_EQ(out({"max", {5, 7}, {}, {}, {}, "", 3, true, true, true}), (Shape{3, 1, 1}));
  EXPECT_EQ(out({"max", {5, 7}, {2, 3}, {2, 1}, {}, "same", 3, true}), (Shape{3, 3, 7}));
  EXPECT_EQ(out({"max", {5, 7}, {2, 3}, {2, 1}, {}, "valid", 3, false}), (Shape{2, 5, 3}));
}

TEST(Pooling, GradientOfEqualElementsGoesToTheFirst) {
  const Case c{"max", {4, 4}, {2, 2}, {2, 2}, {}, "valid", 9};
  OpRunner runner({c.spec(), c.in()});
  runner.forward(Floats(4 * 4 * 9, 0.0f));
  const Floats dx = runner.backward(Floats(2 * 2 * 9, 1.0f));
  for (size_t i = 0; i < dx.size(); ++i) {
    const size_t row = i / 36, column = i / 9 % 4;
    ASSERT_EQ(dx[i], row % 2 == 0 && column % 2 == 0 ? 1.0f : 0.0f) << i;
  }
}

TEST(Pooling, NotANumberStays) {
  for (const int64_t channels : {1, 20})
    for (const size_t at : {0u, 1u, 2u, 3u}) {
      const Case c{"max", {2, 2}, {2, 2}, {2, 2}, {}, "valid", channels};
      OpRunner runner({c.spec(), c.in()});
      Floats x(static_cast<size_t>(4 * channels), 1.0f);
      x[at * static_cast<size_t>(channels)] = kNaN;
      EXPECT_TRUE(std::isnan(runner.forward(x)[0]));
      double sum = 0;
      for (const float g : runner.backward(Floats(static_cast<size_t>(channels), 1.0f))) sum += g;
      EXPECT_EQ(sum, static_cast<double>(channels));
    }
  const Case c{"max", {100}, {}, {}, {}, "", 1, true, true};
  for (const size_t at : {0u, 37u, 99u}) {
    Floats x(100, 1.0f);
    x[at] = kNaN;
    EXPECT_TRUE(std::isnan(OpRunner({c.spec(), c.in()}).forward(x)[0]));
  }
  EXPECT_EQ(OpRunner({c.spec(), c.in()}).forward(Floats(100, -kInfinity))[0], -kInfinity);
}

TEST(Pooling, ImpossibleSpecs) {
  const auto spec = [](Value::Object more) {
    Value::Object o{{"op", "pooling"}, {"kind", "max"}, {"rank", 2}, {"size", integers({2, 2})}, {"strides", integers({2, 2})}};
    for (auto& [key, value] : more) o[key] = value;
    return object(std::move(o));
  };
  expectRefused({spec({}), {4, 4}});
  expectRefused({spec({}), {1, 4, 4}});
  expectRefused({spec({{"rank", 0}}), {4}});
  expectRefused({spec({{"rank", 4}}), {4, 4, 4, 4, 4}});
  expectRefused({spec({{"size", integers({2})}}), {4, 4, 1}});
  expectRefused({spec({{"strides", integers({0, 1})}}), {4, 4, 1}});
  expectRefused({spec({{"size", integers({5, 1})}}), {4, 4, 1}});
  expectRefused({spec({{"kind", "least"}}), {4, 4, 1}});
  expectRefused({spec({{"padding", "causal"}}), {4, 4, 1}});
  expectRefused({spec({{"outputs", integers({0, 2})}}), {4, 4, 1}});
  expectRefused({spec({{"outputs", integers({int64_t{1} << 30, 2})}}), {4, 4, 1}});
  expectRefused({spec({{"size", integers({1, int64_t{1} << 52})}, {"padding", "same"}}), {4, 4, 1}});
}

}  // namespace
}  // namespace gemmfit::test
