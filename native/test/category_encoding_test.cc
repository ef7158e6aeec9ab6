// Ids as vectors, and numbers as bins, by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

OpSetup encoding(const char* mode, Shape in, std::vector<Shape> weights = {}, bool refuses = false) {
  OpSetup s;
  s.spec = Value(Value::Object{{"op", "categoryEncoding"}, {"tokens", 3}, {"mode", mode}, {"refuses", refuses}});
  s.in = std::move(in);
  s.rows = 2;
  s.weights = std::move(weights);
  return s;
}

TEST(CategoryEncoding, countsIdsThatThereAre) {
  const Floats ids = {0, 2, 2, -1, 3, 1};
  EXPECT_EQ(OpRunner(encoding("multi_hot", {3})).forward(ids), (Floats{1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(OpRunner(encoding("count", {3})).forward(ids), (Floats{1, 0, 2, 0, 1, 0}));
  EXPECT_EQ(OpRunner(encoding("one_hot", {3})).forward(ids), (Floats{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
}

TEST(CategoryEncoding, dropsALastAxisOfOne) {
  OpRunner one(encoding("one_hot", {4, 1}));
  EXPECT_EQ(one.op->out, (Shape{4, 3}));
  EXPECT_EQ(OpRunner(encoding("one_hot", {1})).op->out, (Shape{3}));
  EXPECT_EQ(OpRunner(encoding("one_hot", {4, 2})).op->out, (Shape{4, 2, 3}));
}

TEST(CategoryEncoding, givesNothingBack) {
  OpRunner runner(encoding("count", {3}));
  runner.forward({0, 1, 2, 0, 1, 2});
  EXPECT_EQ(runner.backward(Floats(6, 1.0f)), Floats(6, 0.0f));
}

TEST(CategoryEncoding, weighsCounts) {
  OpRunner runner(encoding("count", {3}, {{3}}));
  const Floats weights(runner.weights[0]->data(), runner.weights[0]->data() + 3);
  const Floats y = runner.forward({0, 2, 2, 1, 1, 1});
  EXPECT_EQ(y[0], weights[0]);
  EXPECT_EQ(y[2], weights[2] + weights[2]);
  EXPECT_EQ(y[4], weights[1] + weights[1] + weights[1]);
}

TEST(CategoryEncoding, tellsOfTheFirstIdBelowNothing) {
  OpRunner runner(encoding("count", {3}, {}, true));
  runner.forward({0, 2, 2, 1, -1, -2});
  EXPECT_EQ(runner.op->fault().row, 1);
  EXPECT_EQ(runner.op->fault().row, -1);
}

TEST(Discretization, countsBoundaries) {
  OpSetup s;
  s.spec = Value(Value::Object{{"op", "discretization"}, {"boundaries", numbers({0, 1, 2.5})}});
  s.in = {4};
  s.rows = 2;
  OpRunner runner(s);
  const float nan = std::nanf(""), infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(runner.forward({-1, 0, 0.5f, 1, 2.5f, infinite, -infinite, nan}), (Floats{0, 1, 1, 2, 3, 3, 0, 3}));
  EXPECT_EQ(runner.backward(Floats(8, 1.0f)), Floats(8, 0.0f));
}

}  // namespace
}  // namespace gemmfit::test
