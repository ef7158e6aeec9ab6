#include "native/engine/axis_groups.h"
#include "native/losses/element.h"

namespace gemmfit {
namespace losses {
namespace {

constexpr double kEpsilon = 1e-7;

struct Sums {
  double label = 0, prediction = 0, both = 0;
};

// Several accumulators, so that the additions need not wait for each other: an item may be a whole batch of images.
void addLine(const float* y, const float* p, int64_t n, Sums* sums) {
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
  for (int k = 0; k < kLanes; ++k) {
    sums->label += label[k];
    sums->prediction += prediction[k];
    sums->both += both[k];
  }
}

void addStrided(const float* y, const float* p, int64_t n, int64_t stride, Sums* sums) {
  for (int64_t j = 0; j < n * stride; j += stride) {
    sums->label += y[j];
    sums->prediction += p[j];
    sums->both += static_cast<double>(y[j]) * p[j];
  }
}

// 1 - factor * I / D with I = sum(y p) and D = i I + l sum(y) + p sum(p) + epsilon:
//   Dice:    factor 2, D = sum(y) + sum(p)
//   Tversky: factor 1, D = I + alpha sum((1 - p) y) + beta sum(p (1 - y))
class Overlap : public Loss {
 public:
  Overlap(const Value& spec, int64_t width_, double factor, double both, double label, double prediction)
      : whole_(spec.flag("whole", true)), factor_(factor), both_(both), label_(label), prediction_(prediction) {
    width = labelWidth = width_;
    if (!whole_) groups_ = AxisGroups::vectors(width_);
    named_ = whole_ && spec.has("axes");
    if (named_) axes_ = spec.integers("axes");
  }
  void setSample(const Shape& out) override {
    if (!named_) return;
    groups_ = AxisGroups(out, axes_);
    whole_ = !groups_.areVectors();
  }
  bool wholeBatch() const override { return whole_; }
  Layout layout() const override { return {groups_.count(width), !groups_.joinsRows(), groups_.leading()}; }

  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    for (int64_t i = 0; i < items; ++i) {
      const Sums s = sumsOf(yTrue, yPred, i);
      losses[i] = static_cast<float>(1 - factor_ * s.both / denominator(s));
    }
  }

  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    for (int64_t i = 0; i < items; ++i) {
      float level = 0, slope = 0;
      if (scale[i] != 0) {
        const Sums s = sumsOf(yTrue, yPred, i);
        const double d = denominator(s), ratio = s.both / d, c = scale[i] * factor_ / d;
        // d(I / D)/dp = (y - I / D * (i y + p)) / D, a line in y
        level = static_cast<float>(c * ratio * prediction_);
        slope = static_cast<float>(c * (ratio * both_ - 1));
      }
      const bool absent = scale[i] == 0;
      groups_.lines(i, width, [&](int64_t at, int64_t n, int64_t stride) {
        for (int64_t j = at; j < at + n * stride; j += stride) grad[j] = absent ? 0.0f : level + slope * yTrue[j];
      });
    }
  }

 private:
  Sums sumsOf(const float* y, const float* p, int64_t item) const {
    Sums s;
    groups_.lines(item, width, [&](int64_t at, int64_t n, int64_t stride) {
      if (stride == 1)
        addLine(y + at, p + at, n, &s);
      else
        addStrided(y + at, p + at, n, stride, &s);
    });
    return s;
  }
  double denominator(const Sums& s) const { return both_ * s.both + label_ * s.label + prediction_ * s.prediction + kEpsilon; }
  bool whole_, named_ = false;
  std::vector<int64_t> axes_;
  AxisGroups groups_;
  double factor_, both_, label_, prediction_;
};

}  // namespace

// spec: { whole: the batch as one item (default) or as one for each element of the axes that `axes` does not name, else one for each vector
// along the last axis; axes?: as Keras counts them, 0 is the batch }
std::unique_ptr<Loss> dice(const Value& spec, int64_t width) { return std::make_unique<Overlap>(spec, width, 2, 0, 1, 1); }

// spec: { alpha, beta, whole, axes? }
std::unique_ptr<Loss> tversky(const Value& spec, int64_t width) {
  const double alpha = finite(spec, "alpha", 0.5), beta = finite(spec, "beta", 0.5);
  return std::make_unique<Overlap>(spec, width, 1, 1 - alpha - beta, alpha, beta);
}

}  // namespace losses
}  // namespace gemmfit
