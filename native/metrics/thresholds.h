#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/kernels/sizes.h"

namespace gemmfit {
namespace metrics {

constexpr int64_t kMostThresholds = 1 << 20;

// Decision thresholds of confusion metrics. Since a prediction above one threshold is above all lower ones, it is enough to
// count how many it passes: every statistic at every threshold is a partial sum over these counts.
class Thresholds {
 public:
  Thresholds() = default;
  // As a user gives them: any order, one result each in that order.
  explicit Thresholds(const std::vector<double>& given);
  // `count` evenly spaced ones over [0, 1]; with `open`, the ends are moved out by 1e-7 so that 0 and 1 fall inside.
  static Thresholds even(int64_t count, bool open);
  // The given ones between ends just below 0 and just above 1.
  static Thresholds between(std::vector<double> given);

  int64_t size() const { return static_cast<int64_t>(ascending_.size()); }
  // How many thresholds p lies above, from 0 to size(): the strict comparison in float32, or, for evenly spaced ones, Keras's
  // bucket formula, which rounds differently at the thresholds themselves. NaN passes none.
  int64_t passed(float p) const;
  // Where the i-th given threshold stands in ascending order.
  int64_t rank(int64_t i) const { return rank_[asSize(i)]; }

 private:
  std::vector<float> ascending_;
  std::vector<int64_t> rank_;
  bool even_ = false;
  bool open_ = false;
};

// Weights of the positive and of the negative elements by how many thresholds they pass: 2 * (size + 1) sums.
struct Buckets {
  const double* sums;
  int64_t thresholds;

  static int64_t stateSize(const Thresholds& t) { return 2 * (t.size() + 1); }
  static void add(double* sums, const Thresholds& t, bool positive, float p, double weight) {
    sums[(positive ? 0 : t.size() + 1) + t.passed(p)] += weight;
  }

  // The confusion counts at the threshold of this rank.
  struct Counts {
    double tp, fp, fn, tn;
  };
  Counts at(int64_t rank) const;
  // For all ranks, in ascending order.
  std::vector<Counts> all() const;
};

}  // namespace metrics
}  // namespace gemmfit
