#include "native/engine/paths.h"
#include "native/kernels/gemm/bf16.h"
#include "native/kernels/gemm/gemm.h"
#include "native/test/every_target.h"
#include "native/test/network_harness.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

OpSetup dense(Shape in, int64_t units, int64_t rows, int64_t batch, bool bias, const char* precision) {
  OpSetup s;
  s.spec = object({{"op", "dense"}, {"units", units}, {"useBias", bias}, {"precision", precision}});
  s.rows = rows;
  s.batch = batch;
  s.weights = {{lastAxis(in), units}};
  if (bias) s.weights.push_back({units});
  s.in = std::move(in);
  return s;
}

EVERY_TARGET_SUITE(DenseTest);

// Layers whose products are cut by rows, by tiles and by rows of the kernel; batches that are full and not; with and without steps.
TEST_P(DenseTest, IsTheProductHoweverItIsCut) {
  struct Case {
    Shape in;
    int64_t units, rows, batch;
    const char* phases;  // of forward: r rows, t tasks, c tasks that copy, where the engine's own kernel multiplies
  };
  for (const Case& c : {Case{{5}, 3, 4, 4, "r"}, Case{{3, 4}, 5, 3, 6, "r"}, Case{{600}, 700, 90, 120, "t"}, Case{{801}, 33, 60, 100, "tr"},
                        Case{{784}, 128, 32, 32, "tr"}, Case{{2, 620}, 60, 7, 40, "tr"}, Case{{512}, 700, 20, 90, "ct"},
                        Case{{600}, 768, 15, 110, "t"}, Case{{2, 256}, 1024, 5, 45, "ct"}, Case{{1200}, 130, 40, 210, "t"}})
    for (const int kind : {0, 1, 2, 3}) {
      const bool bias = kind & 1, bf16 = kind & 2;
      SCOPED_TRACE(toString(c.in) + " to " + std::to_string(c.units) + (bf16 ? ", bfloat16" : ""));
      OpRunner runner(dense(c.in, c.units, c.rows, c.batch, bias, bf16 ? "bfloat16" : "float32"));
      const auto operand = [bf16](float value) { return static_cast<double>(bf16 ? roundToBf16(value) : value); };
      std::string phases;
      for (const Phase& p : runner.op->forwardPhases()) phases += p.kind == Phase::rows ? 'r' : p.layOut ? 'c' : 't';
      const bool own = packsForTiles(bf16 ? Precision::bfloat16 : Precision::float32);
      EXPECT_EQ(phases, own || *c.phases != 'c' ? c.phases : c.phases + 1);
      const int64_t width = lastAxis(c.in), items = c.rows * sizeOf(c.in) / width;
      const Floats x = randomFloats(items * width, 5), dy = randomFloats(items * c.units, 6);
      const float* w = runner.weights[0]->data();
      Doubles y(static_cast<size_t>(items * c.units)), dx(x.size()), dw(static_cast<size_t>(width * c.units)),
          db(static_cast<size_t>(c.units));
      for (int64_t i = 0; i < items; ++i)
        for (int64_t j = 0; j < c.units; ++j) {
          const float dyj = dy[static_cast<size_t>(i * c.units + j)];
          const double g = operand(dyj);
          double sum = bias ? runner.weights[1]->data()[j] : 0;
          for (int64_t k = 0; k < width; ++k) {
            const double xk = operand(x[static_cast<size_t>(i * width + k)]), wk = operand(w[k * c.units + j]);
            sum += xk * wk;
            dx[static_cast<size_t>(i * width + k)] += g * wk;
            dw[static_cast<size_t>(k * c.units + j)] += g * xk;
          }
          y[static_cast<size_t>(i * c.units + j)] = sum;
          db[static_cast<size_t>(j)] += dyj;
        }
      expectClose(runner.forward(x), y, 1e-4, "y");
      expectClose(runner.backward(dy), dx, 1e-4, "dx");
      expectClose(runner.gradients[0], dw, 1e-4, "kernel");
      if (bias) expectClose(runner.gradients[1], db, 1e-4, "bias");
    }
}

}  // namespace
}  // namespace gemmfit::test

namespace gemmfit::testing {
namespace {

int64_t timesTaken(const std::string& name) {
  for (const PathCount& path : pathCounts())
    if (path.name == name) return path.times;
  throw std::runtime_error("there is no path " + name);
}

// The first layer's tasks gather their columns from the data set by themselves. A reshape before it makes the engine gather rows.
TEST(Dense, GathersItsOwnColumns) {
  const int64_t rows = 70, width = 804;
  std::vector<uint8_t> bytes(static_cast<size_t>(rows * width));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(Philox(7, 1, i).v[0]);
  const auto train = [&](bool own, ElementType type, Shuffle shuffle, int64_t weightSize) {
    Model m;
    m.labelWidth = 1;
    if (!own) m.add({{"op", "reshape"}, {"shape", Value::Array{width}}});
    m.dense(width, 64);
    m.activation("tanh");
    m.dense(64, 1);
    m.build();
    Samples s(
        rows, {width}, 1, [](int64_t r, int64_t) { return static_cast<double>(r % 5) - 2; }, weightSize);
    if (type == ElementType::uint8) s.spec.x = {bytes.data(), type, rows, width};
    s.spec.batch = 48;  // the second batch of a pass has 22 rows
    s.spec.passes = 3;
    s.spec.shuffle = shuffle;
    s.spec.seed = 5;
    Feed feed(s.spec);
    resetPaths();
    m.network->acquire(Mode::train);
    auto run = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 6, 0.01f));
    auto done = run->done.get_future();
    Pool::instance().submit(run);
    EXPECT_EQ(done.get().samples, 3 * rows);
    m.network->release();
    EXPECT_EQ(timesTaken("plan.gatherColumns train") > 0, own);
    std::vector<float> all = m.values();
    all.push_back(static_cast<float>(m.network->totals().loss));
    return all;
  };
  for (const ElementType type : {ElementType::float32, ElementType::uint8})
    for (const Shuffle shuffle : {Shuffle::none, Shuffle::rows})
      for (const int64_t weightSize : {0, 1}) {
        Pool::instance().setThreads(1);
        const std::vector<float> whole = train(false, type, shuffle, weightSize);
        EXPECT_EQ(whole, train(true, type, shuffle, weightSize));
        Pool::instance().setThreads(3);
        EXPECT_EQ(whole, train(true, type, shuffle, weightSize)) << "on three threads";
      }
}

}  // namespace
}  // namespace gemmfit::testing
