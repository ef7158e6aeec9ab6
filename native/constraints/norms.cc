// Scales weights to a norm, or into a range of norms.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "native/engine/constraint.h"
#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

// Norms along some axes of a weight. Axes that lie next to each other and are treated alike count as one, so that of most weights
// two remain, and the innermost loops run over contiguous memory.
class Norms : public Constraint {
 public:
  Norms(const Shape& shape, const std::vector<int64_t>& axes) {
    const auto rank = static_cast<int64_t>(shape.size());
    std::vector<bool> summed(shape.size(), false);
    for (const int64_t axis : axes) {
      if (axis < -rank || axis >= rank)
        throw Error("ERR_SHAPE", "a constraint's axis " + std::to_string(axis) + " is outside its weight of shape " + toString(shape));
      summed[asSize(axis < 0 ? axis + rank : axis)] = true;
    }
    for (size_t k = 0; k < shape.size(); ++k) {
      if (!runs_.empty() && runs_.back().summed == summed[k])
        runs_.back().size *= shape[k];
      else
        runs_.push_back({shape[k], summed[k], 0});
    }
    int64_t groups = 1;
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      run->stride = run->summed ? 0 : groups;
      if (!run->summed) groups *= run->size;
    }
    scales_.resize(asSize(groups));
  }

  void apply(float* w) override {
    std::fill(scales_.begin(), scales_.end(), 0.0);
    each(w, [](double& squares, float& x) { squares += static_cast<double>(x) * x; });
    for (double& s : scales_) {
      const double norm = std::sqrt(s);
      s = desired(norm) / (kEpsilon + norm);
    }
    each(w, [](double& scale, float& x) { x = static_cast<float>(x * scale); });
  }

 protected:
  virtual double desired(double norm) const = 0;

 private:
  struct Run {
    int64_t size;
    bool summed;
    int64_t stride;  // in scales_
  };

  // f(its group's number, element) for all elements, in memory order.
  template <class F>
  void each(float* w, const F& f) {
    walk(0, w, scales_.data(), f);
  }
  template <class F>
  float* walk(size_t k, float* w, double* group, const F& f) {
    if (k == runs_.size()) {
      f(*group, *w);
      return w + 1;
    }
    const Run& run = runs_[k];
    if (k + 1 == runs_.size()) {
      if (run.summed)
        for (int64_t i = 0; i < run.size; ++i) f(*group, w[i]);
      else
        for (int64_t i = 0; i < run.size; ++i) f(group[i], w[i]);
      return w + run.size;
    }
    for (int64_t i = 0; i < run.size; ++i) w = walk(k + 1, w, group + i * run.stride, f);
    return w;
  }

  std::vector<Run> runs_;
  std::vector<double> scales_;
};

class UnitNorm : public Norms {
 public:
  using Norms::Norms;

 protected:
  double desired(double /*norm*/) const override { return 1; }
};

class MinMaxNorm : public Norms {
 public:
  MinMaxNorm(const Shape& shape, const std::vector<int64_t>& axes, double low, double high, double rate)
      : Norms(shape, axes), low_(low), high_(high), rate_(rate) {}

 protected:
  double desired(double norm) const override {
    const double clipped = norm < low_ ? low_ : norm > high_ ? high_ : norm;
    return rate_ * clipped + (1 - rate_) * norm;
  }

 private:
  double low_, high_, rate_;
};

// Axes along which norms are taken: [0] unless the spec names others.
std::vector<int64_t> axesOf(const Value& spec) {
  const std::vector<int64_t> axes = spec.integers("axes");
  return axes.empty() ? std::vector<int64_t>{0} : axes;
}

}  // namespace

namespace constraints {
// spec: { axes }
std::unique_ptr<Constraint> unitNorm(const Value& spec, const Shape& shape) { return std::make_unique<UnitNorm>(shape, axesOf(spec)); }

// spec: { maxValue, axes }
std::unique_ptr<Constraint> maxNorm(const Value& spec, const Shape& shape) {
  return std::make_unique<MinMaxNorm>(shape, axesOf(spec), 0, spec.number("maxValue", 2), 1);
}

// spec: { minValue, maxValue, rate, axes }
std::unique_ptr<Constraint> minMaxNorm(const Value& spec, const Shape& shape) {
  return std::make_unique<MinMaxNorm>(shape, axesOf(spec), spec.number("minValue", 0), spec.number("maxValue", 1), spec.number("rate", 1));
}
}  // namespace constraints
}  // namespace gemmfit
