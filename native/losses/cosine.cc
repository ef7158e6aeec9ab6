#include <algorithm>
#include <cmath>

#include "native/engine/loss.h"

namespace gemmfit {
namespace losses {
namespace {

constexpr double kLeast = 1e-12;  // of a squared length: a vector shorter than 1e-6 is not stretched to length 1

// -sum(y / |y| * p / |p|): -1 where both point the same way.
class Cosine : public Loss {
 public:
  explicit Cosine(int64_t width_) { width = labelWidth = width_; }

  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    for (int64_t i = 0; i < items; ++i) losses[i] = static_cast<float>(-measure(yTrue + i * width, yPred + i * width).cosine);
  }

  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    for (int64_t i = 0; i < items; ++i) {
      const float *y = yTrue + i * width, *p = yPred + i * width;
      float* g = grad + i * width;
      if (scale[i] == 0) {
        std::fill(g, g + width, 0.0f);
        continue;
      }
      const Measured m = measure(y, p);
      // Below the least length p is only scaled by a constant, so nothing is taken away along p.
      const double along = m.squaredP < kLeast ? 0 : m.cosine * m.overP;
      for (int64_t j = 0; j < width; ++j) g[j] = static_cast<float>(scale[i] * m.overP * (along * p[j] - m.overY * y[j]));
    }
  }

 private:
  struct Measured {
    double cosine, overY, overP, squaredP;
  };
  Measured measure(const float* y, const float* p) const {
    double yy = 0, pp = 0, yp = 0;
    for (int64_t j = 0; j < width; ++j) {
      yy += static_cast<double>(y[j]) * y[j];
      pp += static_cast<double>(p[j]) * p[j];
      yp += static_cast<double>(y[j]) * p[j];
    }
    const double overY = 1 / std::sqrt(yy < kLeast ? kLeast : yy), overP = 1 / std::sqrt(pp < kLeast ? kLeast : pp);
    return {yp * overY * overP, overY, overP, pp};
  }
};

}  // namespace

std::unique_ptr<Loss> cosineSimilarity(const Value&, int64_t width) { return std::make_unique<Cosine>(width); }

}  // namespace losses
}  // namespace gemmfit
