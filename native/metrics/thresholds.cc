#include "native/metrics/thresholds.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "native/kernels/sizes.h"
#include "native/metrics/common.h"

namespace gemmfit {
namespace metrics {
namespace {

// NumPy's allclose against k / (n - 1), with Keras's epsilon as the absolute tolerance.
bool evenlySpaced(const std::vector<double>& t) {
  const size_t n = t.size();
  if (n < 3) return false;
  for (size_t i = 0; i < n; ++i) {
    const double even = static_cast<double>(i) / static_cast<double>(n - 1);
    if (!(std::fabs(t[i] - even) <= 1e-7 + 1e-5 * even)) return false;
  }
  return true;
}

void checkCount(int64_t count) {
  if (count > kMostThresholds) badSpec("a metric takes at most " + std::to_string(kMostThresholds) + " thresholds");
}

}  // namespace

Thresholds::Thresholds(const std::vector<double>& given) : even_(evenlySpaced(given)) {
  checkCount(static_cast<int64_t>(given.size()));
  if (given.empty()) badSpec("a metric needs at least one threshold");
  for (const double t : given)
    if (std::isnan(t)) badSpec("a threshold must not be NaN");
  std::vector<int64_t> order(given.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return given[asSize(a)] < given[asSize(b)]; });
  rank_.resize(given.size());
  for (size_t r = 0; r < order.size(); ++r) {
    ascending_.push_back(static_cast<float>(given[asSize(order[r])]));
    rank_[asSize(order[r])] = static_cast<int64_t>(r);
  }
}

Thresholds Thresholds::even(int64_t count, bool open) {
  if (count < 2) badSpec("evenly spaced thresholds are at least two");
  checkCount(count);
  std::vector<double> t;
  for (int64_t i = 0; i < count; ++i) t.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  Thresholds out(t);
  out.even_ = true;
  out.open_ = open;
  return out;
}

Thresholds Thresholds::between(std::vector<double> given) {
  std::sort(given.begin(), given.end());
  given.insert(given.begin(), 0.0);
  given.push_back(1.0);
  const bool even = evenlySpaced(given);
  given.front() = -1e-7;
  given.back() = 1 + 1e-7;
  Thresholds out(given);
  out.even_ = even;
  out.open_ = true;
  return out;
}

int64_t Thresholds::passed(float p) const {
  const int64_t n = size();
  if (even_) {
    if (std::isnan(p)) return 0;
    const float inside = std::min(std::max(p, 0.0f), 1.0f);
    const int64_t above = static_cast<int64_t>(std::ceil(inside * static_cast<float>(n - 1)));
    return open_ ? std::max<int64_t>(above, 1) : above;
  }
  if (n == 1) return p > ascending_[0] ? 1 : 0;
  return std::lower_bound(ascending_.begin(), ascending_.end(), p) - ascending_.begin();
}

Buckets::Counts Buckets::at(int64_t rank) const {
  const double* negative = sums + thresholds + 1;
  Counts c{0, 0, 0, 0};
  for (int64_t b = thresholds; b >= 0; --b) {
    (b > rank ? c.tp : c.fn) += sums[b];
    (b > rank ? c.fp : c.tn) += negative[b];
  }
  return c;
}

std::vector<Buckets::Counts> Buckets::all() const {
  const double* negative = sums + thresholds + 1;
  std::vector<Counts> out(asSize(thresholds));
  double tp = 0, fp = 0;
  for (int64_t rank = thresholds - 1; rank >= 0; --rank) {
    tp += sums[rank + 1];
    fp += negative[rank + 1];
    out[asSize(rank)] = {tp, fp, 0, 0};
  }
  // Totals by the same order of additions, so that what passes every threshold leaves exactly nothing behind.
  const double positives = tp + sums[0], negatives = fp + negative[0];
  for (Counts& c : out) {
    c.fn = positives - c.tp;
    c.tn = negatives - c.fp;
  }
  return out;
}

}  // namespace metrics
}  // namespace gemmfit
