#pragma once
#include "native/test/op_harness.h"

namespace gemmfit::test {

// Batch normalization, plainly: every element with its channel, and whether it counts.
struct BatchCase {
  Shape in;
  int64_t axis;
  int64_t rows;
  bool scale = true, center = true;
  Floats mask = {};  // [rows, leading axes of the sample]
  double epsilon = 1e-3;

  int64_t axisOfSample() const { return axis < 0 ? axis + static_cast<int64_t>(in.size()) : axis - 1; }
  size_t channels() const { return static_cast<size_t>(in[static_cast<size_t>(axisOfSample())]); }
  size_t channelOf(size_t i) const {
    int64_t rest = static_cast<int64_t>(i) % sizeOf(in);
    for (size_t a = in.size(); a-- > static_cast<size_t>(axisOfSample()) + 1;) rest /= in[a];
    return static_cast<size_t>(rest) % channels();
  }
  double keepOf(size_t i) const { return mask.empty() ? 1.0 : mask[i / (size() / mask.size())]; }
  size_t size() const { return static_cast<size_t>(rows * sizeOf(in)); }

  void moments(const Doubles& x, Doubles& count, Doubles& mean, Doubles& variance) const {
    count.assign(channels(), 0);
    mean = variance = count;
    for (size_t i = 0; i < size(); ++i) {
      count[channelOf(i)] += keepOf(i);
      mean[channelOf(i)] += keepOf(i) * x[i];
    }
    for (size_t c = 0; c < channels(); ++c) mean[c] /= std::max(1.0, count[c]);
    for (size_t i = 0; i < size(); ++i) variance[channelOf(i)] += keepOf(i) * (x[i] - mean[channelOf(i)]) * (x[i] - mean[channelOf(i)]);
    for (size_t c = 0; c < channels(); ++c) variance[c] /= std::max(1.0, count[c]);
  }

  Doubles normalize(const Doubles& x, const Doubles& mean, const Doubles& variance, const std::vector<Doubles>& weights) const {
    Doubles y(size());
    for (size_t i = 0; i < size(); ++i) {
      const size_t c = channelOf(i);
      y[i] = (x[i] - mean[c]) / std::sqrt(variance[c] + epsilon);
      if (scale) y[i] *= weights[0][c];
      if (center) y[i] += weights[scale ? 1 : 0][c];
    }
    return y;
  }

  Reference training() const {
    return [this](const Doubles& x, const std::vector<Doubles>& weights) {
      Doubles count, mean, variance;
      moments(x, count, mean, variance);
      return normalize(x, mean, variance, weights);
    };
  }

  OpSetup setup() const {
    OpSetup s;
    s.spec = object(
        {{"op", "batchNormalization"}, {"axis", axis}, {"scale", scale}, {"center", center}, {"momentum", 0.75}, {"epsilon", epsilon}});
    s.in = in;
    s.rows = rows;
    s.maskSteps = static_cast<int64_t>(mask.size()) / rows;
    const Shape w = {static_cast<int64_t>(channels())};
    for (const bool learned : {scale, center})
      if (learned) {
        s.weights.push_back(w);
        s.trainable.push_back(true);
      }
    s.weights.insert(s.weights.end(), 2, w);
    s.trainable.insert(s.trainable.end(), 2, false);
    return s;
  }
};

// dx and the gradients of the first weights are those of finite differences of SUM c y.
inline void expectDifferences(const Reference& reference, const Floats& c, Doubles& xs, std::vector<Doubles>& weights, const Floats& dx,
                              const std::vector<Floats>& gradients) {
  const auto loss = [&] {
    const Doubles y = reference(xs, weights);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(c[i]) * y[i];
    return sum;
  };
  const auto differences = [&](Doubles& at) {
    Doubles out(at.size());
    for (size_t i = 0; i < at.size(); ++i) {
      const double middle = at[i];
      at[i] = middle + 1e-5;
      const double above = loss();
      at[i] = middle - 1e-5;
      out[i] = (above - loss()) / 2e-5;
      at[i] = middle;
    }
    return out;
  };
  expectClose(dx, differences(xs), 2e-5, "dx");
  for (size_t w = 0; w < gradients.size(); ++w) expectClose(gradients[w], differences(weights[w]), 2e-5, "gradient of a weight");
}

// About half of n numbers 1, the others 0.
inline Floats halfOf(int64_t n, uint64_t seed) {
  Floats mask = randomFloats(n, seed, 0, 1);
  for (float& m : mask) m = m < 0.6f ? 1.0f : 0.0f;
  return mask;
}

}  // namespace gemmfit::test
