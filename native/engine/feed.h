#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/value.h"

namespace gemmfit {

enum class ElementType { float32, float64, int8, uint8, int16, uint16, int32, uint32, int64 };

// A data set's array as JavaScript holds it: rows of `rowSize` elements. Never owned, never copied, never widened as a whole.
struct ArrayView {
  const void* data = nullptr;
  ElementType type = ElementType::float32;
  int64_t rows = 0;
  int64_t rowSize = 0;

  explicit operator bool() const { return data != nullptr || rowSize > 0; }
  void copyRow(int64_t row, float* out) const { copy(row, 0, rowSize, out); }
  void copy(int64_t row, int64_t from, int64_t n, float* out) const;  // elements of a row, widened to float32
  double value(int64_t index) const;                                  // one element, wherever it is
};
ElementType elementType(const std::string& name);  // Error ERR_SPEC for an unknown one
int64_t elementBytes(ElementType type);

// Index of the first element outside [low, high], or not a whole number where that is asked, or NaN; -1 when all fit.
// `except`, when not NaN, is allowed besides.
int64_t firstOutside(const ArrayView& array, double low, double high, bool wholeNumbers, double except);

// Index of the first element that is NaN, infinite, or beyond float32, in which the engine computes; -1 when there is none.
int64_t firstNotFinite(const ArrayView& array);

// Weights by class, looked up by the label of each item. Classes that are not listed weigh 1.
struct ClassWeights {
  std::vector<int64_t> classes;
  std::vector<float> weights;
  bool argmax = false;     // the label is a vector: its class is where it is largest; else it is the class itself, rounded (halves to even)
  int64_t labelWidth = 1;  // elements of y per item
  float of(const float* label) const;
};

enum class Shuffle { none, rows, batches, given };

struct FeedSpec {
  ArrayView x, y, weights;
  int64_t first = 0;  // the rows used: [first, first + count)
  int64_t count = 0;
  int64_t batch = 32;
  Shuffle shuffle = Shuffle::none;
  uint64_t seed = 0;
  int64_t pass = 0;    // number of the first pass: an order of rows is a function of (seed, pass)
  int64_t passes = 1;  // how many until the feed is exhausted; < 0: no end
  int64_t skip = 0;    // batches of the first pass that another feed has given before
  // Shuffle::given: the rows of each pass, from `first` on, `count` of them; some may come often, others never.
  std::vector<uint32_t> order;
  ClassWeights classWeights;
};
// { first, count, batch, seed, pass, passes, skip, shuffle, classWeights } of a feed over these arrays. Error ERR_SPEC where one is none.
FeedSpec readFeedSpec(FeedSpec arrays, const Value& options);
ClassWeights readClassWeights(const Value& given);  // { classes, weights, argmax, labelWidth }; null: none

class Feed;

// Where a run takes its batches from.
class Feeds {
 public:
  virtual ~Feeds() = default;
  virtual const Feed* begin() = 0;     // before the first batch: a feed that tells the sizes of all; null where there is none
  virtual const Feed* nextFeed() = 0;  // one that stands at the next batch; null where the run is to end
};

// A stream of batches over arrays: where the next batch begins, and which rows it has. Used by one job at a time.
class Feed final : public Feeds {
 public:
  explicit Feed(FeedSpec spec);  // Error ERR_SPEC where sizes do not fit together
  const FeedSpec spec;

  const Feed* begin() override { return this; }
  const Feed* nextFeed() override { return next() ? this : nullptr; }

  bool next();  // moves to the next batch; false when the passes are used up
  int64_t rows() const { return rows_; }
  int64_t row(int64_t i) const;  // the i-th row of the current batch, as a row of the arrays
  // The current batch in place, where its rows are float32 and follow each other; else null.
  const float* direct() const;
  // Of its own, once it is in use: the order of rows.
  int64_t bytes() const {
    return spec.shuffle == Shuffle::none || spec.shuffle == Shuffle::given ? 0 : spec.count * static_cast<int64_t>(sizeof(uint32_t));
  }

 private:
  void shuffle();
  int64_t position_ = 0;  // rows of this pass already given out
  int64_t begin_ = 0;     // of the current batch, within the pass
  int64_t rows_ = 0;
  int64_t passesDone_ = 0;
  bool ordered_ = false;  // order_ holds this pass
  std::vector<uint32_t> order_;
};

}  // namespace gemmfit
