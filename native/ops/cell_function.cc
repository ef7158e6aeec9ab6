#include "native/ops/cell_function.h"

#include "native/kernels/softmax.h"

namespace gemmfit::ops {

CellFunction::CellFunction(const Value& spec, const char* key, const char* fallback) : f_(makeActivation(fallback)) {
  if (!spec.has(key)) return;
  softmax_ = spec.at(key).text("activation", "") == "softmax";
  if (!softmax_) f_ = makeActivation(spec.at(key));
}

void CellFunction::forward(const float* x, float* y, int64_t vectors, int64_t units) const {
  if (softmax_)
    softmaxRows(x, y, vectors, units);
  else
    f_.forward(x, y, vectors * units);
}

void CellFunction::backward(const float* saved, const float* dy, float* dx, int64_t vectors, int64_t units) const {
  if (softmax_)
    softmaxGradient({vectors, units, 1}, saved, dy, dx);
  else
    f_.backward(saved, dy, dx, vectors * units);
}

}  // namespace gemmfit::ops
