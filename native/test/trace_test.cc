#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "native/engine/trace.h"

namespace gemmfit {
namespace {

TEST(Trace, SumsByLabelAndThread) {
  Trace trace;
  const int a = trace.label("a"), b = trace.label("b");
  EXPECT_EQ(trace.label("a"), a);
  EXPECT_NE(a, b);
  trace.add(a, 1, 2, 10);
  trace.add(a, 2, 4, 20);
  std::thread([&] { trace.add(b, 5, 5.5); }).join();
  ASSERT_EQ(trace.logs().size(), 2u);
  const Trace::Total& first = trace.logs()[0].totals[static_cast<size_t>(a)];
  EXPECT_DOUBLE_EQ(first.seconds, 3);
  EXPECT_DOUBLE_EQ(first.flops, 30);
  EXPECT_EQ(first.count, 2);
  EXPECT_DOUBLE_EQ(trace.logs()[1].totals[static_cast<size_t>(b)].seconds, 0.5);
  EXPECT_EQ(trace.logs()[1].spans.size(), 1u);
}

// Two traces in turn on one thread, as two fits make them: each has its own.
TEST(Trace, AThreadKnowsForWhichTraceItsLogIs) {
  auto first = std::make_unique<Trace>();
  first->add(first->label("x"), 0, 1);
  first.reset();
  Trace second;
  second.add(second.label("y"), 0, 2);
  ASSERT_EQ(second.logs().size(), 1u);
  EXPECT_DOUBLE_EQ(second.logs()[0].totals[0].seconds, 2);
}

TEST(Trace, KeepsTheFirstSpansAndAllOfTheTotals) {
  Trace trace;
  const int label = trace.label("x");
  for (size_t i = 0; i < Trace::kMostSpans + 10; ++i) trace.add(label, 0, 1);
  EXPECT_EQ(trace.logs()[0].spans.size(), Trace::kMostSpans);
  EXPECT_EQ(trace.logs()[0].totals[0].count, static_cast<int64_t>(Trace::kMostSpans) + 10);
}

}  // namespace
}  // namespace gemmfit
