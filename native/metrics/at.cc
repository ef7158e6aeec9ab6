#include <algorithm>

#include "native/metrics/common.h"
#include "native/metrics/thresholds.h"

namespace gemmfit {
namespace metrics {
namespace {

using Counts = Buckets::Counts;

double sensitivity(const Counts& c) { return divideNoNan(c.tp, c.tp + c.fn); }
double specificity(const Counts& c) { return divideNoNan(c.tn, c.tn + c.fp); }
double precisionOf(const Counts& c) { return divideNoNan(c.tp, c.tp + c.fp); }

// The best of one statistic among the thresholds at which another is at least `value`; 0 where none is.
// spec: { value, numThresholds?, classId? }.
class BestAt : public Metric {
 public:
  using Statistic = double (*)(const Counts&);

  BestAt(const Value& spec, Statistic best, Statistic constrained, int64_t width)
      : best_(best), constrained_(constrained), value_(static_cast<float>(spec.number("value"))) {
    const int64_t only = spec.integer("classId", -1);
    if (only >= width) badSpec("'classId' is " + std::to_string(only) + " but items have " + std::to_string(width) + " elements");
    first_ = only < 0 ? 0 : only;
    last_ = only < 0 ? width : only + 1;
    const int64_t count = spec.integer("numThresholds", 200);
    thresholds_ = count == 1 ? Thresholds({0.5}) : Thresholds::even(count, false);
  }

  int64_t stateSize() const override { return Buckets::stateSize(thresholds_); }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    for (int64_t i = 0; i < items; ++i) {
      const double w = weights ? weights[i] : 1.0;
      for (int64_t j = i * width + first_; j < i * width + last_; ++j) Buckets::add(state, thresholds_, yTrue[j] != 0, yPred[j], w);
    }
  }

  std::vector<double> result(const double* state) const override {
    double most = 0;
    // The constraint is a comparison of float32 numbers: 3/5 reaches 0.6.
    for (const Counts& c : Buckets{state, thresholds_.size()}.all())
      if (static_cast<float>(constrained_(c)) >= value_) most = std::max(most, best_(c));
    return {most};
  }

 private:
  Statistic best_, constrained_;
  float value_;
  int64_t first_ = 0, last_ = 0;
  Thresholds thresholds_;
};

std::unique_ptr<Metric> make(const Value& spec, BestAt::Statistic best, BestAt::Statistic constrained, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<BestAt>(spec, best, constrained, width);
}

}  // namespace

std::unique_ptr<Metric> sensitivityAtSpecificity(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, sensitivity, specificity, width, labelWidth);
}
std::unique_ptr<Metric> specificityAtSensitivity(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, specificity, sensitivity, width, labelWidth);
}
std::unique_ptr<Metric> precisionAtRecall(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, precisionOf, sensitivity, width, labelWidth);
}
std::unique_ptr<Metric> recallAtPrecision(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, sensitivity, precisionOf, width, labelWidth);
}

}  // namespace metrics
}  // namespace gemmfit
