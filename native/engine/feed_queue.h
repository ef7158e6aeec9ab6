#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "native/engine/feed.h"

namespace gemmfit {

// Batches that come one by one, in their order. Each is copied as it is put in: whoever made it may fill the same arrays anew. A run takes
// batches of one kind (the same sizes of samples) and of one number of rows, and ends where there is none: it never waits.
// Threads: `push`, `clear` on one, `begin` and `nextFeed` on that of the run, the rest on any.
class FeedQueue final : public Feeds {
 public:
  static constexpr int64_t kMost = 64;                     // batches
  static constexpr int64_t kMostBytes = int64_t{1} << 24;  // 16 MiB; the queue takes one batch in any case

  // A feed of one batch. Returns whether there is room for another; where not, `onRoom` is called once half of it is free.
  bool push(const FeedSpec& batch, int64_t kind);
  int64_t clear();  // gives up what no run has taken, and tells how many they were; and memory that no run needs
  int64_t size() const;
  int64_t bytes() const;  // of its own memory

  const Feed* begin() override;     // null where there is none
  const Feed* nextFeed() override;  // stays as it is until the next one is asked for

  std::function<void()> onRoom;  // on the thread of a run

 private:
  struct Slot {
    std::unique_ptr<uint8_t[]> memory;
    int64_t capacity = 0;
    int64_t used = 0;
    int64_t kind = 0;
    std::optional<Feed> feed;
  };
  void fill(Slot& slot, const FeedSpec& batch);
  void recycle();  // what the run is through with
  void take();     // the first that waits is the run's

  mutable std::mutex mutex_;
  std::list<Slot> waiting_, current_, free_;
  int64_t waitingBytes_ = 0, bytes_ = 0;
  int64_t kind_ = 0, rows_ = 0;  // of the run
  bool full_ = false;
  bool untouched_ = false;  // the run has looked at the first batch, and not been given it
};

}  // namespace gemmfit
