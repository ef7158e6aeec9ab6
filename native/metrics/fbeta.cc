#include <algorithm>
#include <cmath>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

constexpr double kEpsilon = 1e-7;

// spec: { average?: 'micro' | 'macro' | 'weighted', beta?, threshold? }. State: for each class the sums of true positives,
// false positives and false negatives. Without a threshold an item's largest outputs count as its prediction, but never a 0.
class FBeta : public Metric {
 public:
  explicit FBeta(const Value& spec)
      : average_(spec.text("average", "")),
        beta2_(spec.number("beta", 1) * spec.number("beta", 1)),
        hasThreshold_(spec.has("threshold")),
        threshold_(static_cast<float>(spec.number("threshold", 0))) {
    if (!average_.empty() && average_ != "micro" && average_ != "macro" && average_ != "weighted")
      badSpec("unknown average '" + average_ + "'");
    if (!(beta2_ > 0) || !std::isfinite(beta2_)) badSpec("'beta' must be above 0");
  }

  int64_t stateSize() const override { return 3 * width; }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    for (int64_t i = 0; i < items; ++i) {
      const double w = weights ? weights[i] : 1.0;
      if (w == 0) continue;
      const float* p = yPred + i * width;
      float largest = p[0];
      for (int64_t j = 1; j < width && !hasThreshold_; ++j)
        if (p[j] > largest || std::isnan(p[j])) largest = p[j];  // NaN stays, and nothing reaches it
      for (int64_t j = 0; j < width; ++j) {
        const bool positive = hasThreshold_ ? p[j] > threshold_ : p[j] >= largest && std::fabs(p[j]) > 1e-9f;
        const double y = yTrue[i * width + j];
        double* s = state + 3 * j;
        if (positive) {
          s[0] += w * y;
          s[1] += w * (1 - y);
        } else {
          s[2] += w * y;
        }
      }
    }
  }

  std::vector<double> result(const double* state) const override {
    if (average_ == "micro") {
      double tp = 0, fp = 0, fn = 0;
      for (int64_t j = 0; j < width; ++j) {
        tp += state[3 * j];
        fp += state[3 * j + 1];
        fn += state[3 * j + 2];
      }
      return {score(tp, fp, fn)};
    }
    std::vector<double> scores;
    double sum = 0, weighted = 0, support = 0;
    for (int64_t j = 0; j < width; ++j) {
      const double* s = state + 3 * j;
      scores.push_back(score(s[0], s[1], s[2]));
      sum += scores.back();
      weighted += scores.back() * (s[0] + s[2]);
      support += s[0] + s[2];
    }
    if (average_ == "macro") return {sum / static_cast<double>(width)};
    if (average_ == "weighted") return {weighted / (support + kEpsilon)};
    return scores;
  }

 private:
  double score(double tp, double fp, double fn) const {
    const double precision = tp / (tp + fp + kEpsilon), recall = tp / (tp + fn + kEpsilon);
    return (1 + beta2_) * (precision * recall / (beta2_ * precision + recall + kEpsilon));
  }

  std::string average_;
  double beta2_;
  bool hasThreshold_;
  float threshold_;
};

}  // namespace

std::unique_ptr<Metric> fBetaScore(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<FBeta>(spec);
}

}  // namespace metrics
}  // namespace gemmfit
