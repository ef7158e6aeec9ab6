#include <cmath>

#include "native/kernels/softmax.h"

namespace gemmfit {
namespace {

// Martins and Astudillo's sparsemax is y = max(0, x - tau) with the tau that makes the sum 1. Keras takes another tau: the sum of all
// partial sums of the support (sorted downwards), not the last of them, less 1, over its size. The two agree for a support of one.
// We follow Keras. Numbers are taken relative to the greatest, so that large ones keep their differences.
class Row {
 public:
  Row(const float* x, int64_t n, int64_t stride) : x_(x), n_(n), stride_(stride), top_(x[0]) {
    for (int64_t i = 1; i < n; ++i) top_ = std::fmax(top_, static_cast<double>(x[i * stride]));
    findSupport();
    const auto m = static_cast<double>(size_);
    double sum = top_ * m * (m - 1) / 2 - 1;
    for (int64_t i = 0; i < n; ++i)
      if (inside(i)) sum += static_cast<double>(share(i)) * at(i);
    tau_ = sum / m;
  }

  // x - tau
  double excess(int64_t i) const { return at(i) - tau_; }
  // d tau / d x
  double slope(int64_t i) const { return inside(i) ? static_cast<double>(share(i)) / static_cast<double>(size_) : 0.0; }

 private:
  double at(int64_t i) const { return x_[i * stride_] - top_; }
  bool inside(int64_t i) const { return !(at(i) <= limit_); }  // NaN is: it must reach the sum

  // Michelot's iteration: the mean excess over 1 of those still above the limit raises it until none falls below; it needs neither
  // sorting nor memory.
  void findSupport() {
    for (int64_t before = n_ + 1;; before = size_) {
      double sum = 0;
      size_ = 0;
      for (int64_t i = 0; i < n_; ++i) {
        if (!inside(i)) continue;
        sum += at(i);
        ++size_;
      }
      if (size_ == before) return;
      limit_ = (sum - 1) / static_cast<double>(size_);
    }
  }

  // In how many partial sums an element of the support is: those that end at it or at a smaller one.
  int64_t share(int64_t i) const {
    if (size_ == 1) return 1;
    int64_t before = 0;
    for (int64_t j = 0; j < n_; ++j) before += at(j) > at(i) || (at(j) == at(i) && j < i) ? 1 : 0;
    return size_ - before;
  }

  const float* x_;
  int64_t n_, stride_;
  double top_, limit_ = -INFINITY, tau_ = 0;
  int64_t size_ = 0;
};

template <class F>
void eachRow(const AxisView& view, F&& f) {
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.inner; ++c) f(o * view.length * view.inner + c);
}

}  // namespace

void sparsemax(const AxisView& view, const float* x, float* y) {
  eachRow(view, [&](int64_t from) {
    const Row row(x + from, view.length, view.inner);
    // Where y is x, the row changes under way: an element is read before it is written, and only its own.
    for (int64_t i = 0; i < view.length; ++i) {
      const double v = row.excess(i);
      y[from + i * view.inner] = v <= 0 ? 0.0f : static_cast<float>(v);
    }
  });
}

void sparsemaxGradient(const AxisView& view, const float* x, const float* dy, float* dx) {
  eachRow(view, [&](int64_t from) {
    const Row row(x + from, view.length, view.inner);
    double sum = 0;
    for (int64_t i = 0; i < view.length; ++i)
      if (!(row.excess(i) <= 0)) sum += dy[from + i * view.inner];
    for (int64_t i = 0; i < view.length; ++i) {
      const double own = row.excess(i) <= 0 ? 0.0 : static_cast<double>(dy[from + i * view.inner]);
      dx[from + i * view.inner] = static_cast<float>(own - row.slope(i) * sum);
    }
  });
}

}  // namespace gemmfit
