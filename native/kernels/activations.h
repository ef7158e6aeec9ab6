#pragma once
#include <cstdint>
#include <limits>

namespace gemmfit {

// Functions of one element, alphabetically.
enum class ActivationKind {
  celu,  // alpha
  elu,   // alpha
  exponential,
  gelu,
  geluTanh,    // its approximation
  hardShrink,  // threshold
  hardSigmoid,
  hardSigmoidKeras2,
  hardSilu,
  hardTanh,
  leakyRelu,  // alpha: the slope
  linear,
  logSigmoid,
  mish,
  relu,
  relu6,
  reluGeneral,  // alpha: the slope; threshold; maximum
  selu,
  sigmoid,
  silu,
  softplus,
  softShrink,  // threshold
  softsign,
  sparsePlus,
  sparseSigmoid,
  squareplus,  // alpha: Keras's b
  tanh,
  tanhShrink,
  threshold,  // threshold, other
};

struct ActivationFunction {
  ActivationKind kind = ActivationKind::linear;
  float alpha = 1;
  float threshold = 0;
  float maximum = std::numeric_limits<float>::infinity();
  float other = 0;  // the value at or below the threshold

  // Whether activationBackward reads y, so that x need not be kept; else it reads x.
  bool backwardReadsY() const;
  // What computing it costs for an element, in flops of a product of matrices that takes as long.
  double flops() const;
};

// y = f(x); y may be x.
void activationForward(const ActivationFunction& f, const float* x, float* y, int64_t n);
// dx = dy f'(x); dx may be dy. `saved` is y where f.backwardReadsY(), else x.
void activationBackward(const ActivationFunction& f, const float* saved, const float* dy, float* dx, int64_t n);

inline void sigmoid(const float* x, float* y, int64_t n) {
  ActivationFunction f;
  f.kind = ActivationKind::sigmoid;
  activationForward(f, x, y, n);
}
inline void tanh(const float* x, float* y, int64_t n) {
  ActivationFunction f;
  f.kind = ActivationKind::tanh;
  activationForward(f, x, y, n);
}

}  // namespace gemmfit
