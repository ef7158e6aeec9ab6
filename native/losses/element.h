#pragma once
#include <array>
#include <cstdint>
#include <memory>

#include "native/engine/error.h"
#include "native/engine/loss.h"

namespace gemmfit {
namespace losses {

// A finite number of the spec. What may be any number for the formula still may not be NaN or infinite.
float finite(const Value& spec, const char* key, double fallback);
// label' = label * (1 - s) + s / classes
void smoothLabels(const Value& spec, double classes, float* scale, float* shift);

struct ElementShape {
  int64_t items;
  int64_t width;
  bool mean;  // over the width; else the sum
};

struct ElementOptions {
  // Labels are read as label * labelScale + labelShift: label smoothing, or 0/1 taken as -1/+1.
  float labelScale = 1, labelShift = 0;
  // What else a loss takes from its options, in an order of its own.
  std::array<float, 3> numbers{};
};

// losses[i] for the items, and grad[i, :] = scale[i] * dloss_i/dp (0 where scale[i] is 0, whatever the derivative).
struct ElementLoops {
  void (*values)(const ElementOptions&, const ElementShape&, const float* y, const float* p, float* losses);
  void (*gradient)(const ElementOptions&, const ElementShape&, const float* y, const float* p, const float* scale, float* grad);
};

// A loss that is a mean or sum over the last axis of one function of (label, prediction): native/losses/element-inl.h says how to make one.
class ElementwiseLoss : public Loss {
 public:
  ElementwiseLoss(const ElementLoops& loops, int64_t width_, const ElementOptions& options = {}, bool mean = true)
      : loops_(loops), options_(options), mean_(mean) {
    width = labelWidth = width_;
  }
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    loops_.values(options_, {items, width, mean_}, yTrue, yPred, losses);
  }
  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    loops_.gradient(options_, {items, width, mean_}, yTrue, yPred, scale, grad);
  }

 protected:
  ElementLoops loops_;
  ElementOptions options_;
  bool mean_;
};

}  // namespace losses
}  // namespace gemmfit
