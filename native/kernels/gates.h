#pragma once
#include <cstdint>

namespace gemmfit {

// The steps of recurrent cells between their products: tanh and sigmoid of every gate and the new state in one pass.
// All are for `rows` samples of one time step. A sample that `mask` skips keeps its state; its gradient passes to the step before.
struct StepMask {
  const float* keep = nullptr;  // of the first row; null where every row is kept
  int64_t stride = 0;
  bool skips(int64_t row) const { return keep && keep[row * stride] == 0; }
};

// gates [rows, 4 units], in: products without bias, out: i, f, g, o. The other matrices are [rows, units].
struct LstmForward {
  int64_t rows, units;
  const float* bias;  // [4 units] or null
  float* gates;
  const float* cPrevious;
  const float* hPrevious;
  float* c;
  float* tanhC;
  float* h;
  StepMask mask;
};
void lstmForward(const LstmForward& s);

// gates, in: i, f, g, o, out: gradients of what went into them. dh: in, of this step's h; where there is a mask, out: 0 for
// rows that are kept. dc: in, of this step's c, out: of the one before.
struct LstmBackward {
  int64_t rows, units;
  float* gates;
  const float* cPrevious;
  const float* tanhC;
  float* dh;
  float* dc;
  StepMask mask;
};
void lstmBackward(const LstmBackward& s);

// A GRU that resets after the product. gates [rows, 3 units], in: products of the input, out: z, r and the candidate n.
// products [rows, 3 units]: those of h. inner: that of the candidate, with its bias. bias: [2, 3 units] or null.
struct GruForward {
  int64_t rows, units;
  const float* bias;
  float* gates;
  const float* products;
  const float* hPrevious;
  float* inner;
  float* h;
  StepMask mask;
};
void gruForward(const GruForward& s);

// gates: out, gradients of the products of the input, of which those of z and r are also those of h; inner, out: that of the candidate's
// product of h. dh: in, of this step's h, out: of the one before, as far as it did not go through the products.
struct GruBackward {
  int64_t rows, units;
  float* gates;
  const float* hPrevious;
  float* inner;
  float* dh;
  StepMask mask;
};
void gruBackward(const GruBackward& s);

}  // namespace gemmfit
