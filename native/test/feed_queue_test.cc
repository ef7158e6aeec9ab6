#include "native/engine/feed_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "native/engine/error.h"

namespace gemmfit {
namespace {

// A batch whose elements are all one number, in arrays that the next call fills anew.
struct Source {
  std::vector<float> x;
  std::vector<uint8_t> y;
  FeedSpec batch(int64_t rows, int64_t width, int number) {
    x.assign(static_cast<size_t>(rows * width), static_cast<float>(number));
    y.assign(static_cast<size_t>(rows), static_cast<uint8_t>(number));
    FeedSpec s;
    s.x = {x.data(), ElementType::float32, rows, width};
    s.y = {y.data(), ElementType::uint8, rows, 1};
    s.count = s.batch = rows;
    return s;
  }
};

int numberOf(const Feed& feed) {
  const int x = static_cast<int>(feed.direct()[feed.rows() * feed.spec.x.rowSize - 1]);
  EXPECT_EQ(feed.spec.y.value(feed.row(feed.rows() - 1)), x % 256);
  return x;
}

TEST(FeedQueue, GivesCopiesInOrder) {
  FeedQueue queue;
  Source source;
  EXPECT_EQ(queue.begin(), nullptr);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.push(source.batch(3, 2, i), 0));
  EXPECT_EQ(queue.size(), 5);
  ASSERT_NE(queue.begin(), nullptr);
  EXPECT_EQ(queue.begin()->spec.batch, 3);
  for (int i = 0; i < 5; ++i) {
    const Feed* feed = queue.nextFeed();
    ASSERT_NE(feed, nullptr);
    EXPECT_EQ(feed->rows(), 3);
    EXPECT_EQ(numberOf(*feed), i);
  }
  EXPECT_EQ(queue.nextFeed(), nullptr);
}

TEST(FeedQueue, ARunEndsWhereAnotherKindOrNumberOfRowsBegins) {
  FeedQueue queue;
  Source source;
  const int kinds[] = {1, 1, 2, 1, 1}, rows[] = {2, 2, 2, 2, 3};
  for (int i = 0; i < 5; ++i) queue.push(source.batch(rows[i], 2, i), kinds[i]);
  std::vector<std::vector<int>> runs;
  while (queue.begin()) {
    runs.emplace_back();
    while (const Feed* feed = queue.nextFeed()) runs.back().push_back(numberOf(*feed));
  }
  EXPECT_EQ(runs, (std::vector<std::vector<int>>{{0, 1}, {2}, {3}, {4}}));
}

TEST(FeedQueue, SaysWhenItIsFullAndWhenHalfIsFree) {
  for (const int64_t width : {int64_t{1}, FeedQueue::kMostBytes / 64}) {
    FeedQueue queue;
    Source source;
    int told = 0;
    queue.onRoom = [&] { ++told; };
    int put = 1;
    while (queue.push(source.batch(2, width, put), 0)) ++put;
    EXPECT_EQ(put, width == 1 ? FeedQueue::kMost : 8);
    queue.begin();
    for (int i = 0; i < put; ++i) {
      EXPECT_EQ(told, i < (width == 1 ? FeedQueue::kMost / 2 : 5) ? 0 : 1) << i;
      ASSERT_NE(queue.nextFeed(), nullptr);
    }
    EXPECT_EQ(told, 1);
  }
}

TEST(FeedQueue, UsesItsMemoryAgainAndGivesItUp) {
  FeedQueue queue;
  Source source;
  const auto pass = [&](int64_t width) {
    for (int i = 0; i < 10; ++i) {
      queue.push(source.batch(4, width, i), 0);
      queue.push(source.batch(4, width, i), 0);
      queue.begin();
      while (queue.nextFeed()) continue;
    }
  };
  pass(100);
  const int64_t before = queue.bytes();
  EXPECT_GE(before, 2 * 4 * 100 * 4);
  EXPECT_LE(before, 3 * 4 * 101 * 4 + 3 * 128);
  pass(100);
  EXPECT_EQ(queue.bytes(), before);
  pass(FeedQueue::kMostBytes / 8);
  EXPECT_LE(queue.bytes(), 2 * FeedQueue::kMostBytes + 1000000);
  queue.push(source.batch(1, 1, 1), 0);
  queue.clear();
  EXPECT_EQ(queue.bytes(), 0);
  EXPECT_EQ(queue.size(), 0);
}

TEST(FeedQueue, WhatARunHasOnlyLookedAtIsThereForTheNext) {
  FeedQueue queue;
  Source source;
  for (int i = 0; i < 3; ++i) queue.push(source.batch(2, 2, i), 0);
  queue.begin();
  EXPECT_EQ(queue.size(), 3);
  queue.begin();
  EXPECT_EQ(numberOf(*queue.nextFeed()), 0);
  EXPECT_EQ(queue.size(), 2);
  const Feed* first = queue.begin();
  EXPECT_EQ(queue.clear(), 2);
  EXPECT_EQ(first->spec.batch, 2);  // its memory is there as long as the run
  EXPECT_EQ(queue.nextFeed(), nullptr);
  EXPECT_EQ(queue.begin(), nullptr);
}

TEST(FeedQueue, RefusesWhatIsNoSingleBatchAndGoesOn) {
  FeedQueue queue;
  Source source;
  FeedSpec several = source.batch(4, 2, 1);
  several.batch = 2;
  EXPECT_THROW(queue.push(several, 0), Error);
  FeedSpec wrong = source.batch(4, 2, 1);
  wrong.y.rows = 3;
  EXPECT_THROW(queue.push(wrong, 0), Error);
  EXPECT_EQ(queue.bytes(), 0);
  queue.push(source.batch(4, 2, 7), 0);
  queue.begin();
  EXPECT_EQ(numberOf(*queue.nextFeed()), 7);
}

TEST(FeedQueue, OneThreadPutsInWhileAnotherTakes) {
  FeedQueue queue;
  constexpr int kBatches = 20000;
  std::atomic<bool> room{true};
  queue.onRoom = [&] { room.store(true); };
  std::thread maker([&] {
    Source source;
    for (int i = 0; i < kBatches; ++i) {
      while (!room.load()) std::this_thread::yield();
      room.store(false);
      if (queue.push(source.batch(1 + i % 7, 3, i), i / 1000)) room.store(true);
    }
  });
  int next = 0;
  while (next < kBatches) {
    if (!queue.begin()) {
      std::this_thread::yield();
      continue;
    }
    while (const Feed* feed = queue.nextFeed()) EXPECT_EQ(numberOf(*feed), next++);
  }
  maker.join();
  EXPECT_EQ(queue.size(), 0);
  EXPECT_LE(queue.bytes(), (FeedQueue::kMost + 1) * 1024);
}

}  // namespace
}  // namespace gemmfit
