// Gradients of a whole network against finite differences.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "native/test/network_harness.h"

namespace gemmfit::testing {

// Gradients from the engine: plain gradient descent with rate 1 moves each weight by its gradient.
inline std::vector<float> gradients(Model& m, const Samples& s) {
  const std::vector<float> before = m.values();
  Feed feed(s.spec);
  m.network->run(feed, s.request(Mode::train, 1, 1.0f), nullptr);
  std::vector<float> g = m.values();
  for (size_t i = 0; i < g.size(); ++i) g[i] = before[i] - g[i];
  m.restore(before);
  return g;
}

inline double lossOf(Model& m, const Samples& s) {
  Feed feed(s.spec);
  m.network->run(feed, s.request(Mode::test, 1), nullptr);
  return m.network->totals().loss;
}

inline void checkGradients(Model& m, const Samples& s, double tolerance = 2e-2) {
  const std::vector<float> g = gradients(m, s);
  const std::vector<float> at = m.values();
  double scale = 1e-3;
  for (const float v : g) scale = std::max(scale, static_cast<double>(std::fabs(v)));
  const double h = 1e-2;
  for (size_t i = 0; i < at.size(); i += 1 + at.size() / 60) {
    std::vector<float> moved = at;
    moved[i] = static_cast<float>(at[i] + h);
    m.restore(moved);
    const double up = lossOf(m, s);
    moved[i] = static_cast<float>(at[i] - h);
    m.restore(moved);
    const double down = lossOf(m, s);
    EXPECT_NEAR(g[i], (up - down) / (2 * h), tolerance * scale) << "weight " << i;
  }
  m.restore(at);
}

}  // namespace gemmfit::testing
