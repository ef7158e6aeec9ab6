#pragma once
#include <memory>

#include "native/engine/error.h"
#include "native/engine/loss.h"
#include "native/kernels/loss_element.h"

namespace gemmfit {
namespace losses {

// A finite number of the spec. What may be any number for the formula still may not be NaN or infinite.
float finite(const Value& spec, const char* key, double fallback);
// label' = label * (1 - s) + s / classes
void smoothLabels(const Value& spec, double classes, float* scale, float* shift);

// A loss that is a mean or sum over the last axis of one function of (label, prediction).
class ElementwiseLoss : public Loss {
 public:
  ElementwiseLoss(ElementLoss kind, int64_t width_, const ElementOptions& options = {}, bool mean = true)
      : kind_(kind), options_(options), mean_(mean) {
    width = labelWidth = width_;
  }
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    elementValues(kind_, options_, {items, width, mean_}, yTrue, yPred, losses);
  }
  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    elementGradient(kind_, options_, {items, width, mean_}, yTrue, yPred, scale, grad);
  }

 protected:
  ElementLoss kind_;
  ElementOptions options_;
  bool mean_;
};

}  // namespace losses
}  // namespace gemmfit
