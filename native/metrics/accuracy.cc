#include <algorithm>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

constexpr int64_t kBlock = 1 << 16;

// Accuracies that compare element by element; an item's value is its share of hits.
template <class Hit>
class ElementAccuracy : public MeanState {
 public:
  explicit ElementAccuracy(Hit hit) : hit_(hit) {}

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    if (!weights) {
      int64_t hits = 0;
      const int64_t n = items * width;
      for (int64_t from = 0; from < n; from += kBlock) hits += count(yTrue + from, yPred + from, std::min(kBlock, n - from));
      state[0] += static_cast<double>(hits) / static_cast<double>(width);
      state[1] += static_cast<double>(items);
      return;
    }
    add(state, weights, items, [&](int64_t i) { return count(yTrue + i * width, yPred + i * width, width) / static_cast<double>(width); });
  }

 private:
  // 32 bits hold the count of any block or item, and let the compiler compare a vector of floats at a time.
  int32_t count(const float* yTrue, const float* yPred, int64_t n) const {
    int32_t hits = 0;
    for (int64_t i = 0; i < n; ++i) hits += hit_(yTrue[i], yPred[i]) ? 1 : 0;
    return hits;
  }

  Hit hit_;
};

template <class Hit>
std::unique_ptr<Metric> elementAccuracy(Hit hit) {
  return std::make_unique<ElementAccuracy<Hit>>(hit);
}

class CategoricalAccuracy : public MeanState {
 public:
  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    add(state, weights, items, [&](int64_t i) { return argmax(yTrue + i * width, width) == argmax(yPred + i * width, width) ? 1.0 : 0.0; });
  }
};

// argmax(p) == label, without finding the argmax: nothing before the label may reach its score, nothing after may pass it.
// Both loops are free of branches, where an argmax of near-random scores is mispredicted again and again.
inline bool labelWins(float label, const float* p, int64_t n) {
  if (!(label >= 0 && label < static_cast<float>(n))) return false;
  const int64_t c = static_cast<int64_t>(label);
  if (static_cast<float>(c) != label) return false;
  const float score = p[c];
  if (!(score > std::numeric_limits<float>::lowest())) return argmax(p, n) == c;  // NaN and -Infinity never beat anything
  int32_t lost = 0;
  for (int64_t j = 0; j < c; ++j) lost |= p[j] >= score ? 1 : 0;
  for (int64_t j = c + 1; j < n; ++j) lost |= p[j] > score ? 1 : 0;
  return lost == 0;
}

class SparseCategoricalAccuracy : public MeanState {
 public:
  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    add(state, weights, items, [&](int64_t i) { return labelWins(yTrue[i], yPred + i * width, width) ? 1.0 : 0.0; });
  }
};

}  // namespace

std::unique_ptr<Metric> accuracy(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return elementAccuracy([](float y, float p) { return y == p; });
}

std::unique_ptr<Metric> binaryAccuracy(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  const float threshold = static_cast<float>(spec.number("threshold", 0.5));
  return elementAccuracy([threshold](float y, float p) { return y == (p > threshold ? 1.0f : 0.0f); });
}

std::unique_ptr<Metric> categoricalAccuracy(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<CategoricalAccuracy>();
}

std::unique_ptr<Metric> sparseCategoricalAccuracy(const Value& spec, int64_t /*width*/, int64_t labelWidth) {
  requireSparseLabels(spec, labelWidth);
  return std::make_unique<SparseCategoricalAccuracy>();
}

}  // namespace metrics
}  // namespace gemmfit
