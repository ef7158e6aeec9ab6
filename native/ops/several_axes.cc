#include "native/ops/several_axes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "native/engine/axis_groups.h"
#include "native/engine/error.h"

namespace gemmfit::ops {
namespace {

// Softmax or its logarithm over the elements of several axes at once. Where the axes are neighbours they are one, which the kernels of
// activation.cc take faster.
class SeveralAxes : public Op {
 public:
  SeveralAxes(bool logs, const std::vector<int64_t>& axes, const OpEnv& env) : logs_(logs), groups_(env.in, axes), n_(sizeOf(env.in)) {
    if (groups_.joinsRows()) throw Error("ERR_SPEC", "activation: samples of a batch are independent; axis 0 cannot be named");
    in = out = env.in;
    inPlace = readsY = true;
    flopsPerRow = 80 * static_cast<double>(n_);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    each(begin, end, [&](int64_t row, int64_t group) {
      const float* from = x + row * n_;
      float* to = y + row * n_;
      float top = -std::numeric_limits<float>::infinity();
      elements(group, [&](int64_t j) { top = std::max(top, from[j]); });
      double sum = 0;
      elements(group, [&](int64_t j) { sum += std::exp(from[j] - top); });
      const double part = logs_ ? std::log(sum) : 1 / sum;
      elements(group, [&](int64_t j) {
        const double shifted = from[j] - top;
        to[j] = static_cast<float>(logs_ ? shifted - part : std::exp(shifted) * part);
      });
    });
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    each(begin, end, [&](int64_t row, int64_t group) {
      const float *made = y + row * n_, *slope = dy + row * n_;
      float* to = dx + row * n_;
      double sum = 0;
      elements(group, [&](int64_t j) { sum += logs_ ? slope[j] : static_cast<double>(slope[j]) * made[j]; });
      elements(group, [&](int64_t j) {
        to[j] = static_cast<float>(logs_ ? slope[j] - std::exp(static_cast<double>(made[j])) * sum : made[j] * (slope[j] - sum));
      });
    });
  }

 private:
  template <class F>
  void each(int64_t begin, int64_t end, const F& f) const {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t group = 0; group < groups_.count(n_); ++group) f(row, group);
  }
  template <class F>
  void elements(int64_t group, const F& f) const {
    groups_.lines(group, n_, [&](int64_t at, int64_t n, int64_t stride) {
      for (int64_t j = at; j < at + n * stride; j += stride) f(j);
    });
  }
  bool logs_;
  AxisGroups groups_;
  int64_t n_;
};

}  // namespace

std::unique_ptr<Op> severalAxes(bool logs, const std::vector<int64_t>& axes, const OpEnv& env) {
  return std::make_unique<SeveralAxes>(logs, axes, env);
}

}  // namespace gemmfit::ops
