#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "native/engine/value.h"

namespace gemmfit {

// A metric as sums: `update` adds a group of items to a state of doubles, `result` reads it. States are plain sums, so that
// the states of several row chunks (each owned by one task) merge by addition, in a fixed order.
// An item is one vector along the last axis of yPred: `width` floats; yTrue has `labelWidth` floats an item (1 for sparse labels).
class Metric {
 public:
  virtual ~Metric() = default;
  virtual int64_t stateSize() const = 0;
  // weights: one float an item, or null (all 1).
  virtual void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const = 0;
  // One value, or several (F1Score with average null gives one a class).
  virtual std::vector<double> result(const double* state) const = 0;

  int64_t width = 1;
  int64_t labelWidth = 1;
};

// The table in native/metrics/registry.cc. spec: { metric: 'auc', ...options in camelCase }.
std::unique_ptr<Metric> makeMetric(const Value& spec, int64_t width, int64_t labelWidth);

}  // namespace gemmfit
