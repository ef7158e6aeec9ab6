#include "native/losses/element.h"

namespace gemmfit {
namespace losses {

std::unique_ptr<Loss> poisson(const Value&, int64_t width) { return std::make_unique<ElementwiseLoss>(ElementLoss::poisson, width); }

std::unique_ptr<Loss> klDivergence(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(ElementLoss::kl, width, ElementOptions{}, /*mean=*/false);
}

// spec: { fromLogits, labelSmoothing }
std::unique_ptr<Loss> binaryCrossentropy(const Value& spec, int64_t width) {
  ElementOptions o;
  smoothLabels(spec, 2, &o.labelScale, &o.labelShift);
  return std::make_unique<ElementwiseLoss>(spec.flag("fromLogits", false) ? ElementLoss::binaryLogits : ElementLoss::binary, width, o);
}

// spec: { fromLogits, labelSmoothing, gamma, alpha, applyClassBalancing }
std::unique_ptr<Loss> binaryFocalCrossentropy(const Value& spec, int64_t width) {
  ElementOptions o;
  smoothLabels(spec, 2, &o.labelScale, &o.labelShift);
  o.gamma = finite(spec, "gamma", 2);
  if (spec.flag("applyClassBalancing", false)) {
    o.positive = finite(spec, "alpha", 0.25);
    o.negative = 1 - o.positive;
  }
  return std::make_unique<ElementwiseLoss>(spec.flag("fromLogits", false) ? ElementLoss::focalLogits : ElementLoss::focal, width, o);
}

}  // namespace losses
}  // namespace gemmfit
