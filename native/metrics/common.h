#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/metric.h"
#include "native/engine/value.h"

namespace gemmfit {
namespace metrics {

[[noreturn]] inline void badSpec(const std::string& message) { throw Error("ERR_SPEC", message); }

inline void requireSameWidth(const Value& spec, int64_t width, int64_t labelWidth) {
  if (width != labelWidth)
    badSpec("metric '" + spec.text("metric", "") + "' compares labels of " + std::to_string(labelWidth) + " elements with outputs of " +
            std::to_string(width));
}

inline void requireSparseLabels(const Value& spec, int64_t labelWidth) {
  if (labelWidth != 1)
    badSpec("metric '" + spec.text("metric", "") + "' takes one class number an item, not " + std::to_string(labelWidth) + " elements");
}

// TensorFlow's argmax: the first of equal maxima wins, NaN never does, and where nothing can win the answer is 0.
inline int64_t argmax(const float* x, int64_t n) {
  float best = std::numeric_limits<float>::lowest();
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (x[i] > best) {
      best = x[i];
      at = i;
    }
  }
  return at;
}

// The division of Keras's metrics: nothing over nothing is 0.
inline double divideNoNan(double a, double b) { return b == 0 ? 0 : a / b; }

// A weighted mean of one value an item: sum(w * v) / sum(w).
class MeanState : public Metric {
 public:
  int64_t stateSize() const override { return 2; }
  std::vector<double> result(const double* state) const override { return {divideNoNan(state[0], state[1])}; }

 protected:
  // `value(i)` of item i. An item of weight 0 is absent: whatever its value, NaN included, it adds nothing.
  template <class ValueOf>
  static void add(double* state, const float* weights, int64_t items, ValueOf&& value) {
    double sum = 0, count = 0;
    if (weights) {
      for (int64_t i = 0; i < items; ++i) {
        if (weights[i] == 0) continue;
        sum += static_cast<double>(weights[i]) * value(i);
        count += weights[i];
      }
    } else {
      for (int64_t i = 0; i < items; ++i) sum += value(i);
      count = static_cast<double>(items);
    }
    state[0] += sum;
    state[1] += count;
  }
};

}  // namespace metrics
}  // namespace gemmfit
