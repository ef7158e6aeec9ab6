#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "native/engine/value.h"

// Losses as their formulas read, in double and without any care for speed: what the engine's losses are held against.
namespace gemmfit {
namespace reference {

using Doubles = std::vector<double>;

constexpr double kEps = 1e-7f;
constexpr double kTop = static_cast<float>(1.0 - 1e-7);
inline double clip(double x, double low = kEps, double high = kTop) { return x < low ? low : x > high ? high : x; }
inline double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }
inline double softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::fabs(z))); }

inline Doubles softmax(const Doubles& z) {
  const double top = *std::max_element(z.begin(), z.end());
  Doubles e;
  double sum = 0;
  for (const double v : z) sum += std::exp(v - top);
  for (const double v : z) e.push_back(std::exp(v - top) / sum);
  return e;
}
inline Doubles logSoftmax(const Doubles& z) {
  const double top = *std::max_element(z.begin(), z.end());
  double sum = 0;
  for (const double v : z) sum += std::exp(v - top);
  Doubles out;
  for (const double v : z) out.push_back(v - top - std::log(sum));
  return out;
}
inline Doubles normalized(Doubles p) {
  double sum = 0;
  for (const double v : p) sum += v;
  for (double& v : p) v /= sum;
  return p;
}

template <class F>
double meanOver(const Doubles& y, const Doubles& p, F&& f) {
  double sum = 0;
  for (size_t j = 0; j < p.size(); ++j) sum += f(y[j], p[j]);
  return sum / static_cast<double>(p.size());
}

inline double overlap(const Doubles& y, const Doubles& p, double alpha, double beta, bool dice) {
  double both = 0, missed = 0, extra = 0, ys = 0, ps = 0;
  for (size_t j = 0; j < p.size(); ++j) {
    both += y[j] * p[j];
    missed += y[j] * (1 - p[j]);
    extra += p[j] * (1 - y[j]);
    ys += y[j];
    ps += p[j];
  }
  return dice ? 1 - 2 * both / (ys + ps + kEps) : 1 - both / (both + alpha * missed + beta * extra + kEps);
}

// The loss of each sample. Labels one a sample, embeddings of `dim` elements.
inline Doubles circle(const Value& spec, const Doubles& labels, const Doubles& e) {
  const size_t n = labels.size(), dim = e.size() / n;
  const double gamma = spec.number("gamma", 80), m = spec.number("margin", 0.4);
  Doubles losses(n, 0.0);
  for (size_t i = 0; i < n; ++i) {
    Doubles positive, negative;
    for (size_t j = 0; j < n; ++j) {
      double d = 1;
      for (size_t k = 0; k < dim; ++k) d -= e[i * dim + k] * e[j * dim + k];
      d = std::max(d, 0.0);
      if (labels[i] != labels[j])
        negative.push_back(gamma * std::max(1 + m - d, 0.0) * (1 - m - d));
      else if (i != j || !spec.flag("removeDiagonal", true))
        positive.push_back(-gamma * (m + d) * (m - d));
    }
    if (positive.empty() || negative.empty()) continue;
    double pairs = 0;
    for (const double a : positive)
      for (const double b : negative) pairs += std::exp(a + b);
    losses[i] = std::log1p(pairs);
  }
  return losses;
}

// The loss of one item. Sparse labels: y holds one class.
inline double loss(const Value& spec, Doubles y, const Doubles& p) {
  const std::string name = spec.text("loss", "");
  const size_t n = p.size();
  const bool logits = spec.flag("fromLogits", false);
  const double smoothing = spec.number("labelSmoothing", 0), gamma = spec.number("gamma", 2);
  const bool binary = name.rfind("binary", 0) == 0;
  if (smoothing > 0)
    for (double& v : y) v = v * (1 - smoothing) + smoothing / (binary ? 2 : static_cast<double>(n));

  if (name == "meanSquaredError") return meanOver(y, p, [](double a, double b) { return (a - b) * (a - b); });
  if (name == "meanAbsoluteError") return meanOver(y, p, [](double a, double b) { return std::fabs(a - b); });
  if (name == "meanAbsolutePercentageError")
    return 100 * meanOver(y, p, [](double a, double b) { return std::fabs(a - b) / std::max(std::fabs(a), kEps); });
  if (name == "meanSquaredLogarithmicError")
    return meanOver(y, p,
                    [](double a, double b) { return std::pow(std::log(std::max(a, kEps) + 1) - std::log(std::max(b, kEps) + 1), 2); });
  if (name == "logCosh") return meanOver(y, p, [](double a, double b) { return b - a + softplus(-2 * (b - a)) - std::log(2.0); });
  if (name == "huber") {
    const double delta = spec.number("delta", 1);
    return meanOver(y, p, [&](double a, double b) {
      const double e = std::fabs(a - b);
      return e <= delta ? 0.5 * e * e : delta * e - 0.5 * delta * delta;
    });
  }
  if (name == "poisson") return meanOver(y, p, [](double a, double b) { return b - a * std::log(b + kEps); });
  if (name == "klDivergence")
    return static_cast<double>(n) *
           meanOver(y, p, [](double a, double b) { return clip(a, kEps, 1) * std::log(clip(a, kEps, 1) / clip(b, kEps, 1)); });
  if (name == "hinge") return meanOver(y, p, [](double a, double b) { return std::max(0.0, 1 - a * b); });
  if (name == "squaredHinge") return meanOver(y, p, [](double a, double b) { return std::pow(std::max(0.0, 1 - a * b), 2); });
  if (name == "categoricalHinge") {
    double positive = 0, greatest = -std::numeric_limits<double>::infinity();
    for (size_t j = 0; j < n; ++j) {
      positive += y[j] * p[j];
      greatest = std::max(greatest, (1 - y[j]) * p[j]);
    }
    return std::max(0.0, greatest - positive + 1);
  }
  if (name == "cosineSimilarity") {
    double yy = 0, pp = 0, yp = 0;
    for (size_t j = 0; j < n; ++j) yy += y[j] * y[j], pp += p[j] * p[j], yp += y[j] * p[j];
    return -yp / std::sqrt(std::max(yy, 1e-12)) / std::sqrt(std::max(pp, 1e-12));
  }
  if (binary) {
    const bool balanced = spec.flag("applyClassBalancing", false);
    const double alpha = spec.number("alpha", 0.25);
    return meanOver(y, p, [&](double a, double b) {
      const double q = logits ? sigmoid(b) : b;
      const double entropy = logits ? std::max(b, 0.0) - b * a + std::log1p(std::exp(-std::fabs(b)))
                                    : -(a * std::log(clip(b)) + (1 - a) * std::log(1 - clip(b)));
      if (name == "binaryCrossentropy") return entropy;
      const double right = a * q + (1 - a) * (1 - q);
      return std::pow(1 - right, gamma) * entropy * (balanced ? a * alpha + (1 - a) * (1 - alpha) : 1);
    });
  }
  if (name == "categoricalCrossentropy" || name == "categoricalFocalCrossentropy") {
    const Doubles q = logits ? softmax(p) : normalized(p), logs = logSoftmax(p),
                  alphas = spec.has("alpha") ? spec.numbers("alpha") : Doubles{};
    const bool focal = name == "categoricalFocalCrossentropy";
    double sum = 0;
    for (size_t j = 0; j < n; ++j) {
      if (!focal)
        sum -= y[j] * (logits ? logs[j] : std::log(clip(q[j])));
      else
        sum -= y[j] * (alphas.empty() ? 0.25 : alphas[j % alphas.size()]) * std::pow(1 - clip(q[j]), gamma) * std::log(clip(q[j]));
    }
    return sum;
  }
  if (name == "sparseCategoricalCrossentropy") {
    if (spec.has("ignoreClass") && y[0] == spec.number("ignoreClass")) return 0;
    if (logits) return -logSoftmax(p)[static_cast<size_t>(y[0])];
    double sum = 0;
    for (const double v : p) sum += clip(v);
    return std::log(sum) - std::log(clip(p[static_cast<size_t>(y[0])]));
  }
  if (name == "categoricalGeneralizedCrossEntropy") {
    const double q = spec.number("q", 0.5);
    return (1 - std::pow(p[static_cast<size_t>(y[0])], q)) / q;
  }
  if (name == "dice" || name == "tversky") return overlap(y, p, spec.number("alpha", 0.5), spec.number("beta", 0.5), name == "dice");
  return std::numeric_limits<double>::quiet_NaN();
}

// d loss / d p by central differences.
inline Doubles gradient(const Value& spec, const Doubles& y, Doubles p) {
  Doubles out;
  for (double& v : p) {
    const double at = v, h = 1e-6 * std::max(1.0, std::fabs(at));
    v = at + h;
    const double above = loss(spec, y, p);
    v = at - h;
    out.push_back((above - loss(spec, y, p)) / (2 * h));
    v = at;
  }
  return out;
}

}  // namespace reference
}  // namespace gemmfit
