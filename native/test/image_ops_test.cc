// Ops of images: those that resize, and those that draw while training. What they make of fixed ranges is held against Keras in
// test/preprocessing; here gradients, chunks, and what is drawn.
#include <gtest/gtest.h>

#include <cmath>

#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

const Value::Object size{{"height", 3}, {"width", 4}};
Value::Object joined(Value::Object a, const Value::Object& b) {
  a.insert(b.begin(), b.end());
  return a;
}
Value::Object affine(const char* kind, const char* fill, const char* interpolation) {
  return {{"op", "randomAffine"},         {"kind", kind},     {"rows", numbers({0.3, 0.9})},    {"columns", numbers({-0.4, 0.4})},
          {"turn", numbers({-0.3, 0.2})}, {"fillMode", fill}, {"interpolation", interpolation}, {"fillValue", 0.5}};
}
Value::Object light(const char* kind, double low, double high) {
  return {{"op", "randomLight"}, {"kind", kind}, {"factor", numbers({0.2, 1.4})}, {"values", numbers({low, high})}};
}
Value::Object erasing(Value::Object more) {
  return joined({{"op", "randomErasing"}, {"factor", numbers({0.6, 1})}, {"scale", numbers({0.1, 0.7})}, {"values", numbers({-1, 1})}},
                more);
}

std::vector<Value::Object> all() {
  std::vector<Value::Object> ops = {
      joined({{"op", "resizing"}, {"interpolation", "bilinear"}}, size),
      joined({{"op", "resizing"}, {"interpolation", "bicubic"}, {"antialias", true}, {"crop", true}}, size),
      joined({{"op", "resizing"}, {"interpolation", "nearest"}}, size),
      joined({{"op", "centerCrop"}, {"interpolation", "bilinear"}}, size),
      joined({{"op", "randomCrop"}}, size),
      {{"op", "randomFlip"}, {"horizontal", true}, {"vertical", true}},
      {{"op", "randomFlip"}, {"vertical", true}},
      erasing({}),
      erasing({{"fill", numbers({0.25})}}),
      erasing({{"fill", numbers({0.25, 2})}}),
      light("brightness", -500, 500),
      light("contrast", -500, 500),
  };
  for (const char* fill : {"constant", "nearest", "reflect", "wrap"})
    for (const char* interpolation : {"bilinear", "nearest"})
      for (const char* kind : {"rotation", "zoom", "translation", "shear"}) ops.push_back(affine(kind, fill, interpolation));
  return ops;
}

OpSetup imageOp(const Value::Object& spec, bool first, int64_t rows) {
  OpSetup s;
  s.spec = Value(joined(spec, {{"channelsFirst", first}}));
  s.in = first ? Shape{2, 6, 7} : Shape{6, 7, 2};
  s.rows = rows;
  return s;
}

std::string textOf(const OpSetup& setup) {
  return setup.spec.text("op", "") + " " + setup.spec.text("kind", "") + " " + setup.spec.text("fillMode", "");
}

// Each is a linear function of its image, plus a constant: a difference quotient over any distance is its slope.
TEST(ImageOps, giveBackTheirSlopes) {
  for (const Value::Object& spec : all())
    for (const bool first : {false, true}) {
      const int64_t rows = 3;
      const OpSetup setup = imageOp(spec, first, rows);
      const Floats x = randomFloats(rows * sizeOf(setup.in), 1), step = randomFloats(rows * sizeOf(setup.in), 2);
      Floats ahead = x, behind = x;
      for (size_t i = 0; i < x.size(); ++i) {
        ahead[i] += step[i];
        behind[i] -= step[i];
      }
      OpRunner runner(setup);
      const Floats above = OpRunner(setup).forward(ahead), below = OpRunner(setup).forward(behind);
      const Floats y = runner.forward(x), c = randomFloats(static_cast<int64_t>(y.size()), 3);
      const Floats dx = runner.backward(c);
      double expected = 0, got = 0, scale = 0;
      for (size_t i = 0; i < y.size(); ++i) expected += static_cast<double>(c[i]) * (above[i] - below[i]) / 2;
      for (size_t i = 0; i < x.size(); ++i) {
        got += static_cast<double>(dx[i]) * step[i];
        scale += std::abs(static_cast<double>(dx[i]) * step[i]);
      }
      EXPECT_NEAR(got, expected, 1e-5 * scale + 1e-6) << textOf(setup);
    }
}

TEST(ImageOps, doNotDependOnChunks) {
  for (const Value::Object& spec : all()) {
    const int64_t rows = 11;
    OpSetup setup = imageOp(spec, false, rows);
    const Floats x = randomFloats(rows * sizeOf(setup.in), 1);
    Floats y, dx;
    for (const int64_t chunk : {11, 1, 2, 7}) {
      setup.chunk = chunk;
      OpRunner runner(setup);
      const Floats newY = runner.forward(x), newDx = runner.backward(randomFloats(static_cast<int64_t>(newY.size()), 2));
      if (y.empty()) {
        y = newY;
        dx = newDx;
      }
      EXPECT_EQ(newY, y) << textOf(setup);
      EXPECT_EQ(newDx, dx) << textOf(setup);
    }
  }
}

// Values beyond the range are cut, and give nothing back.
TEST(ImageOps, cutValuesToTheirRange) {
  for (const char* kind : {"brightness", "contrast"}) {
    const OpSetup setup = imageOp(light(kind, 0.3, 0.6), false, 5);
    OpRunner runner(setup);
    const Floats y = runner.forward(randomFloats(5 * 84, 1, 0, 1)), dx = runner.backward(Floats(5 * 84, 1.0f));
    size_t cut = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_GE(y[i], 0.3f);
      EXPECT_LE(y[i], 0.6f);
      if (kind == std::string("brightness") && (y[i] == 0.3f || y[i] == 0.6f)) {
        EXPECT_EQ(dx[i], 0.0f);
        ++cut;
      }
    }
    if (kind == std::string("brightness")) EXPECT_GT(cut, 0u);
  }
}

// An image has a draw of its own, but for a crop, which is the batch's.
TEST(ImageOps, drawForEachImage) {
  const Floats one = randomFloats(84, 1);
  Floats x;
  for (int r = 0; r < 16; ++r) x.insert(x.end(), one.begin(), one.end());
  for (const Value::Object& spec : all()) {
    const OpSetup setup = imageOp(spec, false, 16);
    const std::string op = setup.spec.text("op", "");
    if (op.rfind("random", 0) != 0) continue;
    const Floats y = OpRunner(setup).forward(x);
    const size_t n = y.size() / 16;
    bool alike = true;
    for (size_t i = n; i < y.size(); ++i) alike = alike && y[i] == y[i % n];
    EXPECT_EQ(alike, op == "randomCrop") << textOf(setup);
  }
}

TEST(TableEncoding, spreadsIdsAndPassesNumbers) {
  OpSetup s;
  s.spec = Value(Value::Object{{"op", "tableEncoding"}, {"widths", integers({0, 3, 2})}});
  s.in = {3};
  s.rows = 2;
  OpRunner runner(s);
  EXPECT_EQ(runner.forward({0.5f, 2, 0, -3, -1, 2}), (Floats{0.5f, 0, 0, 1, 1, 0, -3, 0, 0, 0, 0, 0}));
  EXPECT_EQ(runner.backward({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), (Floats{1, 0, 0, 7, 0, 0}));
}

}  // namespace
}  // namespace gemmfit::test
