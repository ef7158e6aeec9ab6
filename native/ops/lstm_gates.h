#pragma once
#include <vector>

#include "native/engine/value.h"
#include "native/kernels/gates.h"
#include "native/ops/cell_function.h"

namespace gemmfit::ops {

// The step of LSTM cells between their products: i, f, o = s(z), g = a(z); c = f c + i g; h = o a(c). Gates in the order i, f, g, o.
// tanh and sigmoid go through one fused kernel, any other functions through theirs, with what went into the gates kept in `sums`.
class LstmGates {
 public:
  // Spec: activation (a, by default tanh) and recurrentActivation (s, by default sigmoid).
  explicit LstmGates(const Value& spec);

  bool fused() const { return fused_; }
  // sums: [rows, 4 units], written by the forward pass and read by the backward one; null where fused.
  void forward(const LstmForward& s, float* sums) const;
  // c: this step's, [rows, units]. work: 5 units. Neither is read where fused.
  void backward(const LstmBackward& s, const float* sums, const float* c, float* work) const;

 private:
  CellFunction a_, s_;
  bool fused_;
};

}  // namespace gemmfit::ops
