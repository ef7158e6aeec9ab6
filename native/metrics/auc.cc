#include <algorithm>
#include <cmath>

#include "native/kernels/sizes.h"
#include "native/metrics/common.h"
#include "native/metrics/thresholds.h"

namespace gemmfit {
namespace metrics {
namespace {

using Counts = Buckets::Counts;

enum class Curve { roc, pr, prGain };
enum class Summation { interpolation, minoring, majoring };

// Points of the curve, x falling as the threshold rises.
void pointOf(Curve curve, const Counts& c, double& x, double& y) {
  if (curve == Curve::roc) {
    x = divideNoNan(c.fp, c.fp + c.tn);
    y = divideNoNan(c.tp, c.tp + c.fn);
  } else if (curve == Curve::pr) {
    x = divideNoNan(c.tp, c.tp + c.fn);
    y = divideNoNan(c.tp, c.tp + c.fp);
  } else {
    // Flach and Kull, "Precision-Recall-Gain Curves", NIPS 2015; without true positives the gains are set to 0 and 1.
    const double odds = divideNoNan(c.tp + c.fn, c.tn + c.fp);
    x = c.tp == 0 ? 0 : std::max(1 - odds * divideNoNan(c.fn, c.tp), 0.0);
    y = c.tp == 0 ? 1 : 1 - odds * divideNoNan(c.fp, c.tp);
  }
}

// Davis and Goadrich, "The relationship between Precision-Recall and ROC curves", ICML 2006: between two thresholds the
// counts, not the precision, go linearly; the integral of the precision over such a stretch has a closed form.
double prInterpolated(const std::vector<Counts>& c) {
  double area = 0;
  for (size_t i = 0; i + 1 < c.size(); ++i) {
    const double gained = c[i].tp - c[i + 1].tp;
    const double from = c[i + 1].tp + c[i + 1].fp, to = c[i].tp + c[i].fp;
    const double slope = divideNoNan(gained, std::max(to - from, 0.0));
    const double intercept = c[i + 1].tp - slope * from;
    const double ratio = to > 0 && from > 0 ? to / from : 1;
    area += divideNoNan(slope * (gained + intercept * std::log(ratio)), std::max(c[i + 1].tp + c[i + 1].fn, 0.0));
  }
  return area;
}

double areaUnder(Curve curve, Summation summation, const std::vector<Counts>& c) {
  if (curve == Curve::pr && summation == Summation::interpolation) return prInterpolated(c);
  double area = 0, x0 = 0, y0 = 0;
  for (size_t i = 0; i < c.size(); ++i) {
    double x = 0, y = 0;
    pointOf(curve, c[i], x, y);
    if (i > 0) {
      const double height = summation == Summation::interpolation ? (y0 + y) / 2
                            : summation == Summation::minoring    ? std::min(y0, y)
                                                                  : std::max(y0, y);
      area += (x0 - x) * height;
    }
    x0 = x;
    y0 = y;
  }
  return area;
}

// spec: { numThresholds? or thresholds?, curve?, summationMethod?, multiLabel?, labelWeights?, fromLogits? }.
class Auc : public Metric {
 public:
  Auc(const Value& spec, int64_t width) : fromLogits_(spec.flag("fromLogits", false)), labels_(spec.flag("multiLabel", false) ? width : 1) {
    thresholds_ = spec.has("thresholds") ? Thresholds::between(spec.numbers("thresholds"))
                                         : Thresholds::even(spec.integer("numThresholds", 200), true);
    const std::string curve = spec.text("curve", "ROC");
    if (curve == "PR")
      curve_ = Curve::pr;
    else if (curve == "PRGAIN")
      curve_ = Curve::prGain;
    else if (curve != "ROC")
      badSpec("unknown curve '" + curve + "'");
    const std::string summation = spec.text("summationMethod", "interpolation");
    if (summation == "minoring")
      summation_ = Summation::minoring;
    else if (summation == "majoring")
      summation_ = Summation::majoring;
    else if (summation != "interpolation")
      badSpec("unknown summation method '" + summation + "'");
    labelWeights_ = spec.numbers("labelWeights");
    if (!labelWeights_.empty() && static_cast<int64_t>(labelWeights_.size()) != width)
      badSpec("'labelWeights' has " + std::to_string(labelWeights_.size()) + " entries for " + std::to_string(width) + " labels");
  }

  int64_t stateSize() const override { return labels_ * Buckets::stateSize(thresholds_); }

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    const int64_t size = labels_ > 1 ? Buckets::stateSize(thresholds_) : 0;
    const bool perElement = labels_ == 1 && !labelWeights_.empty();
    for (int64_t i = 0; i < items; ++i) {
      const double w = weights ? weights[i] : 1.0;
      for (int64_t j = 0; j < width; ++j) {
        const float z = yPred[i * width + j];
        const float p = fromLogits_ ? static_cast<float>(1 / (1 + std::exp(-static_cast<double>(z)))) : z;
        Buckets::add(state + j * size, thresholds_, yTrue[i * width + j] != 0, p, perElement ? w * labelWeights_[asSize(j)] : w);
      }
    }
  }

  std::vector<double> result(const double* state) const override {
    double sum = 0, weight = 0;
    for (int64_t l = 0; l < labels_; ++l) {
      const double w = labels_ > 1 && !labelWeights_.empty() ? labelWeights_[asSize(l)] : 1;
      sum += w * areaUnder(curve_, summation_, Buckets{state + l * Buckets::stateSize(thresholds_), thresholds_.size()}.all());
      weight += w;
    }
    return {divideNoNan(sum, weight)};
  }

 private:
  bool fromLogits_;
  int64_t labels_;
  Curve curve_ = Curve::roc;
  Summation summation_ = Summation::interpolation;
  std::vector<double> labelWeights_;
  Thresholds thresholds_;
};

}  // namespace

std::unique_ptr<Metric> auc(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<Auc>(spec, width);
}

}  // namespace metrics
}  // namespace gemmfit
