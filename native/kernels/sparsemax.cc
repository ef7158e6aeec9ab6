#include <cmath>

#include "native/kernels/softmax.h"

namespace gemmfit {
namespace {

// y = max(0, x - tau) with the tau that makes the sum 1. Michelot's iteration: the mean excess over 1 of those still above tau raises
// tau until none falls below; it needs neither sorting nor memory.
void project(const float* x, float* y, int64_t n, int64_t stride) {
  double top = x[0];
  for (int64_t i = 1; i < n; ++i) top = std::fmax(top, static_cast<double>(x[i * stride]));
  double tau = -INFINITY;
  for (int64_t before = n + 1;;) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double v = x[i * stride] - top;
      if (v <= tau) continue;
      sum += v;
      ++count;
    }
    if (count == 0 || count == before) break;
    tau = (sum - 1) / static_cast<double>(count);
    before = count;
  }
  for (int64_t i = 0; i < n; ++i) {
    const double v = x[i * stride] - top - tau;
    y[i * stride] = v <= 0 ? 0.0f : static_cast<float>(v);
  }
}

// What moves tau is shared by all that are above it.
void gradient(const float* y, const float* dy, float* dx, int64_t n, int64_t stride) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (y[i * stride] <= 0) continue;
    sum += dy[i * stride];
    ++count;
  }
  const double mean = count > 0 ? sum / static_cast<double>(count) : 0;
  for (int64_t i = 0; i < n; ++i) dx[i * stride] = y[i * stride] <= 0 ? 0.0f : static_cast<float>(dy[i * stride] - mean);
}

}  // namespace

void sparsemax(const AxisView& view, const float* x, float* y) {
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.inner; ++c) {
      const int64_t at = o * view.length * view.inner + c;
      project(x + at, y + at, view.length, view.inner);
    }
}

void sparsemaxGradient(const AxisView& view, const float* y, const float* dy, float* dx) {
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.inner; ++c) {
      const int64_t at = o * view.length * view.inner + c;
      gradient(y + at, dy + at, dx + at, view.length, view.inner);
    }
}

}  // namespace gemmfit
