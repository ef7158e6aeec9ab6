// Products of matrices against plain loops in double: transposed, with leading axes that stretch, of each sample and of the whole batch.
#include <cstring>

#include "native/kernels/gemm/bf16.h"
#include "native/test/gradients.h"
#include "native/test/inputs_harness.h"

namespace gemmfit::test {
namespace {

struct Case {
  Shape a, b;
  bool transposeA = false, transposeB = false;
  bool singleA = false, singleB = false;
};

InputsSetup setupOf(const Case& c) {
  InputsSetup setup;
  setup.spec = object({{"op", "matmul"}, {"transposeA", c.transposeA}, {"transposeB", c.transposeB}});
  setup.inputs = {{c.a, c.singleA}, {c.b, c.singleB}};
  setup.tolerance.gradient = 1e-4;
  return setup;
}

int64_t axis(const Shape& s, size_t fromEnd) { return fromEnd < s.size() ? s[s.size() - 1 - fromEnd] : 1; }

// An element of an operand by its indices in the product: of the leading axes as they stretch, then row and column.
double at(const Doubles& x, const Shape& s, bool transposed, size_t offset, const std::vector<int64_t>& leading, int64_t row,
          int64_t column) {
  if (transposed) std::swap(row, column);
  size_t index = 0;
  for (size_t i = s.size(); i-- > 2;) index = index * asSize(axis(s, i)) + asSize(axis(s, i) == 1 ? 0 : leading[i - 2]);
  return x[offset + (index * asSize(axis(s, 1)) + asSize(row)) * asSize(axis(s, 0)) + asSize(column)];
}

Doubles product(const Case& c, const std::vector<Doubles>& x, int64_t rows) {
  const int64_t m = axis(c.a, c.transposeA ? 0 : 1), k = axis(c.a, c.transposeA ? 1 : 0), n = axis(c.b, c.transposeB ? 1 : 0);
  std::vector<int64_t> sizes;
  for (size_t i = 2; i < std::max(c.a.size(), c.b.size()); ++i) sizes.push_back(std::max(axis(c.a, i), axis(c.b, i)));
  Doubles y;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t l = 0, all = sizeOf(sizes); l < all; ++l) {
      std::vector<int64_t> leading;
      for (int64_t left = l, i = 0; i < static_cast<int64_t>(sizes.size()); left /= sizes[asSize(i++)])
        leading.push_back(left % sizes[asSize(i)]);
      const size_t ofA = c.singleA ? 0 : asSize(r * sizeOf(c.a)), ofB = c.singleB ? 0 : asSize(r * sizeOf(c.b));
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (int64_t p = 0; p < k; ++p)
            sum += at(x[0], c.a, c.transposeA, ofA, leading, i, p) * at(x[1], c.b, c.transposeB, ofB, leading, p, j);
          y.push_back(sum);
        }
    }
  return y;
}

std::string nameOf(const Case& c) {
  return toString(c.a) + (c.transposeA ? "T" : "") + (c.singleA ? " single" : "") + " by " + toString(c.b) + (c.transposeB ? "T" : "") +
         (c.singleB ? " single" : "");
}

TEST(Matmul, IsThatOfPlainLoops) {
  for (const auto& [leadingA, leadingB] :
       std::vector<std::pair<Shape, Shape>>{{{}, {}}, {{2}, {2}}, {{2}, {}}, {{}, {2}}, {{2, 1}, {3}}, {{1, 2}, {3, 1}}, {{2}, {1, 1}}})
    for (int kind = 0; kind < 16; ++kind) {
      Case c{leadingA, leadingB, (kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0, (kind & 8) != 0};
      for (const int64_t d : c.transposeA ? Shape{4, 3} : Shape{3, 4}) c.a.push_back(d);
      for (const int64_t d : c.transposeB ? Shape{5, 4} : Shape{4, 5}) c.b.push_back(d);
      SCOPED_TRACE(nameOf(c));
      checkInputs(setupOf(c), [&](const std::vector<Doubles>& x, int64_t rows) { return product(c, x, rows); });
    }
}

TEST(Matmul, TakesOneRowAndOneColumn) {
  for (const Case& c : {Case{{1, 7}, {7, 1}}, Case{{1, 7}, {7, 1}, false, false, false, true}, Case{{7, 1}, {1, 7}}, Case{{1, 1}, {1, 1}},
                        Case{{5, 1}, {5, 1}, true}, Case{{3, 1, 6}, {6, 1}, false, false, false, true}}) {
    SCOPED_TRACE(nameOf(c));
    checkInputs(setupOf(c), [&](const std::vector<Doubles>& x, int64_t rows) { return product(c, x, rows); });
  }
}

// Large ones, cut into tiles or into parts of the batch; fewer rows than the plan has.
TEST(Matmul, IsTheProductHoweverItIsCut) {
  struct Large {
    Case c;
    int64_t rows, batch;
    const char* phases;  // forward, backward: r rows, t tasks
  };
  for (const Large& l : {Large{{{600}, {600, 700}, false, false, false, true}, 90, 120, "t tt"},
                         Large{{{2, 310}, {610, 310}, false, true, false, true}, 45, 60, "t tt"},
                         Large{{{4, 64}, {64, 96}, false, false, false, true}, 100, 110, "r rt"},
                         Large{{{64, 96}, {96, 20}, false, false, true, false}, 37, 40, "r rtt"},
                         Large{{{4, 9, 40}, {4, 40, 50}, false, false, false, true}, 60, 70, "r rtt"}}) {
    Case c = l.c;
    if (c.a.size() == 1) c.a.insert(c.a.begin(), 1);
    SCOPED_TRACE(nameOf(c));
    InputsSetup setup = setupOf(c);
    setup.rows = l.rows;
    setup.batch = l.batch;
    InputsRunner runner(setup, {16});
    std::string phases;
    for (const Phase& p : runner.op->forwardPhases()) phases += p.kind == Phase::rows ? 'r' : 't';
    phases += ' ';
    for (const Phase& p : runner.op->backwardPhases()) phases += p.kind == Phase::rows ? 'r' : 't';
    EXPECT_EQ(phases, l.phases);
    const std::vector<Floats> x = valuesOf(setup, l.rows);
    const std::vector<Doubles> exact{toDoubles(x[0]), toDoubles(x[1])};
    const Floats y = runner.forward(x);
    expectClose(y, product(c, exact, l.rows), 1e-4, "y");
    const Floats dy = randomFloats(static_cast<int64_t>(y.size()), 8);
    const std::vector<Floats> dx = runner.backward(dy);
    // Both gradients from what they are for: a small step against the product with it.
    for (size_t k = 0; k < 2; ++k) {
      const Floats direction = randomFloats(static_cast<int64_t>(x[k].size()), 9);
      std::vector<Doubles> moved = exact;
      moved[k] = toDoubles(direction);  // the product is linear in each
      const Doubles change = product(c, moved, l.rows);
      double want = 0, got = 0;
      for (size_t i = 0; i < change.size(); ++i) want += change[i] * static_cast<double>(dy[i]);
      for (size_t i = 0; i < direction.size(); ++i) got += static_cast<double>(direction[i]) * static_cast<double>(dx[k][i]);
      EXPECT_NEAR(got, want, 1e-4 * std::sqrt(static_cast<double>(change.size())) * 10) << "gradient " << k;
    }
    InputsRunner other(setup, {l.rows});
    EXPECT_EQ(other.forward(x), y);
    expectClose(other.backward(dy)[c.singleB ? 1 : 0], toDoubles(dx[c.singleB ? 1 : 0]), 0, "a gradient over the batch");
  }
}

TEST(Matmul, RoundsItsOperandsWhereAsked) {
  InputsSetup setup = setupOf({{3, 40}, {40, 5}, false, false, false, true});
  setup.spec = object({{"op", "matmul"}, {"precision", "bfloat16"}});
  std::vector<Floats> x = valuesOf(setup, setup.rows);
  std::vector<Doubles> rounded;
  for (const Floats& values : x) {
    rounded.emplace_back();
    for (const float v : values) rounded.back().push_back(roundToBf16(v));
  }
  expectClose(InputsRunner(setup, {}).forward(x), product({{3, 40}, {40, 5}, false, false, false, true}, rounded, setup.rows), 1e-5, "y");
}

TEST(Matmul, RefusesWhatCannotBe) {
  expectInputsRefused(setupOf({{3, 4}, {5, 6}}), "ERR_SHAPE", "the first one's matrices have 4 columns, and the second one's 5 rows");
  expectInputsRefused(setupOf({{3, 4}, {5, 4}, true, true}), "ERR_SHAPE", "the first one's matrices have 3 columns");
  expectInputsRefused(setupOf({{4}, {4, 5}}), "ERR_SHAPE", "rank 2 or more");
  expectInputsRefused(setupOf({{2, 4}, {4}}), "ERR_SHAPE", "rank 2 or more");
  expectInputsRefused(setupOf({{2, 4}, {4, 0}}), "ERR_SHAPE", "axes of 1 or more");
  expectInputsRefused(setupOf({{2, 3, 4}, {3, 4, 5}}), "ERR_SHAPE", "do not stretch to each other: [2] and [3]");
  InputsSetup one = setupOf({{3, 4}, {4, 5}});
  one.inputs.pop_back();
  expectInputsRefused(one, "ERR_SPEC", "takes two inputs");
  InputsSetup precision = setupOf({{3, 4}, {4, 5}});
  precision.spec = object({{"op", "matmul"}, {"precision", "float16"}});
  expectInputsRefused(precision, "ERR_SPEC", "Received: 'float16'");
}

// In a network with weights as operands: a dense layer by matmul has a dense layer's results and gradients.
TEST(Matmul, ByAWeightIsADenseLayer) {
  using testing::Model;
  using testing::PoolRun;
  using testing::Samples;
  const auto train = [](bool own, int threads, bool guarded) {
    setGuarding(guarded);
    Pool::instance().setThreads(threads);
    Model m;
    m.labelWidth = 6;
    const int w = m.weight({40, 50}, 0.2), v = m.weight({50, 6}, 0.2);
    int64_t inner = 40;
    int value = 0;
    for (const int weight : {w, v}) {
      if (own) {
        const int kernel = m.source({{"op", "weight"}, {"weights", Value::Array{weight}}});
        value = m.add({{"op", "matmul"}}, {value, kernel});
      } else {
        value = m.add({{"op", "dense"}, {"units", inner == 40 ? 50 : 6}, {"useBias", false}, {"weights", Value::Array{weight}}}, {value});
      }
      inner = 50;
    }
    m.build();
    const Samples s(300, {5, 40}, 30, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); });
    Feed feed(s.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    return m.values();
  };
  const int before = Pool::instance().threads();
  const std::vector<float> one = train(true, 1, true);
  EXPECT_EQ(one, train(true, 2, true));
  EXPECT_EQ(one, train(true, 2, false));
  expectClose(one, toDoubles(train(false, 1, true)), 1e-5, "weights");
  setGuarding(true);
  Pool::instance().setThreads(before);
}

}  // namespace
}  // namespace gemmfit::test
