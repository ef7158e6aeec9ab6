#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "native/engine/value.h"

namespace gemmfit {

// What a function's options come to, in an order of its own.
using ActivationNumbers = std::array<float, 3>;

// What the gradient reads besides dy: what went into the function, or what came out, so that x need not be kept.
enum class Reads { x, y };

// What a function costs for an element, in flops of a product of matrices that takes as long: one of comparisons and sums, or of
// exponentials.
constexpr double kFewFlops = 12, kManyFlops = 60;

// A function of one element. Copies are alike, and any thread may call one.
class ActivationFunction {
 public:
  using Forward = void (*)(const ActivationNumbers&, const float* x, float* y, int64_t n);
  using Backward = void (*)(const ActivationNumbers&, const float* saved, const float* dy, float* dx, int64_t n);
  ActivationFunction(const char* name, const ActivationNumbers& numbers, Reads reads, double flops, Forward forward, Backward backward)
      : name_(name), numbers_(numbers), reads_(reads), flops_(flops), forward_(forward), backward_(backward) {}

  // y = f(x); y may be x.
  void forward(const float* x, float* y, int64_t n) const { forward_(numbers_, x, y, n); }
  // dx = dy f'(x); dx may be dy. `saved` is y where backwardReadsY(), else x.
  void backward(const float* saved, const float* dy, float* dx, int64_t n) const { backward_(numbers_, saved, dy, dx, n); }
  bool backwardReadsY() const { return reads_ == Reads::y; }
  double flops() const { return flops_; }
  // By the name of the struct that computes it: "Relu" is one without options, whatever it was made of.
  bool is(std::string_view name) const { return name == name_; }

 private:
  const char* name_;
  ActivationNumbers numbers_;
  Reads reads_;
  double flops_;
  Forward forward_;
  Backward backward_;
};

// The table in native/activations/registry.cc. spec: { activation: 'leakyRelu', ...options in camelCase }. Functions of a whole axis, such
// as softmax, are ops (native/ops/activation.cc), and an Error ERR_SPEC here.
ActivationFunction makeActivation(const Value& spec);
ActivationFunction makeActivation(const std::string& name, const Value& options);
// By name, with its options at their defaults.
ActivationFunction makeActivation(const char* name);

}  // namespace gemmfit
