#pragma once
#include <cstdint>

namespace gemmfit {

// An array seen along one axis: [outer, length, inner].
struct AxisView {
  int64_t outer, length, inner;
};

// y = softmax(x), log(softmax(x)) or sparsemax(x) along the axis; y may be x. A row with NaN or +infinity in it becomes NaN.
void softmax(const AxisView& view, const float* x, float* y);
void logSoftmax(const AxisView& view, const float* x, float* y);
void sparsemax(const AxisView& view, const float* x, float* y);

// Gradients, from y (sparsemax: from x); dx may be dy.
void softmaxGradient(const AxisView& view, const float* y, const float* dy, float* dx);
void logSoftmaxGradient(const AxisView& view, const float* y, const float* dy, float* dx);
void sparsemaxGradient(const AxisView& view, const float* x, const float* dy, float* dx);

// y = a sigmoid(b) for x = [a, b] split in halves along the axis; `view` is y's: x has twice the length. y may not be x, nor dx dy.
void glu(const AxisView& view, const float* x, float* y);
void gluGradient(const AxisView& view, const float* x, const float* dy, float* dx);

inline void softmaxRows(const float* x, float* y, int64_t rows, int64_t width) { softmax({rows, width, 1}, x, y); }

}  // namespace gemmfit
