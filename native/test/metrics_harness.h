#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/metric.h"

namespace gemmfit {

using Floats = std::vector<float>;

// What a metric says about these items. The items go in as chunks of `chunk`, each into a state of its own; the states are
// then added, as the engine does with row chunks.
inline std::vector<double> measure(const Value& spec, int64_t width, int64_t labelWidth, const Floats& yTrue, const Floats& yPred,
                                   const Floats& weights = {}, int64_t chunk = 1 << 20) {
  const std::unique_ptr<Metric> metric = makeMetric(spec, width, labelWidth);
  const int64_t items = static_cast<int64_t>(yPred.size()) / width;
  std::vector<double> total(static_cast<size_t>(metric->stateSize()), 0.0);
  for (int64_t from = 0; from < items; from += chunk) {
    std::vector<double> state(total.size(), 0.0);
    metric->update(state.data(), yTrue.data() + from * labelWidth, yPred.data() + from * width,
                   weights.empty() ? nullptr : weights.data() + from, std::min(chunk, items - from));
    for (size_t i = 0; i < total.size(); ++i) total[i] += state[i];
  }
  return metric->result(total.data());
}

inline Value metricSpec(const char* name, Value::Object options = {}) {
  options["metric"] = name;
  return options;
}

// Numbers that look random and are the same everywhere: a linear congruential generator.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint32_t bits() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>(state_ >> 33);
  }
  int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint32_t>(n)); }
  float unit() { return static_cast<float>(bits()) * 0x1p-31f; }
  Floats units(int64_t n) {
    Floats out;
    for (int64_t i = 0; i < n; ++i) out.push_back(unit());
    return out;
  }
  Floats whole(int64_t n, int64_t below_) {
    Floats out;
    for (int64_t i = 0; i < n; ++i) out.push_back(static_cast<float>(below(below_)));
    return out;
  }

 private:
  uint64_t state_;
};

}  // namespace gemmfit
