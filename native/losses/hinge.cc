// Losses of the margin between prediction and limit.
#include <algorithm>
#include <cmath>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/losses/hinge.cc"
#include "hwy/foreach_target.h"
#include "native/losses/element-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

struct Hinge {
  Labels labels;
  explicit Hinge(const ElementOptions& o) : labels(o) {}
  HWY_INLINE V Value(V y, V p) const { return AtLeast(hn::NegMulAdd(labels(y), p, C(1)), hn::Zero(D())); }
  // On the kink itself the slope is that of the side that still counts, as in TensorFlow's maximum(1 - yp, 0).
  HWY_INLINE V Slope(V y, V p) const {
    const V a = labels(y), margin = hn::NegMulAdd(a, p, C(1));
    const V slope = hn::IfThenZeroElse(hn::Lt(margin, hn::Zero(D())), hn::Neg(a));
    return hn::IfThenElse(hn::IsNaN(margin), margin, slope);
  }
};

struct SquaredHinge {
  Labels labels;
  explicit SquaredHinge(const ElementOptions& o) : labels(o) {}
  HWY_INLINE V Margin(V a, V p) const { return AtLeast(hn::NegMulAdd(a, p, C(1)), hn::Zero(D())); }
  HWY_INLINE V Value(V y, V p) const {
    const V m = Margin(labels(y), p);
    return hn::Mul(m, m);
  }
  HWY_INLINE V Slope(V y, V p) const {
    const V a = labels(y);
    return hn::Mul(hn::Mul(C(-2), a), Margin(a, p));
  }
};

GEMMFIT_ELEMENT_LOOPS(Hinge)
GEMMFIT_ELEMENT_LOOPS(SquaredHinge)

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace losses {
namespace {
GEMMFIT_ELEMENT_CHOICE(Hinge)
GEMMFIT_ELEMENT_CHOICE(SquaredHinge)

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

std::unique_ptr<Loss> hinge(const Value&, int64_t width) { return std::make_unique<Margin>(kHinge, width); }
std::unique_ptr<Loss> squaredHinge(const Value&, int64_t width) { return std::make_unique<Margin>(kSquaredHinge, width); }
std::unique_ptr<Loss> categoricalHinge(const Value&, int64_t width) { return std::make_unique<CategoricalHinge>(width); }

}  // namespace losses
}  // namespace gemmfit
#endif
