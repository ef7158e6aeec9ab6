#include "native/losses/element.h"

namespace gemmfit {
namespace losses {

std::unique_ptr<Loss> meanSquaredError(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(ElementLoss::squared, width);
}

std::unique_ptr<Loss> meanAbsoluteError(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(ElementLoss::absolute, width);
}

std::unique_ptr<Loss> meanAbsolutePercentageError(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(ElementLoss::percentage, width);
}

std::unique_ptr<Loss> meanSquaredLogarithmicError(const Value&, int64_t width) {
  return std::make_unique<ElementwiseLoss>(ElementLoss::squaredLogarithmic, width);
}

std::unique_ptr<Loss> logCosh(const Value&, int64_t width) { return std::make_unique<ElementwiseLoss>(ElementLoss::logCosh, width); }

// spec: { delta }
std::unique_ptr<Loss> huber(const Value& spec, int64_t width) {
  ElementOptions o;
  o.delta = finite(spec, "delta", 1);
  return std::make_unique<ElementwiseLoss>(ElementLoss::huber, width, o);
}

}  // namespace losses
}  // namespace gemmfit
