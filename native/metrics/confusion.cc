#include <cmath>

#include "native/metrics/common.h"
#include "native/metrics/thresholds.h"

namespace gemmfit {
namespace metrics {
namespace {

enum class Statistic { truePositives, trueNegatives, falsePositives, falseNegatives, precision, recall };

constexpr double kNothing = -1e10;  // Keras's score of what is not among the top k

// The k-th score of an item in descending order, where of equal scores the one further to the front comes first.
struct Place {
  float score;
  int64_t index;
  bool within(float s, int64_t i) const { return s > score || (s == score && i <= index); }
};

Place kth(const float* p, int64_t n, int64_t k) {
  Place last{std::numeric_limits<float>::infinity(), -1};
  for (; k > 0; --k) {
    Place next{0, -1};
    for (int64_t j = 0; j < n; ++j) {
      const bool after = p[j] < last.score || (p[j] == last.score && j > last.index);
      if (after && (next.index < 0 || p[j] > next.score)) next = {p[j], j};
    }
    if (next.index < 0) break;
    last = next;
  }
  return last;
}

// Counts over all elements, flattened; the item's weight counts for each of its elements. Options: thresholds (one result
// each), topK (only the k highest of an item may be positive), classId (only this element of each item).
class Confusion : public Metric {
 public:
  Confusion(const Value& spec, Statistic statistic, int64_t width) : statistic_(statistic), topK_(spec.integer("topK", 0)) {
    const int64_t only = spec.integer("classId", -1);
    if (only >= width) badSpec("'classId' is " + std::to_string(only) + " but items have " + std::to_string(width) + " elements");
    first_ = only < 0 ? 0 : only;
    last_ = only < 0 ? width : only + 1;
    if (topK_ < 0) badSpec("'topK' must be at least 1");
    const std::vector<double> given = spec.numbers("thresholds");
    thresholds_ = Thresholds(!given.empty() ? given : std::vector<double>{topK_ ? kNothing : 0.5});
  }

  int64_t stateSize() const override { return Buckets::stateSize(thresholds_); }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    for (int64_t i = 0; i < items; ++i) {
      const double w = weights ? weights[i] : 1.0;
      const float* y = yTrue + i * width;
      const float* p = yPred + i * width;
      if (!topK_) {
        for (int64_t j = first_; j < last_; ++j) Buckets::add(state, thresholds_, y[j] != 0, p[j], w);
        continue;
      }
      const Place place = kth(p, width, topK_);
      for (int64_t j = first_; j < last_; ++j)
        Buckets::add(state, thresholds_, y[j] != 0, place.within(p[j], j) ? p[j] : static_cast<float>(kNothing), w);
    }
  }

  std::vector<double> result(const double* state) const override {
    const Buckets buckets{state, thresholds_.size()};
    std::vector<double> out;
    for (int64_t t = 0; t < thresholds_.size(); ++t) out.push_back(of(buckets.at(thresholds_.rank(t))));
    return out;
  }

 private:
  double of(const Buckets::Counts& c) const {
    switch (statistic_) {
      case Statistic::truePositives:
        return c.tp;
      case Statistic::trueNegatives:
        return c.tn;
      case Statistic::falsePositives:
        return c.fp;
      case Statistic::falseNegatives:
        return c.fn;
      case Statistic::precision:
        return divideNoNan(c.tp, c.tp + c.fp);
      case Statistic::recall:
        return divideNoNan(c.tp, c.tp + c.fn);
    }
    return 0;
  }

  Statistic statistic_;
  int64_t topK_, first_ = 0, last_ = 0;
  Thresholds thresholds_;
};

std::unique_ptr<Metric> make(const Value& spec, Statistic statistic, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<Confusion>(spec, statistic, width);
}

}  // namespace

std::unique_ptr<Metric> truePositives(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, Statistic::truePositives, width, labelWidth);
}
std::unique_ptr<Metric> trueNegatives(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, Statistic::trueNegatives, width, labelWidth);
}
std::unique_ptr<Metric> falsePositives(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, Statistic::falsePositives, width, labelWidth);
}
std::unique_ptr<Metric> falseNegatives(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, Statistic::falseNegatives, width, labelWidth);
}
std::unique_ptr<Metric> precision(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, Statistic::precision, width, labelWidth);
}
std::unique_ptr<Metric> recall(const Value& spec, int64_t width, int64_t labelWidth) {
  return make(spec, Statistic::recall, width, labelWidth);
}

}  // namespace metrics
}  // namespace gemmfit
