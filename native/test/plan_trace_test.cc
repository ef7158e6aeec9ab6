// What a trace of a network's runs holds: every part of a step under its name, and as many operations as the products have.
#include <gtest/gtest.h>

#include <map>

#include "native/engine/guard.h"
#include "native/engine/trace.h"
#include "native/test/network_harness.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::PoolRun;
using testing::Samples;

struct Traced {
  std::map<std::string, Trace::Total> totals;  // of all threads
  std::vector<float> values;
};

constexpr int64_t kSteps = 3;

struct Net {
  int64_t in, hidden, out, rows;
};

Traced run(const Net& net, Mode mode, bool traced, int threads) {
  Pool::instance().setThreads(std::max(1, threads));
  Model m;
  m.labelWidth = net.out;
  m.loss = {{"loss", "squaredHinge"}};  // looks at all labels first
  m.dense(net.in, net.hidden, {{"regularizer", Value::Object{{"regularizer", "l1l2"}, {"l2", 0.01}}}});
  const int v = m.last();
  m.activation("relu");
  m.add({{"op", "add"}}, {v, m.last()});
  m.dense(net.hidden, net.out, {{"constraint", Value::Object{{"constraint", "nonNeg"}}}});
  m.optimizer["clipnorm"] = 1.0;
  m.build();
  Samples s(net.rows * kSteps, {net.in}, net.out, [](int64_t r, int64_t k) { return static_cast<double>((r + k) % 2); });
  s.spec.batch = net.rows;
  Feed feed(s.spec);
  if (traced) m.network->beginTrace();
  RunRequest request = s.request(mode, kSteps, 0.01f);
  std::vector<float> predictions(static_cast<size_t>(net.rows * kSteps * net.out));
  request.predictions = predictions.data();
  request.capacity = static_cast<int64_t>(predictions.size());
  if (threads == 0) {
    EXPECT_EQ(m.network->run(feed, request, nullptr).steps, kSteps);
  } else {
    const auto job = std::make_shared<PoolRun>(m.network, feed, request);
    auto done = job->done.get_future();
    Pool::instance().submit(job);
    EXPECT_EQ(done.get().steps, kSteps);
  }
  Traced out;
  out.values = mode == Mode::predict ? predictions : m.values();
  const std::shared_ptr<Trace> trace = m.network->endTrace();
  EXPECT_EQ(trace != nullptr, traced);
  if (!trace) return out;
  for (const Trace::Log& log : trace->logs())
    for (size_t i = 0; i < log.totals.size(); ++i) {
      Trace::Total& t = out.totals[trace->labels()[i]];
      t.seconds += log.totals[i].seconds;
      t.flops += log.totals[i].flops;
      t.count += log.totals[i].count;
    }
  return out;
}

// Of all parts whose name begins so.
Trace::Total sum(const Traced& t, const std::string& begin) {
  Trace::Total all;
  for (const auto& [name, total] : t.totals)
    if (name.rfind(begin, 0) == 0) {
      all.flops += total.flops;
      all.count += total.count;
    }
  return all;
}

TEST(PlanTrace, CountsTheOperationsOfEveryProduct) {
  // Rows in chunks, columns in tasks, a kernel laid out first, parts of a kernel.
  for (const Net& net : {Net{5, 7, 2, 6}, Net{40, 33, 3, 200}, Net{300, 700, 10, 16}, Net{784, 128, 10, 32}, Net{512, 1024, 4, 256}})
    for (const int threads : {0, 2})
      for (const bool guard : {true, false}) {
        SCOPED_TRACE(std::to_string(net.in) + " " + std::to_string(net.rows) + " threads " + std::to_string(threads));
        setGuarding(guard);
        const Traced t = run(net, Mode::train, true, threads);
        setGuarding(true);
        const double rows = static_cast<double>(net.rows * kSteps), first = 2.0 * static_cast<double>(net.in * net.hidden) * rows,
                     second = 2.0 * static_cast<double>(net.hidden * net.out) * rows;
        EXPECT_NEAR(sum(t, "forward dense #0").flops, first, 1e-6 * first);
        EXPECT_NEAR(sum(t, "forward dense").flops, first + second, 1e-6 * first);
        EXPECT_EQ(sum(t, "backward dense #0").flops, 0);  // nobody wants the gradient of the batch
        EXPECT_NEAR(sum(t, "backward dense").flops, second, 1e-6 * second);
        EXPECT_NEAR(sum(t, "weights dense #0").flops, first, 1e-6 * first);
        EXPECT_NEAR(sum(t, "weights dense").flops, first + second, 1e-6 * first);
        for (const char* part : {"gather", "forward activation", "loss: prepare", "loss and metrics", "loss: gradient",
                                 "backward activation", "gradients: add", "regularization", "gradients: collect", "update", "constraints"})
          EXPECT_GT(sum(t, part).count, 0) << part;
        EXPECT_EQ(sum(t, "test ").count + sum(t, "predict ").count, 0);
      }
}

TEST(PlanTrace, NamesTheModeAndChangesNoBit) {
  const Net net{784, 128, 10, 32};
  for (const Mode mode : {Mode::train, Mode::test, Mode::predict})
    for (const bool guard : {true, false}) {
      setGuarding(guard);
      const Traced plain = run(net, mode, false, 2), traced = run(net, mode, true, 2);
      setGuarding(true);
      EXPECT_EQ(traced.values, plain.values);
      EXPECT_GT(sum(traced, "test forward dense").count, mode == Mode::test ? 0 : -1);
      EXPECT_EQ(sum(traced, "test ").count > 0, mode == Mode::test);
      EXPECT_EQ(sum(traced, "predict predictions").count > 0, mode == Mode::predict);
      EXPECT_EQ(sum(traced, "wait for the other threads").count > 0, true);
    }
}

// Tiles that an op hands over are updated in the op's own task, and counted apart.
TEST(PlanTrace, UpdatesWithoutABufferHaveALabel) {
  Model m;
  m.labelWidth = 2;
  m.dense(5, 2);
  m.build();
  const Samples s(4, {5}, 2, [](int64_t r, int64_t) { return r; });
  m.network->beginTrace();
  Feed feed(s.spec);
  m.network->run(feed, s.request(Mode::train, 1), nullptr);
  const std::shared_ptr<Trace> trace = m.network->endTrace();
  const int label = trace->label("update of weights");
  ASSERT_EQ(trace->logs().size(), 1u);
  EXPECT_EQ(trace->logs()[0].totals[static_cast<size_t>(label)].count, 2);  // kernel and bias
}

}  // namespace
}  // namespace gemmfit
