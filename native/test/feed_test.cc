#include "native/engine/feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <type_traits>

#include "native/engine/error.h"

namespace gemmfit {
namespace {

struct Data {
  std::vector<float> x, y;
  FeedSpec spec;
  explicit Data(int64_t rows, int64_t width = 3) : x(static_cast<size_t>(rows * width)), y(static_cast<size_t>(rows)) {
    std::iota(x.begin(), x.end(), 0.0f);
    std::iota(y.begin(), y.end(), 0.0f);
    spec.x = {x.data(), ElementType::float32, rows, width};
    spec.y = {y.data(), ElementType::float32, rows, 1};
    spec.count = rows;
  }
};

std::vector<int64_t> rowsOf(Feed& feed) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < feed.rows(); ++i) rows.push_back(feed.row(i));
  return rows;
}

TEST(Feed, GivesConsecutiveBatchesAndAPartialOne) {
  Data d(10);
  d.spec.batch = 4;
  Feed feed(d.spec);
  std::vector<std::vector<int64_t>> seen;
  while (feed.next()) seen.push_back(rowsOf(feed));
  EXPECT_EQ(seen, (std::vector<std::vector<int64_t>>{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}}));
  EXPECT_FALSE(feed.next());
}

TEST(Feed, GoesOnAcrossPasses) {
  Data d(5);
  d.spec.batch = 2;
  d.spec.passes = 2;
  Feed feed(d.spec);
  int batches = 0;
  while (feed.next()) ++batches;
  EXPECT_EQ(batches, 6);
}

TEST(Feed, ShuffledPassHasEveryRowOnceAndFollowsFromSeedAndPass) {
  for (const int64_t rows : {1, 2, 7, 64, 1001}) {
    Data d(rows);
    d.spec.batch = 8;
    d.spec.shuffle = Shuffle::rows;
    d.spec.seed = 7;
    d.spec.passes = 2;
    std::vector<int64_t> both;
    Feed feed(d.spec);
    while (feed.next())
      for (const int64_t r : rowsOf(feed)) both.push_back(r);
    ASSERT_EQ(static_cast<int64_t>(both.size()), 2 * rows);
    for (int pass = 0; pass < 2; ++pass) {
      std::set<int64_t> once(both.begin() + pass * rows, both.begin() + (pass + 1) * rows);
      EXPECT_EQ(static_cast<int64_t>(once.size()), rows);
    }
    d.spec.pass = 1;  // resuming at the second pass gives its order again
    d.spec.passes = 1;
    Feed second(d.spec);
    std::vector<int64_t> again;
    while (second.next())
      for (const int64_t r : rowsOf(second)) again.push_back(r);
    EXPECT_EQ(again, std::vector<int64_t>(both.begin() + rows, both.end()));
  }
}

TEST(Feed, EveryOrderOfThreeIsAboutEquallyLikely) {
  Data d(3);
  d.spec.shuffle = Shuffle::rows;
  std::map<std::vector<int64_t>, int> counts;
  for (int seed = 0; seed < 6000; ++seed) {
    d.spec.seed = static_cast<uint64_t>(seed);
    Feed feed(d.spec);
    feed.next();
    ++counts[rowsOf(feed)];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, n] : counts) EXPECT_NEAR(n, 1000, 150);
}

TEST(Feed, ShufflesChunksAndTheRowsWithin) {
  Data d(22);
  d.spec.batch = 4;
  d.spec.shuffle = Shuffle::batches;
  d.spec.seed = 3;
  Feed feed(d.spec);
  std::vector<int64_t> chunks;
  bool rowsMoved = false;
  while (feed.next()) {
    std::vector<int64_t> rows = rowsOf(feed);
    const std::vector<int64_t> given = rows;
    std::sort(rows.begin(), rows.end());
    rowsMoved = rowsMoved || rows != given;
    EXPECT_EQ(rows.front() % 4, 0);
    EXPECT_EQ(rows.back() - rows.front() + 1, feed.rows());
    chunks.push_back(rows.front() / 4);
  }
  EXPECT_TRUE(rowsMoved);
  EXPECT_EQ(chunks.back(), 5);  // the incomplete chunk stays last
  EXPECT_FALSE(std::is_sorted(chunks.begin(), chunks.end()));
  std::sort(chunks.begin(), chunks.end());
  EXPECT_EQ(chunks, (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Feed, TakesRowsInAnOrderThatIsGiven) {
  Data d(6);
  d.spec.batch = 2;
  d.spec.shuffle = Shuffle::given;
  d.spec.order = {5, 0, 5, 5, 2};
  d.spec.count = 5;
  d.spec.passes = 2;
  d.spec.skip = 1;
  Feed feed(d.spec);
  std::vector<std::vector<int64_t>> seen;
  while (feed.next()) {
    EXPECT_EQ(feed.direct(), nullptr);
    seen.push_back(rowsOf(feed));
  }
  EXPECT_EQ(seen, (std::vector<std::vector<int64_t>>{{5, 5}, {2}, {5, 0}, {5, 5}, {2}}));
  d.spec.order[2] = 6;
  EXPECT_THROW(Feed{d.spec}, Error);
  d.spec.order = {0, 1};
  EXPECT_THROW(Feed{d.spec}, Error);
}

TEST(Feed, ReadsInPlaceOnlyWhatIsInOrderAndFloat) {
  Data d(6);
  d.spec.batch = 4;
  d.spec.first = 1;
  d.spec.count = 5;
  Feed feed(d.spec);
  feed.next();
  EXPECT_EQ(feed.direct(), d.x.data() + 3);
  feed.next();
  EXPECT_EQ(feed.direct(), d.x.data() + 15);
  EXPECT_EQ(feed.rows(), 1);
  d.spec.shuffle = Shuffle::rows;
  Feed shuffled(d.spec);
  shuffled.next();
  EXPECT_EQ(shuffled.direct(), nullptr);
}

TEST(Feed, WidensSmallTypesRowByRow) {
  const uint8_t bytes[] = {0, 255, 7, 1, 2, 3};
  const ArrayView view{bytes, ElementType::uint8, 2, 3};
  float row[3];
  view.copyRow(0, row);
  EXPECT_EQ(row[1], 255.0f);
  const int64_t big[] = {-5, int64_t{1} << 24};
  const ArrayView longs{big, ElementType::int64, 1, 2};
  longs.copyRow(0, row);
  EXPECT_EQ(row[0], -5.0f);
  EXPECT_EQ(row[1], 16777216.0f);
}

template <class T>
class FeedTypes : public ::testing::Test {};
using Types = ::testing::Types<float, double, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t>;
TYPED_TEST_SUITE(FeedTypes, Types);

// The smallest and the largest number of each type, as float32 has them.
TYPED_TEST(FeedTypes, AreWidenedAndSearchedAsWhatTheyAre) {
  using T = TypeParam;
  const char* names[] = {"float32", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"};
  const size_t sizes[] = {4, 8, 1, 1, 2, 2, 4, 4, 8};
  constexpr bool kIsFloat = std::is_floating_point_v<T>, kIsSigned = std::is_signed_v<T>;
  size_t at = 0;
  while (sizes[at] != sizeof(T) || (names[at][0] == 'f') != kIsFloat || (names[at][0] == 'u') == kIsSigned) ++at;
  const ElementType type = elementType(names[at]);
  EXPECT_EQ(elementBytes(type), static_cast<int64_t>(sizeof(T)));
  const T low = kIsFloat ? static_cast<T>(-1.5) : std::numeric_limits<T>::min(),
          high = kIsFloat ? static_cast<T>(1e6) : std::numeric_limits<T>::max();
  const T values[] = {1, low, high, 7, 2, 3};
  const ArrayView view{values, type, 2, 3};
  float row[3];
  view.copyRow(0, row);
  EXPECT_EQ(row[1], static_cast<float>(low));
  EXPECT_EQ(row[2], static_cast<float>(high));
  view.copy(1, 1, 2, row);
  EXPECT_EQ(row[0], 2);
  EXPECT_EQ(row[1], 3);
  EXPECT_EQ(view.value(2), static_cast<double>(high));
  EXPECT_EQ(firstOutside(view, 0, 100, false, NAN), kIsSigned ? 1 : 2);
  EXPECT_EQ(firstOutside(view, static_cast<double>(low), static_cast<double>(high), false, NAN), -1);
  EXPECT_EQ(firstNotFinite(view), -1);
}

TEST(Feed, KnowsNoOtherTypes) { EXPECT_THROW(elementType("float16"), Error); }

TEST(Feed, FindsTheFirstElementOutside) {
  const float values[] = {0, 1, 2, 1.5f, 3, NAN};
  EXPECT_EQ(firstOutside({values, ElementType::float32, 6, 1}, 0, 3, false, NAN), 5);
  EXPECT_EQ(firstOutside({values, ElementType::float32, 6, 1}, 0, 3, true, NAN), 3);
  EXPECT_EQ(firstOutside({values, ElementType::float32, 3, 1}, 0, 1, true, NAN), 2);
  EXPECT_EQ(firstOutside({values, ElementType::float32, 3, 1}, 0, 1, true, 2), -1);
}

TEST(Feed, RefusesSizesThatDoNotFit) {
  Data d(4);
  d.spec.count = 5;
  EXPECT_THROW(Feed{d.spec}, Error);
  d.spec.count = 4;
  d.spec.batch = 0;
  EXPECT_THROW(Feed{d.spec}, Error);
  d.spec.batch = 1;
  d.spec.first = -1;
  EXPECT_THROW(Feed{d.spec}, Error);
  const auto refused = [](void (*change)(FeedSpec&)) {
    Data data(4);
    change(data.spec);
    EXPECT_THROW(Feed{data.spec}, Error);
  };
  refused([](FeedSpec& s) { s.x = {}; });
  refused([](FeedSpec& s) { s.x.rowSize = 0; });
  refused([](FeedSpec& s) { s.count = -1; });
  refused([](FeedSpec& s) { s.y.rows = 3; });
  refused([](FeedSpec& s) {
    s.weights = s.y;
    s.weights.rows = 3;
  });
  refused([](FeedSpec& s) {
    s.y = {};
    s.x.rows = s.count = int64_t{1} << 33;
  });
  refused([](FeedSpec& s) { s.skip = -1; });
  refused([](FeedSpec& s) { s.skip = 2; });
  refused([](FeedSpec& s) { s.classWeights.classes = {1}; });
  refused([](FeedSpec& s) { s.classWeights.labelWidth = 0; });
}

TEST(Feed, SkipsBatchesOfItsFirstPassAlone) {
  Data d(10);
  d.spec.batch = 4;
  d.spec.passes = 2;
  for (int64_t skip = 0; skip <= 3; ++skip) {
    d.spec.skip = skip;
    Feed feed(d.spec);
    std::vector<int64_t> first;
    while (feed.next()) first.push_back(feed.row(0));
    std::vector<int64_t> want{0, 4, 8, 0, 4, 8};
    want.erase(want.begin(), want.begin() + skip);
    EXPECT_EQ(first, want) << skip;
  }
}

TEST(Feed, OfNoRowsHasNoBatch) {
  Data d(4);
  d.spec.count = 0;
  d.spec.passes = -1;
  Feed feed(d.spec);
  EXPECT_FALSE(feed.next());
}

TEST(ClassWeights, LooksUpByNumberOrByTheLargest) {
  ClassWeights w;
  w.classes = {0, 2};
  w.weights = {0.5f, 3.0f};
  const float two = 2.2f, one = 1, nan = NAN;
  EXPECT_EQ(w.of(&two), 3.0f);
  EXPECT_EQ(w.of(&one), 1.0f);
  EXPECT_EQ(w.of(&nan), 1.0f);
  w.argmax = true;
  w.labelWidth = 3;
  const float hot[] = {0, 0, 1}, other[] = {0, 2, 1};
  EXPECT_EQ(w.of(hot), 3.0f);
  EXPECT_EQ(w.of(other), 1.0f);
}

}  // namespace
}  // namespace gemmfit
