#pragma once
#include <cstdint>
#include <string>

#include "native/engine/op.h"

namespace gemmfit::ops {

// What ops of several inputs share: their number, the place of an axis, and masks.

// Axes count as Keras's: 0 is the batch. An index into a sample's shape. Throws Error ERR_SPEC where there is none.
int64_t axisOf(const char* op, const Value& spec, const Shape& in);

// A sample's array as runs along an axis: [outer, length * inner].
struct AxisRuns {
  int64_t outer = 1, length = 1, inner = 1;
  AxisRuns(const Shape& in, int64_t axis);
};

// How many leading axes of a sample a mask of so many numbers covers. Throws Error ERR_MASK where it ends within one.
int64_t maskedAxes(const char* op, const Shape& in, int64_t maskSteps);

// dx = g, or dx += g where it `adds`.
inline void give(float* dx, bool adds, const float* g, int64_t n, float factor = 1) {
  if (adds)
    for (int64_t i = 0; i < n; ++i) dx[i] += factor * g[i];
  else if (dx != g || factor != 1)
    for (int64_t i = 0; i < n; ++i) dx[i] = factor * g[i];
}

}  // namespace gemmfit::ops
