#include "native/ops/cell_function.h"

#include "native/kernels/softmax.h"
#include "native/ops/activation.h"

namespace gemmfit::ops {

CellFunction::CellFunction(const Value& spec, const char* key, ActivationKind fallback) {
  f_.kind = fallback;
  if (!spec.has(key)) return;
  softmax_ = spec.at(key).text("activation", "") == "softmax";
  if (!softmax_) f_ = activationFunction(spec.at(key));
}

void CellFunction::forward(const float* x, float* y, int64_t vectors, int64_t units) const {
  if (softmax_)
    softmaxRows(x, y, vectors, units);
  else
    activationForward(f_, x, y, vectors * units);
}

void CellFunction::backward(const float* saved, const float* dy, float* dx, int64_t vectors, int64_t units) const {
  if (softmax_)
    softmaxGradient({vectors, units, 1}, saved, dy, dx);
  else
    activationBackward(f_, saved, dy, dx, vectors * units);
}

}  // namespace gemmfit::ops
