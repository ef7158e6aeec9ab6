#include "native/engine/feed_queue.h"

#include <cstring>

#include "native/engine/error.h"
#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

constexpr int64_t kLine = 64;

int64_t bytesOf(const ArrayView& array) {
  return array ? ceilDiv(array.rows * array.rowSize * elementBytes(array.type), kLine) * kLine : 0;
}

}  // namespace

void FeedQueue::fill(Slot& slot, const FeedSpec& batch) {
  FeedSpec own = batch;
  const int64_t needed = bytesOf(own.x) + bytesOf(own.y) + bytesOf(own.weights);
  slot.feed.reset();
  if (slot.capacity < needed) {
    slot.memory.reset(new uint8_t[asSize(needed)]);
    slot.capacity = needed;
  }
  slot.used = needed;
  uint8_t* at = slot.memory.get();
  for (ArrayView* array : {&own.x, &own.y, &own.weights}) {
    if (!*array) continue;
    std::memcpy(at, array->data, asSize(array->rows * array->rowSize * elementBytes(array->type)));
    array->data = at;
    at += bytesOf(*array);
  }
  slot.feed.emplace(std::move(own));
}

bool FeedQueue::push(const FeedSpec& batch, int64_t kind) {
  if (batch.count < 1 || batch.count != batch.batch || batch.passes != 1) throw Error("ERR_SPEC", "a queue takes feeds of one batch");
  std::list<Slot> slot;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!free_.empty()) slot.splice(slot.end(), free_, free_.begin());
  }
  if (slot.empty()) slot.emplace_back();
  const int64_t before = slot.front().capacity;
  try {
    fill(slot.front(), batch);
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    bytes_ -= before;
    throw;
  }
  slot.front().kind = kind;
  std::lock_guard<std::mutex> lock(mutex_);
  bytes_ += slot.front().capacity - before;
  waitingBytes_ += slot.front().used;
  waiting_.splice(waiting_.end(), slot);
  full_ = static_cast<int64_t>(waiting_.size()) >= kMost || waitingBytes_ >= kMostBytes;
  return !full_;
}

void FeedQueue::recycle() {
  if (current_.empty()) return;
  // Memory that only a few large batches needed goes.
  if (bytes_ > 2 * kMostBytes) {
    bytes_ -= current_.front().capacity;
    current_.clear();
  } else {
    free_.splice(free_.begin(), current_);
  }
}

int64_t FeedQueue::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto given = static_cast<int64_t>(waiting_.size()) + untouched_;
  waiting_.clear();
  free_.clear();
  untouched_ = false;  // a run that begins may be looking at it: it stays until that has ended
  waitingBytes_ = 0;
  bytes_ = current_.empty() ? 0 : current_.front().capacity;
  full_ = false;
  return given;
}

int64_t FeedQueue::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(waiting_.size()) + untouched_;
}

int64_t FeedQueue::bytes() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return bytes_;
}

void FeedQueue::take() {
  recycle();
  waitingBytes_ -= waiting_.front().used;
  current_.splice(current_.end(), waiting_, waiting_.begin());
}

const Feed* FeedQueue::begin() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!untouched_) {
    if (waiting_.empty()) return nullptr;
    take();
    untouched_ = true;
  }
  const Slot& first = current_.front();
  kind_ = first.kind;
  rows_ = first.feed->spec.batch;
  return &*first.feed;
}

const Feed* FeedQueue::nextFeed() {
  bool room = false;
  Feed* next = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const bool goesOn = !waiting_.empty() && waiting_.front().kind == kind_ && waiting_.front().feed->spec.batch == rows_;
    if (!untouched_ && goesOn) take();
    if (untouched_ || goesOn) {
      next = &*current_.front().feed;
      next->next();
    } else {
      recycle();
    }
    untouched_ = false;
    room = full_ && static_cast<int64_t>(waiting_.size()) <= kMost / 2 && waitingBytes_ <= kMostBytes / 2;
    if (room) full_ = false;
  }
  if (room && onRoom) onRoom();
  return next;
}

}  // namespace gemmfit
