#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

using Sizes = std::vector<int64_t>;

// The value of `x` [n...] at a position, zero outside.
double at(const Doubles& x, const Shape& shape, size_t row, const Sizes& position) {
  int64_t i = static_cast<int64_t>(row);
  for (size_t a = 0; a < shape.size(); ++a) {
    if (position[a] < 0 || position[a] >= shape[a]) return 0;
    i = i * shape[a] + position[a];
  }
  return x[static_cast<size_t>(i)];
}

template <class F>
Doubles eachCell(size_t rows, const Shape& shape, F&& f) {
  Doubles y;
  for (size_t r = 0; r < rows; ++r)
    for (int64_t e = 0; e < sizeOf(shape); ++e) {
      Sizes p(shape.size());
      int64_t rest = e;
      for (size_t a = shape.size(); a-- > 0; rest /= shape[a]) p[a] = rest % shape[a];
      y.push_back(f(r, p));
    }
  return y;
}

void checkPadding(const Shape& in, const Sizes& before, const Sizes& after) {
  OpSetup setup{object({{"op", "zeroPadding"}, {"before", integers(before)}, {"after", integers(after)}}), in, 4};
  Shape out = in;
  for (size_t a = 0; a < in.size(); ++a) out[a] += before[a] + after[a];
  EXPECT_EQ(OpRunner(setup).op->out, out);
  checkOp(setup, randomFloats(4 * sizeOf(in), 1), [&](const Doubles& x, const std::vector<Doubles>&) {
    return eachCell(4, out, [&](size_t row, Sizes p) {
      for (size_t a = 0; a < p.size(); ++a) p[a] -= before[a];
      return at(x, in, row, p);
    });
  });
}

TEST(Resizing, ZeroPaddingAndCropping) {
  checkPadding({5, 3}, {2, 0}, {1, 0});
  checkPadding({5, 3}, {-2, 0}, {-1, 0});
  checkPadding({3, 4, 2}, {1, 0, 0}, {0, 2, 0});
  checkPadding({3, 4, 2}, {0, -1, -1}, {-2, 0, 0});
  checkPadding({2, 3, 4}, {0, 1, 2}, {0, 0, 1});
  checkPadding({2, 3, 2, 2}, {1, 1, 0, 0}, {0, 1, 2, 0});
  checkPadding({3, 3, 4, 1}, {-1, 2, -1, 0}, {0, 1, -2, 0});
  checkPadding({3, 2}, {0, 0}, {0, 0});
}

using Curve = std::function<double(double)>;

double sinc(double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); }

// Every pixel looks at all pixels of the image: the definition of resampling with half-pixel centres.
Doubles resample(const Doubles& x, size_t rows, const Shape& in, const Sizes& size, bool first, const Curve& curve, Shape* out) {
  *out = in;
  for (size_t a = 0; a < size.size(); ++a) (*out)[a + (first ? 1 : 0)] *= size[a];
  const auto weights = [&](size_t axis, int64_t i) {
    const size_t spatial = axis - (first ? 1 : 0);
    Doubles w(static_cast<size_t>(in[axis]));
    if (spatial >= size.size()) {  // channels
      w[static_cast<size_t>(i)] = 1;
      return w;
    }
    double sum = 0;
    const double centre = (static_cast<double>(i) + 0.5) / static_cast<double>(size[spatial]) - 0.5;
    for (size_t j = 0; j < w.size(); ++j) sum += w[j] = curve(std::abs(static_cast<double>(j) - centre));
    for (double& v : w) v /= sum;
    return w;
  };
  return eachCell(rows, *out, [&](size_t row, const Sizes& p) {
    std::vector<Doubles> w;
    for (size_t a = 0; a < p.size(); ++a) w.push_back(weights(a, p[a]));
    double sum = 0;
    size_t i = 0;
    eachCell(1, in, [&](size_t, const Sizes& q) {
      double v = x[row * static_cast<size_t>(sizeOf(in)) + i++];
      for (size_t a = 0; a < q.size(); ++a) v *= w[a][static_cast<size_t>(q[a])];
      return sum += v;
    });
    return sum;
  });
}

const std::vector<std::pair<const char*, Curve>>& curves() {
  static const std::vector<std::pair<const char*, Curve>> all = {
      {"nearest", [](double x) { return x < 0.5 ? 1.0 : 0.0; }},
      {"bilinear", [](double x) { return std::max(0.0, 1 - x); }},
      {"bicubic",
       [](double x) { return x < 1   ? 1.5 * x * x * x - 2.5 * x * x + 1
                             : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2
                                     : 0; }},
      {"lanczos3", [](double x) { return x < 3 ? sinc(x) * sinc(x / 3) : 0; }},
      {"lanczos5", [](double x) { return x < 5 ? sinc(x) * sinc(x / 5) : 0; }},
      {"gaussian", [](double x) { return x < 1.5 ? std::exp(-x * x / (2 * 0.5 * 0.5)) : 0; }},
      {"mitchellcubic",
       [](double x) {
         const double b = 1.0 / 3, c = 1.0 / 3;
         if (x < 1) return ((12 - 9 * b - 6 * c) * x * x * x + (-18 + 12 * b + 6 * c) * x * x + (6 - 2 * b)) / 6;
         if (x < 2) return ((-b - 6 * c) * x * x * x + (6 * b + 30 * c) * x * x + (-12 * b - 48 * c) * x + (8 * b + 24 * c)) / 6;
         return 0.0;
       }},
  };
  return all;
}

Value upSampling(const Sizes& size, bool first, const char* interpolation) {
  return object({{"op", "upSampling"},
                 {"rank", static_cast<int64_t>(size.size())},
                 {"size", integers(size)},
                 {"channelsFirst", first},
                 {"interpolation", interpolation}});
}

TEST(Resizing, UpSampling) {
  const auto check = [](const Shape& in, const Sizes& size, bool first, const char* name, const Curve& curve) {
    SCOPED_TRACE(std::string(name) + toString(in) + toString(size));
    OpSetup setup{upSampling(size, first, name), in, 2};
    Shape out;
    const auto reference = [&](const Doubles& x, const std::vector<Doubles>&) { return resample(x, 2, in, size, first, curve, &out); };
    checkOp(setup, randomFloats(2 * sizeOf(in), 1), reference);
    EXPECT_EQ(OpRunner(setup).op->out, out);
  };
  for (const auto& [name, curve] : curves()) {
    check({4, 3, 2}, {2, 3}, false, name, curve);
    check({2, 3, 3}, {3, 2}, true, name, curve);
    check({1, 5, 1}, {1, 4}, false, name, curve);
  }
  check({4, 3}, {3}, false, "nearest", curves()[0].second);
  check({2, 2, 3, 2}, {2, 1, 3}, false, "nearest", curves()[0].second);
  check({2, 2, 3, 2}, {1, 2, 2}, true, "nearest", curves()[0].second);
}

TEST(Resizing, ManyChannelsAndKnownWeights) {
  OpRunner runner({upSampling({2, 2}, false, "bilinear"), {2, 2, 300}});
  const Floats y = runner.forward(Floats(1200, 3.0f));
  for (const float v : y) ASSERT_EQ(v, 3.0f);
  // The weights of Keys's cubic a quarter of a pixel off, as they are known: -9/128, 111/128, 29/128, -3/128.
  const Floats unit = OpRunner({upSampling({1, 2}, false, "bicubic"), {1, 8, 1}}).forward({0, 0, 0, 1, 0, 0, 0, 0});
  expectClose(unit,
              {0, 0, 0, -3.0 / 128, -9.0 / 128, 29.0 / 128, 111.0 / 128, 111.0 / 128, 29.0 / 128, -9.0 / 128, -3.0 / 128, 0, 0, 0, 0, 0},
              1e-7, "y");
}

TEST(Resizing, ImpossibleSpecs) {
  const auto padding = [](const Sizes& before, const Sizes& after) {
    return object({{"op", "zeroPadding"}, {"before", integers(before)}, {"after", integers(after)}});
  };
  expectRefused({padding({1}, {1}), {3, 2}});
  expectRefused({padding({-2, 0}, {-1, 0}), {3, 2}});
  expectRefused({padding({-3, 0}, {5, 0}), {3, 2}});
  expectRefused({padding({int64_t{1} << 52, 0}, {1, 0}), {3, 2}});
  expectRefused({padding({}, {}), {}});
  expectRefused({upSampling({2, 2}, false, "nearest"), {3, 2}});
  expectRefused({upSampling({0}, false, "nearest"), {3, 2}});
  expectRefused({upSampling({2}, false, "cubic"), {3, 2}});
  expectRefused({upSampling({int64_t{1} << 40}, false, "nearest"), {3, 2}});
}

}  // namespace
}  // namespace gemmfit::test
