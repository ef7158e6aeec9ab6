#include "native/test/network_harness.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

OpSetup setupOf(const Shape& kernel, int64_t iterations) {
  OpSetup setup{object({{"op", "spectralNormalization"}, {"iterations", iterations}}), {3}, 2};
  setup.weights = {kernel, {kernel.back()}};
  setup.trainable = {false, false};  // the layer's own op hands the kernel's gradient over
  return setup;
}

// The largest singular value, from many iterations on the Gram matrix.
double largest(const Floats& w, size_t columns) {
  Doubles u(columns, 1.0);
  double norm = 0;
  for (int k = 0; k < 5000; ++k) {
    Doubles next(columns);
    for (size_t r = 0; r < w.size() / columns; ++r) {
      double dot = 0;
      for (size_t c = 0; c < columns; ++c) dot += w[r * columns + c] * u[c];
      for (size_t c = 0; c < columns; ++c) next[c] += dot * w[r * columns + c];
    }
    norm = 0;
    for (const double v : next) norm += v * v;
    norm = std::sqrt(norm);
    for (size_t c = 0; c < columns; ++c) u[c] = next[c] / norm;
  }
  return std::sqrt(norm);
}

TEST(SpectralNormalization, ManyIterationsFindTheLargestSingularValue) {
  for (const Shape& shape : {Shape{5, 3}, Shape{3, 3, 2, 4}, Shape{2, 9}}) {
    OpRunner runner(setupOf(shape, 200));
    float* kernel = runner.weights[0]->data();
    const Floats before(kernel, kernel + sizeOf(shape));
    const double sigma = largest(before, static_cast<size_t>(shape.back()));
    const Floats x = randomFloats(6, 1);
    EXPECT_EQ(runner.forward(x), x);
    Doubles want;
    for (const float k : before) want.push_back(k / sigma);
    expectClose(Floats(kernel, kernel + sizeOf(shape)), want, 2e-6, "kernel");
  }
}

// By hand: u = (1, 0), W = [[3, 0], [4, 5]]: v = (3, 4) / 5; vW = (5, 4), so that u = (5, 4) / sqrt(41) and sigma = sqrt(41).
TEST(SpectralNormalization, OneIteration) {
  OpRunner runner(setupOf({2, 2}, 1));
  const Floats kernel{3, 0, 4, 5}, u{1, 0};
  std::copy(kernel.begin(), kernel.end(), runner.weights[0]->data());
  std::copy(u.begin(), u.end(), runner.weights[1]->data());
  runner.forward(randomFloats(6, 1));
  const double sigma = std::sqrt(41.0);
  const float *k = runner.weights[0]->data(), *v = runner.weights[1]->data();
  expectClose(Floats(k, k + 4), {3 / sigma, 0, 4 / sigma, 5 / sigma}, 1e-7, "kernel");
  expectClose(Floats(v, v + 2), {5 / sigma, 4 / sigma}, 1e-7, "u");
}

TEST(SpectralNormalization, LeavesZerosAndPredictionsAlone) {
  OpRunner zeros(setupOf({2, 2}, 1));
  std::fill(zeros.weights[0]->data(), zeros.weights[0]->data() + 4, 0.0f);
  zeros.forward(randomFloats(6, 1));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(zeros.weights[0]->data()[i], 0);
  OpSetup setup = setupOf({2, 2}, 1);
  setup.training = false;
  OpRunner use(setup);
  const Floats before(use.weights[0]->data(), use.weights[0]->data() + 4);
  use.forward(randomFloats(6, 1));
  EXPECT_EQ(Floats(use.weights[0]->data(), use.weights[0]->data() + 4), before);
}

// Each step is one of gradient descent from the kernel that was divided. A single column has its length for a singular value.
TEST(SpectralNormalization, TrainsTheKernelThatItHasDivided) {
  using testing::Model;
  for (const bool shared : {false, true}) {
    const auto build = [&](bool spectral) {
      Model m;
      const int kernel = m.weight({3, 1}, 1), bias = m.weight({1}, 0.5), vector = m.weight({1}, 1, {{"trainable", false}});
      const auto layer = [&](int from) {
        if (spectral) from = m.add({{"op", "spectralNormalization"}, {"iterations", 1}, {"weights", Value::Array{kernel, vector}}}, {from});
        return m.add({{"op", "dense"}, {"units", 1}, {"weights", Value::Array{kernel, bias}}}, {from});
      };
      const int first = layer(0);
      if (shared) m.add({{"op", "add"}}, {first, layer(m.add({{"op", "rescaling"}, {"scale", 0.5}, {"offset", 0.25}}, {0}))});
      m.build();
      return m;
    };
    Model m = build(true), plain = build(false);
    const testing::Samples s(8, {3}, 1, [](int64_t r, int64_t) { return std::sin(static_cast<double>(r)); });
    const auto step = [&](Model& model) {
      Feed feed(s.spec);
      model.network->run(feed, s.request(Mode::train, 1, 0.1f), nullptr);
    };
    for (int k = 0; k < 5; ++k) {
      // The plain model does the step from the kernel in double, divided by its length.
      double length = 0;
      float* w = plain.variables[0]->data();
      for (int i = 0; i < 3; ++i) length += static_cast<double>(w[i]) * w[i];
      for (int i = 0; i < 3; ++i) w[i] = static_cast<float>(w[i] / std::sqrt(length));
      step(plain);
      step(m);
      for (size_t v = 0; v < 2; ++v)
        for (int64_t i = 0; i < m.variables[v]->size; ++i)
          ASSERT_NEAR(m.variables[v]->data()[i], plain.variables[v]->data()[i], 1e-5) << "shared " << shared << " step " << k;
    }
  }
}

TEST(SpectralNormalization, ImpossibleSpecs) {
  expectRefused(setupOf({2, 2}, 0));
  OpSetup setup = setupOf({2, 3}, 1);
  setup.weights[1] = {4};
  expectRefused(setup);
  setup.weights.pop_back();
  expectRefused(setup);
}

}  // namespace
}  // namespace gemmfit::test
