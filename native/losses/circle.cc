#include <algorithm>
#include <cmath>
#include <limits>

#include "native/losses/element.h"

namespace gemmfit {
namespace losses {
namespace {

// Circle loss (Sun et al., 2020) between class numbers and embeddings of length 1: every sample against all others of the batch.
// One loss for each sample; those of 0 count as absent.
// Distances are computed anew where they are needed, as the engine gives a loss no memory that grows with the batch.
class Circle : public Loss {
 public:
  Circle(const Value& spec, int64_t width_)
      : dim_(width_),
        gamma_(finite(spec, "gamma", 80)),
        margin_(finite(spec, "margin", 0.4)),
        removeDiagonal_(spec.flag("removeDiagonal", true)) {
    width = width_;
  }
  bool wholeBatch() const override { return true; }
  bool countsAboveZero() const override { return true; }
  Layout layout() const override { return {width / dim_, true, 1}; }

  // `width` holds all elements of the batch; yTrue one class number for each embedding.
  void values(const float* yTrue, const float* yPred, int64_t items, float* losses) const override {
    for (int64_t i = 0; i < items; ++i) losses[i] = static_cast<float>(measure(yTrue, yPred, i).loss());
  }

  void gradient(const float* yTrue, const float* yPred, const float* scale, int64_t items, float* grad) const override {
    std::fill(grad, grad + width, 0.0f);
    for (int64_t i = 0; i < items; ++i) {
      if (scale[i] == 0) continue;
      const Row row = measure(yTrue, yPred, i);
      if (static_cast<float>(row.loss()) == 0) continue;
      // d softplus(P + N) is the same for P and N; each of them is a logsumexp, whose slopes are its softmax.
      const double outer = scale[i] * sigmoid(row.positive + row.negative);
      for (int64_t j = 0; j < items; ++j) {
        const Pair pair = at(yTrue, yPred, i, j);
        if (!pair.counts || pair.distance < 0) continue;
        const double weight = std::exp(pair.value - (pair.same ? row.positive : row.negative));
        add(grad, yPred, i, j, -outer * weight * pair.slope);
      }
    }
  }

 private:
  struct Row {
    double positive, negative;  // logsumexp over the pairs of each kind; -infinity where there is none
    double loss() const {
      const double x = positive + negative;
      return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))) + (std::isnan(x) ? x : 0.0);
    }
  };
  struct Pair {
    bool counts, same;
    double distance, value, slope;  // value as it goes into the logsumexp, slope by distance
  };

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  static float label(float y) { return std::trunc(y); }

  Pair at(const float* labels, const float* e, int64_t i, int64_t j) const {
    Pair p{true, label(labels[i]) == label(labels[j]), 0, 0, 0};
    if (p.same && i == j && removeDiagonal_) {
      p.counts = false;
      return p;
    }
    double dot = 0;
    for (int64_t k = 0; k < dim_; ++k) dot += static_cast<double>(e[i * dim_ + k]) * e[j * dim_ + k];
    p.distance = 1 - dot;
    const double d = p.distance < 0 ? 0 : p.distance;
    // weight (never below 0) times distance from the optimum; both depend on d
    const double weight = p.same ? margin_ + d : 1 + margin_ - d, weightSlope = weight < 0 ? 0 : p.same ? 1 : -1;
    const double from = (p.same ? margin_ : 1 - margin_) - d, sign = p.same ? -gamma_ : gamma_;
    p.value = sign * (weight < 0 ? 0 : weight) * from;
    p.slope = sign * (weightSlope * from - (weight < 0 ? 0 : weight));
    return p;
  }

  Row measure(const float* labels, const float* e, int64_t i) const {
    const int64_t n = width / dim_;
    double top[2], sum[2] = {0, 0};
    top[0] = top[1] = -std::numeric_limits<double>::infinity();
    for (int64_t j = 0; j < n; ++j) {
      const Pair p = at(labels, e, i, j);
      if (!p.counts) continue;
      double &t = top[p.same], &s = sum[p.same];
      if (p.value > t) {
        s = s * std::exp(t - p.value) + 1;
        t = p.value;
      } else {
        s += std::exp(p.value - t);
      }
    }
    const auto log = [&](int k) { return sum[k] == 0 ? top[k] : top[k] + std::log(sum[k]); };
    return {log(1), log(0)};
  }

  void add(float* grad, const float* e, int64_t i, int64_t j, double by) const {
    for (int64_t k = 0; k < dim_; ++k) {
      grad[i * dim_ + k] += static_cast<float>(by * e[j * dim_ + k]);
      grad[j * dim_ + k] += static_cast<float>(by * e[i * dim_ + k]);
    }
  }

  int64_t dim_;
  double gamma_, margin_;
  bool removeDiagonal_;
};

}  // namespace

// spec: { gamma, margin, removeDiagonal }
std::unique_ptr<Loss> circle(const Value& spec, int64_t width) { return std::make_unique<Circle>(spec, width); }

}  // namespace losses
}  // namespace gemmfit
