#include <algorithm>

#include "native/losses/element.h"

namespace gemmfit {
namespace losses {
namespace {

constexpr double kEpsilon = 1e-7;

struct Sums {
  double label = 0, prediction = 0, both = 0;
};

// Several accumulators, so that the additions need not wait for each other: an item may be a whole batch of images.
Sums sumsOf(const float* y, const float* p, int64_t n) {
  constexpr int kLanes = 8;
  double label[kLanes] = {}, prediction[kLanes] = {}, both[kLanes] = {};
  int64_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    for (int k = 0; k < kLanes; ++k) {
      label[k] += y[j + k];
      prediction[k] += p[j + k];
      both[k] += static_cast<double>(y[j + k]) * p[j + k];
    }
  }
  for (; j < n; ++j) {
    label[0] += y[j];
    prediction[0] += p[j];
    both[0] += static_cast<double>(y[j]) * p[j];
  }
  Sums s;
  for (int k = 0; k < kLanes; ++k) {
    s.label += label[k];
    s.prediction += prediction[k];
    s.both += both[k];
  }
  return s;
}

// 1 - factor * I / D with I = sum(y p) and D = i I + l sum(y) + p sum(p) + epsilon:
//   Dice:    factor 2, D = sum(y) + sum(p)
//   Tversky: factor 1, D = I + alpha sum((1 - p) y) + beta sum(p (1 - y))
class Overlap : public Loss {
 public:
  Overlap(const Value& spec, int64_t width_, double factor, double both, double label, double prediction)
      : whole_(spec.flag("whole", true)), factor_(factor), both_(both), label_(label), prediction_(prediction) {
    width = labelWidth = width_;
  }
  bool wholeBatch() const override { return whole_; }

  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    for (int64_t i = 0; i < items; ++i) {
      const Sums s = sumsOf(yTrue + i * width, yPred + i * width, width);
      losses[i] = static_cast<float>(1 - factor_ * s.both / denominator(s));
    }
  }

  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    for (int64_t i = 0; i < items; ++i) {
      const float* y = yTrue + i * width;
      float* g = grad + i * width;
      if (scale[i] == 0) {
        std::fill(g, g + width, 0.0f);
        continue;
      }
      const Sums s = sumsOf(y, yPred + i * width, width);
      const double d = denominator(s), ratio = s.both / d, c = scale[i] * factor_ / d;
      // d(I / D)/dp = (y - I / D * (i y + p)) / D, a line in y
      const float level = static_cast<float>(c * ratio * prediction_), slope = static_cast<float>(c * (ratio * both_ - 1));
      for (int64_t j = 0; j < width; ++j) g[j] = level + slope * y[j];
    }
  }

 private:
  double denominator(const Sums& s) const { return both_ * s.both + label_ * s.label + prediction_ * s.prediction + kEpsilon; }
  bool whole_;
  double factor_, both_, label_, prediction_;
};

}  // namespace

// spec: { whole: the whole batch is one item (default), else each vector along the last axis }
std::unique_ptr<Loss> dice(const Value& spec, int64_t width) { return std::make_unique<Overlap>(spec, width, 2, 0, 1, 1); }

// spec: { alpha, beta, whole }
std::unique_ptr<Loss> tversky(const Value& spec, int64_t width) {
  const double alpha = finite(spec, "alpha", 0.5), beta = finite(spec, "beta", 0.5);
  return std::make_unique<Overlap>(spec, width, 1, 1 - alpha - beta, alpha, beta);
}

}  // namespace losses
}  // namespace gemmfit
