#include <cmath>

#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

// The share of items whose every output is nearer to its label than a tolerance.
class ShareWithin : public MeanState {
 public:
  explicit ShareWithin(double tolerance) : tolerance_(tolerance) {}
  void update(double* state, const float* yTrue, const float* yPred, const float* weights, int64_t items) const override {
    add(state, weights, items, [&](int64_t i) {
      for (int64_t j = i * width; j < (i + 1) * width; ++j)
        if (!(std::fabs(yPred[j] - yTrue[j]) < tolerance_)) return 0.0;
      return 1.0;
    });
  }

 private:
  double tolerance_;
};

}  // namespace

// spec: { tolerance }
std::unique_ptr<Metric> shareWithin(const Value& spec, int64_t width, int64_t labelWidth) {
  requireSameWidth(spec, width, labelWidth);
  return std::make_unique<ShareWithin>(spec.number("tolerance", 0.1));
}

}  // namespace metrics
}  // namespace gemmfit
