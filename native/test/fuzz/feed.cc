#include "native/engine/feed.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/feed_queue.h"
#include "native/test/fuzz/bytes.h"
#include "native/test/fuzz/targets.h"

namespace gemmfit::fuzz {
namespace {

constexpr ElementType kTypes[] = {ElementType::float32, ElementType::float64, ElementType::int8,   ElementType::uint8, ElementType::int16,
                                  ElementType::uint16,  ElementType::int32,   ElementType::uint32, ElementType::int64};

// An array in memory of exactly its size, so that who reads beyond it is found.
struct Array {
  std::unique_ptr<uint8_t[]> memory;
  ArrayView view;
  Array(Bytes& bytes, int64_t rows) {
    view.type = kTypes[bytes.below(9)];
    view.rowSize = bytes.below(9);
    view.rows = view.rowSize == 0 ? 0 : bytes.flag() ? rows : bytes.below(40);
    const auto size = static_cast<size_t>(view.rows * view.rowSize * elementBytes(view.type));
    memory = std::make_unique<uint8_t[]>(size);
    for (size_t i = 0; i < size; ++i) memory[i] = static_cast<uint8_t>(i * 37);
    if (view.rowSize > 0) view.data = memory.get();
  }
};

// All rows of a batch, in each way in which they are read.
void read(const Feed& feed, std::vector<int>* times) {
  const FeedSpec& s = feed.spec;
  std::vector<float> row(16), label(16);
  const float* direct = feed.direct();
  for (int64_t i = 0; i < feed.rows(); ++i) {
    const int64_t r = feed.row(i);
    if (r < s.first || r >= s.first + s.count) std::abort();
    s.x.copyRow(r, row.data());
    if (direct && std::memcmp(direct + i * s.x.rowSize, row.data(), static_cast<size_t>(s.x.rowSize) * sizeof(float)) != 0) std::abort();
    if (s.y) s.y.copyRow(r, label.data());
    if (s.weights) s.weights.copyRow(r, row.data());
    if (s.y && s.classWeights.labelWidth <= s.y.rowSize) s.classWeights.of(label.data());
    if (times) ++(*times)[static_cast<size_t>(r - s.first)];
  }
}

// Each row once a pass, and no batch of none.
void readPasses(Feed& feed) {
  const FeedSpec& s = feed.spec;
  std::vector<int> times(static_cast<size_t>(s.count));
  int64_t left = s.count - std::min(s.count, s.skip * s.batch);
  const bool whole = s.skip == 0;
  for (int batches = 0; batches < 60 && feed.next(); ++batches) {
    if (feed.rows() < 1 || feed.rows() > s.batch) std::abort();
    if (left == 0) left = s.count;
    read(feed, &times);
    left -= feed.rows();
    if (left < 0) std::abort();
    if (left == 0 && whole && std::any_of(times.begin(), times.end(), [&](int n) { return n != times[0]; })) std::abort();
  }
}

void readQueue(Bytes& bytes, const FeedSpec& kind) {
  FeedQueue queue;
  queue.onRoom = [] {};
  int64_t number = 0;
  for (int commands = 0; commands < 40 && !bytes.over(); ++commands) switch (bytes.below(4)) {
      case 0: {
        FeedSpec batch = kind;
        batch.first = 0;
        batch.count = batch.batch = bytes.below(kind.x.rows + 1);
        for (ArrayView* a : {&batch.x, &batch.y, &batch.weights})
          if (a->rowSize > 0) a->rows = batch.count;
        batch.shuffle = Shuffle::none;
        batch.skip = 0;
        batch.passes = 1;
        number += bytes.below(2);
        if (batch.count > 0) queue.push(batch, number);
        break;
      }
      case 1:
        queue.clear();
        break;
      default:
        if (!queue.begin()) break;
        for (int64_t n = bytes.below(4); n > 0; --n) {
          const Feed* feed = queue.nextFeed();
          if (!feed) break;
          read(*feed, nullptr);
        }
    }
  if (queue.size() < 0 || queue.bytes() < 0) std::abort();
}

}  // namespace

void feed(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  try {
    const int64_t rows = bytes.below(40);
    const Array x(bytes, rows), y(bytes, rows), weights(bytes, rows);
    FeedSpec arrays;
    arrays.x = x.view;
    arrays.y = y.view;
    arrays.weights = weights.view;
    for (const ArrayView* a : {&arrays.x, &arrays.y}) {
      if (!*a) continue;
      const int64_t outside = firstOutside(*a, bytes.number(), bytes.number(), bytes.flag(), bytes.number());
      if (outside < -1 || outside >= a->rows * a->rowSize) std::abort();
      firstNotFinite(*a);
    }
    Feed feed(readFeedSpec(arrays, bytes.value()));
    readPasses(feed);
    if (feed.spec.x.rows > 0) readQueue(bytes, feed.spec);
  } catch (const Error&) {
  }
}

}  // namespace gemmfit::fuzz
