#pragma once
#include <cstdint>

namespace gemmfit {

// Small functions that ops share. y may be x, and dx may be dy.

// y = scale * x + offset: one factor for all, or one for each place of a row.
void scaleAdd(float scale, float offset, const float* x, float* y, int64_t n);
void scaleAddRows(const float* scale, const float* offset, const float* x, float* y, int64_t rows, int64_t width);

// y = a x + b where keep is not 0, else c.
void selectScaled(const float* keep, float a, float b, float c, const float* x, float* y, int64_t n);

// sum(l1 |x| + l2 x^2), and dx = dy + factor * (l1 sign(x) + 2 l2 x).
double l1l2Sum(float l1, float l2, const float* x, int64_t n);
void addL1L2Gradient(float l1, float l2, float factor, const float* x, const float* dy, float* dx, int64_t n);

// Whether any of them is not `value`; NaN is not.
bool anyDiffers(const float* x, float value, int64_t n);

}  // namespace gemmfit
