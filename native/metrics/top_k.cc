#include <algorithm>
#include <cmath>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

// TensorFlow's in_top_k: fewer than k scores are larger than the label's, so that ties at the boundary count as hits.
// Where any score is not finite nothing can be said, and the answer is no.
bool inTopK(int64_t label, const float* p, int64_t n, int64_t k) {
  if (label < 0 || label >= n) return false;
  const float score = p[label];
  int64_t larger = 0;
  for (int64_t j = 0; j < n; ++j) {
    if (!std::isfinite(p[j])) return false;
    larger += p[j] > score ? 1 : 0;
  }
  return larger < k;
}

// Labels as int32, cut towards zero; -1 for what is no class.
int64_t asClass(float label, int64_t n) { return label > -1 && label < static_cast<float>(n) ? static_cast<int64_t>(label) : -1; }

class TopK : public MeanState {
 public:
  TopK(int64_t k, bool sparse, bool sortedIds) : k_(k), sparse_(sparse), sortedIds_(sortedIds) {}

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    add(state, weights, items, [&](int64_t i) {
      const float* p = yPred + i * width;
      if (sortedIds_) return std::find(p, p + std::min(k_, width), yTrue[i]) != p + std::min(k_, width) ? 1.0 : 0.0;
      const int64_t label = sparse_ ? asClass(yTrue[i], width) : argmax(yTrue + i * width, width);
      return inTopK(label, p, width, k_) ? 1.0 : 0.0;
    });
  }

 private:
  int64_t k_;
  bool sparse_, sortedIds_;
};

int64_t readK(const Value& spec) {
  const int64_t k = spec.integer("k", 5);
  if (k < 1) badSpec("'k' must be at least 1");
  return k;
}

}  // namespace

std::unique_ptr<Metric> topKCategoricalAccuracy(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<TopK>(readK(spec), false, false);
}

std::unique_ptr<Metric> sparseTopKCategoricalAccuracy(const Value& spec, int64_t /*width*/, int64_t labelWidth) {
  requireSparseLabels(spec, labelWidth);
  return std::make_unique<TopK>(readK(spec), true, spec.flag("fromSortedIds", false));
}

}  // namespace metrics
}  // namespace gemmfit
