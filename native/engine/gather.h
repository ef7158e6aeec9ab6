#pragma once
#include <atomic>
#include <cstdint>

#include "native/engine/feed.h"
#include "native/engine/op.h"

namespace gemmfit {

// Where the batch's rows, labels and weights of samples are gathered. The memory plan says where.
struct BatchPlaces {
  float* input = nullptr;
  float* label = nullptr;
  float* weight = nullptr;
};

// Brings a batch in from the feed: rows that follow each other in float32 are read where they are, others gathered and widened.
// Threads: the leader begins a batch; tasks gather parts of it.
class Gather {
 public:
  explicit Gather(int64_t weightSteps) : weightSteps_(weightSteps) {}
  BatchPlaces places;

  void begin(const Feed& feed);
  bool inPlace() const { return direct_ != nullptr; }
  const float* x() const { return direct_ ? direct_ : places.input; }
  const Feed& feed() const { return *feed_; }
  void rows(int64_t begin, int64_t end);               // of samples, with their labels and weights
  void columns(int64_t rows, const Columns& columns);  // those columns of all samples
  void labels(int64_t begin, int64_t end);
  void checkFinite(bool check) { check_ = check, notFinite_ = false; }  // x is looked at while it is gathered
  bool foundNotFinite() const { return notFinite_.load(std::memory_order_relaxed); }

 private:
  void copy(int64_t begin, int64_t end, int64_t from, int64_t columns);

  const int64_t weightSteps_;
  const Feed* feed_ = nullptr;
  const float* direct_ = nullptr;
  bool check_ = false;
  std::atomic<bool> notFinite_{false};
};

}  // namespace gemmfit
