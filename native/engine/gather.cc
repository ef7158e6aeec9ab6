#include "native/engine/gather.h"

#include <algorithm>

#include "native/kernels/finite.h"

namespace gemmfit {

void Gather::begin(const Feed& feed) {
  feed_ = &feed;
  direct_ = feed.direct();
}

void Gather::rows(int64_t begin, int64_t end) {
  copy(begin, end, 0, feed_->spec.x.rowSize);
  labels(begin, end);
}

void Gather::columns(int64_t rows, const Columns& columns) { copy(0, rows, columns.begin, columns.count); }

void Gather::copy(int64_t begin, int64_t end, int64_t from, int64_t columns) {
  const ArrayView& view = feed_->spec.x;
  if (!direct_)
    for (int64_t r = begin; r < end; ++r) view.copy(feed_->row(r), from, columns, places.input + r * view.rowSize + from);
  if (!check_ || (view.type != ElementType::float32 && view.type != ElementType::float64)) return;
  const float* rows = x() + begin * view.rowSize;
  bool all = true;
  if (columns == view.rowSize)
    all = allFinite(rows, (end - begin) * columns);
  else
    for (int64_t r = 0; r < end - begin; ++r) all = all && allFinite(rows + r * view.rowSize + from, columns);
  if (!all) notFinite_.store(true, std::memory_order_relaxed);
}

void Gather::labels(int64_t begin, int64_t end) {
  if (!places.label) return;
  const FeedSpec& f = feed_->spec;
  for (int64_t r = begin; r < end; ++r) {
    const int64_t row = feed_->row(r);
    if (f.y) f.y.copyRow(row, places.label + r * f.y.rowSize);
    if (weightSteps_ == 0) continue;
    float* w = places.weight + r * weightSteps_;
    if (f.weights && f.weights.rowSize == weightSteps_) {
      f.weights.copyRow(row, w);
    } else {  // a weight stands for so many items: of a whole sample, or of a line of it where classes weigh each item
      const int64_t given = f.weights ? f.weights.rowSize : 1, each = weightSteps_ / given;
      for (int64_t k = 0; k < given; ++k)
        std::fill(w + k * each, w + (k + 1) * each, f.weights ? static_cast<float>(f.weights.value(row * given + k)) : 1.0f);
    }
    if (f.classWeights.classes.empty()) continue;
    const int64_t stride = f.y.rowSize / weightSteps_;
    for (int64_t t = 0; t < weightSteps_; ++t) w[t] *= f.classWeights.of(places.label + r * f.y.rowSize + t * stride);
  }
}

}  // namespace gemmfit
