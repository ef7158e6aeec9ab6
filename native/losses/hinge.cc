#include <algorithm>
#include <cmath>

#include "native/losses/element.h"

namespace gemmfit {
namespace losses {
namespace {

// Labels are -1 and 1. Where every label of the batch is 0 or 1, they are read as -1 and 1.
class Margin : public ElementwiseLoss {
 public:
  using ElementwiseLoss::ElementwiseLoss;
  bool preparesBatch() const override { return true; }
  void prepare(const float* yTrue, int64_t items) override {
    const bool binary = std::all_of(yTrue, yTrue + items * labelWidth, [](float y) { return y == 0 || y == 1; });
    options_.labelScale = binary ? 2.0f : 1.0f;
    options_.labelShift = binary ? -1.0f : 0.0f;
  }
};

// max(0, max((1 - y) p) - sum(y p) + 1)
class CategoricalHinge : public Loss {
 public:
  explicit CategoricalHinge(int64_t width_) { width = labelWidth = width_; }

  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    for (int64_t i = 0; i < items; ++i) {
      const float margin = measure(yTrue + i * width, yPred + i * width).margin;
      losses[i] = margin < 0 ? 0.0f : margin;
    }
  }

  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    for (int64_t i = 0; i < items; ++i) {
      const float *y = yTrue + i * width, *p = yPred + i * width;
      float* g = grad + i * width;
      const Measured m = measure(y, p);
      if (scale[i] == 0 || m.margin < 0) {
        std::fill(g, g + width, 0.0f);
        continue;
      }
      if (std::isnan(m.margin)) {
        std::fill(g, g + width, m.margin);
        continue;
      }
      // Equal maxima share the slope, as in TensorFlow.
      const float share = scale[i] / static_cast<float>(m.ties);
      for (int64_t j = 0; j < width; ++j) {
        const bool greatest = (1 - y[j]) * p[j] == m.greatest;
        g[j] = (greatest ? share * (1 - y[j]) : 0.0f) - scale[i] * y[j];
      }
    }
  }

 private:
  struct Measured {
    float margin, greatest;
    int64_t ties;
  };
  Measured measure(const float* y, const float* p) const {
    double positive = 0;
    float greatest = (1 - y[0]) * p[0];
    int64_t ties = 0;
    for (int64_t j = 0; j < width; ++j) {
      const float negative = (1 - y[j]) * p[j];
      positive += static_cast<double>(y[j]) * p[j];
      if (negative > greatest) {
        greatest = negative;
        ties = 1;
      } else if (negative == greatest) {
        ++ties;
      }
    }
    // A NaN that never won still is in `positive`.
    return {static_cast<float>(greatest - positive + 1), greatest, std::max<int64_t>(1, ties)};
  }
};

}  // namespace

std::unique_ptr<Loss> hinge(const Value&, int64_t width) { return std::make_unique<Margin>(ElementLoss::hinge, width); }
std::unique_ptr<Loss> squaredHinge(const Value&, int64_t width) { return std::make_unique<Margin>(ElementLoss::squaredHinge, width); }
std::unique_ptr<Loss> categoricalHinge(const Value&, int64_t width) { return std::make_unique<CategoricalHinge>(width); }

}  // namespace losses
}  // namespace gemmfit
