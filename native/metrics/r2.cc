#include <cmath>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

// 1 - SSE / (sum w y^2 - (sum w y)^2 / sum w) for each column of the last axis.
// spec: { classAggregation?: 'uniform_average' | 'variance_weighted_average' | 'none', numRegressors? }.
// State: four sums a column, then the number of elements seen, which the adjusted score takes as its n.
class R2 : public Metric {
 public:
  explicit R2(const Value& spec) : regressors_(spec.integer("numRegressors", 0)) {
    const std::string aggregation = spec.text("classAggregation", "uniform_average");
    weighted_ = aggregation == "variance_weighted_average";
    each_ = aggregation == "none";
    if (!weighted_ && !each_ && aggregation != "uniform_average") badSpec("unknown aggregation '" + aggregation + "'");
    if (regressors_ < 0) badSpec("'numRegressors' must not be negative");
  }

  int64_t stateSize() const override { return 4 * width + 1; }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    for (int64_t i = 0; i < items; ++i) {
      const double w = weights ? weights[i] : 1.0;
      for (int64_t j = 0; j < width && w != 0; ++j) {
        const double y = yTrue[i * width + j], error = y - yPred[i * width + j];
        double* s = state + 4 * j;
        s[0] += w * y;
        s[1] += w * y * y;
        s[2] += w * error * error;
        s[3] += w;
      }
    }
    state[4 * width] += static_cast<double>(items * width);
  }

  std::vector<double> result(const double* state) const override {
    std::vector<double> scores;
    double sum = 0, weighted = 0, totals = 0;
    for (int64_t j = 0; j < width; ++j) {
      const double* s = state + 4 * j;
      const double total = s[1] - s[0] * (s[0] / s[3]);
      double score = 1 - s[2] / total;
      if (std::isinf(score)) score = 0;
      scores.push_back(score);
      sum += score;
      weighted += total * score;
      totals += total;
    }
    if (!each_) scores = {weighted_ ? weighted / totals : sum / static_cast<double>(width)};
    const double n = state[4 * width], p = static_cast<double>(regressors_);
    if (p > 0 && p < n - 1)
      for (double& score : scores) score = 1 - (1 - score) * (n - 1) / (n - p - 1);
    return scores;
  }

 private:
  int64_t regressors_;
  bool weighted_ = false, each_ = false;
};

}  // namespace

std::unique_ptr<Metric> r2Score(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<R2>(spec);
}

}  // namespace metrics
}  // namespace gemmfit
