#include <cmath>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

constexpr double kEpsilon = 1e-7;

// Means, variances and covariance of one item, along its last axis.
struct Moments {
  double meanY = 0, meanP = 0, varY = 0, varP = 0, covariance = 0;

  Moments(const float* y, const float* p, int64_t n) {
    for (int64_t j = 0; j < n; ++j) {
      meanY += y[j];
      meanP += p[j];
    }
    const double count = static_cast<double>(n);
    meanY /= count;
    meanP /= count;
    for (int64_t j = 0; j < n; ++j) {
      const double a = y[j] - meanY, b = p[j] - meanP;
      varY += a * a / count;
      varP += b * b / count;
      covariance += a * b / count;
    }
  }
};

// Keras adds no epsilon here: two numbers an item give exactly 1 or -1, however close they are. A constant, which has no
// correlation, makes the whole epoch's NaN: 0 would mislead.
double pearson(const Moments& m) { return m.covariance / (std::sqrt(m.varY) * std::sqrt(m.varP)); }

double concordance(const Moments& m) {
  const double apart = m.meanY - m.meanP;
  return 2 * m.covariance / (m.varY + m.varP + apart * apart + kEpsilon);
}

// The mean over items of a correlation along the last axis.
class Correlation : public MeanState {
 public:
  explicit Correlation(double (*of)(const Moments&)) : of_(of) {}

  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    add(state, weights, items, [&](int64_t i) { return of_(Moments(yTrue + i * width, yPred + i * width, width)); });
  }

 private:
  double (*of_)(const Moments&);
};

}  // namespace

std::unique_ptr<Metric> pearsonCorrelation(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<Correlation>(pearson);
}

std::unique_ptr<Metric> concordanceCorrelation(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<Correlation>(concordance);
}

}  // namespace metrics
}  // namespace gemmfit
