#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "native/kernels/loss_categorical.h"
#include "native/kernels/sizes.h"
#include "native/losses/element.h"

namespace gemmfit {
namespace losses {
namespace {

class Categorical : public Loss {
 public:
  Categorical(const Value& spec, int64_t width_) {
    width = labelWidth = width_;
    options_.logits = spec.flag("fromLogits", false);
    smoothLabels(spec, static_cast<double>(width_), &options_.labelScale, &options_.labelShift);
  }
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    categoricalValues(options_, {items, width}, yTrue, yPred, losses);
  }
  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    categoricalGradient(options_, {items, width}, yTrue, yPred, scale, grad);
  }

 protected:
  CategoricalOptions options_;
};

class CategoricalFocal : public Categorical {
 public:
  CategoricalFocal(const Value& spec, int64_t width_) : Categorical(spec, width_) {
    options_.gamma = finite(spec, "gamma", 2);
    if (spec.has("alpha") && spec.at("alpha").kind() == Value::Kind::array) {
      for (const double a : spec.numbers("alpha")) {
        if (!std::isfinite(a)) throw Error("ERR_SPEC", "CategoricalFocalCrossentropy: 'alpha' must hold finite numbers");
        alpha_.push_back(static_cast<float>(a));
      }
    } else {
      alpha_.assign(1, finite(spec, "alpha", 0.25));
    }
    if (alpha_.size() == 1) alpha_.resize(asSize(width_), alpha_[0]);
    if (static_cast<int64_t>(alpha_.size()) != width_)
      throw Error("ERR_SHAPE", "CategoricalFocalCrossentropy: 'alpha' has " + std::to_string(alpha_.size()) + " entries for " +
                                   std::to_string(width_) + " classes. Give one number, or one for each class.");
    options_.alpha = alpha_.data();
  }
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    categoricalFocalValues(options_, {items, width}, yTrue, yPred, losses);
  }
  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    categoricalFocalGradient(options_, {items, width}, yTrue, yPred, scale, grad);
  }

 private:
  std::vector<float> alpha_;
};

class Sparse : public Loss {
 public:
  Sparse(const Value& spec, int64_t width_) {
    width = width_;
    options_.logits = spec.flag("fromLogits", false);
    options_.ignores = spec.has("ignoreClass");
    if (options_.ignores) options_.ignored = finite(spec, "ignoreClass", 0);
  }
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    sparseValues(options_, {items, width}, yTrue, yPred, losses);
  }
  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    sparseGradient(options_, {items, width}, yTrue, yPred, scale, grad);
  }
  bool ignores() const override { return options_.ignores; }
  void kept(const float* yTrue, int64_t items, float* out) const override {
    for (int64_t i = 0; i < items; ++i) out[i] = yTrue[i] == options_.ignored ? 0.0f : 1.0f;
  }

 private:
  CategoricalOptions options_;
};

// (1 - p^q) / q of the labelled class's probability p.
class Generalized : public Loss {
 public:
  Generalized(const Value& spec, int64_t width_) : q_(finite(spec, "q", 0.5)) {
    width = width_;
    if (!(q_ > 0 && q_ < 1)) throw Error("ERR_SPEC", "CategoricalGeneralizedCrossEntropy: 'q' must lie between 0 and 1");
  }
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    for (int64_t i = 0; i < items; ++i) losses[i] = (1 - std::pow(probability(yTrue[i], yPred + i * width), q_)) / q_;
  }
  // The other classes get 0 times the slope, as in Keras: NaN where p is 0 and the slope infinite.
  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    for (int64_t i = 0; i < items; ++i) {
      float* g = grad + i * width;
      const int64_t own = labelled(yTrue[i]);
      const float slope = -std::pow(probability(yTrue[i], yPred + i * width), q_ - 1);
      for (int64_t j = 0; j < width; ++j) g[j] = scale[i] == 0 ? 0.0f : scale[i] * slope * (j == own ? 1.0f : 0.0f);
    }
  }

 private:
  int64_t labelled(float label) const { return label > -1 && label < static_cast<float>(width) ? static_cast<int64_t>(label) : -1; }
  float probability(float label, const float* p) const {
    const int64_t at = labelled(label);
    return at < 0 || at >= width ? std::numeric_limits<float>::quiet_NaN() : p[at];
  }
  float q_;
};

}  // namespace

// spec: { fromLogits, labelSmoothing }
std::unique_ptr<Loss> categoricalCrossentropy(const Value& spec, int64_t width) { return std::make_unique<Categorical>(spec, width); }

// spec: { fromLogits, labelSmoothing, gamma, alpha: a number or one a class }
std::unique_ptr<Loss> categoricalFocalCrossentropy(const Value& spec, int64_t width) {
  return std::make_unique<CategoricalFocal>(spec, width);
}

// spec: { fromLogits, ignoreClass }
std::unique_ptr<Loss> sparseCategoricalCrossentropy(const Value& spec, int64_t width) { return std::make_unique<Sparse>(spec, width); }

// spec: { q }
std::unique_ptr<Loss> categoricalGeneralizedCrossEntropy(const Value& spec, int64_t width) {
  return std::make_unique<Generalized>(spec, width);
}

}  // namespace losses
}  // namespace gemmfit
