// Every activation of one element, written in double as its definition reads.
#pragma once
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "native/kernels/activations.h"

namespace gemmfit::test {

struct ActivationCase {
  std::string name;
  ActivationFunction function;
  std::function<double(double)> value;
  std::vector<double> joints = {};  // where it has no derivative: differences are not taken across
};

inline double sigmoidOf(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
inline double softplusOf(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
inline double clipOf(double x, double low, double high) { return std::min(std::max(x, low), high); }

inline std::vector<ActivationCase> activationCases() {
  using Kind = ActivationKind;
  const auto of = [](Kind kind, float alpha = 1, float threshold = 0, float maximum = std::numeric_limits<float>::infinity(),
                     float other = 0) {
    ActivationFunction f;
    f.kind = kind;
    f.alpha = alpha;
    f.threshold = threshold;
    f.maximum = maximum;
    f.other = other;
    return f;
  };
  const double root = std::sqrt(2.0), scale = 1.0507009873554804934193349852946, low = scale * 1.6732632423543772848170429916717;
  return {
      {"celu", of(Kind::celu), [](double x) { return x > 0 ? x : std::expm1(x); }, {0}},
      {"celu 0.5", of(Kind::celu, 0.5f), [](double x) { return x > 0 ? x : 0.5 * std::expm1(x / 0.5); }, {0}},
      {"elu", of(Kind::elu), [](double x) { return x > 0 ? x : std::expm1(x); }, {0}},
      {"elu 0.75", of(Kind::elu, 0.75f), [](double x) { return x > 0 ? x : 0.75 * std::expm1(x); }, {0}},
      {"elu -0.5", of(Kind::elu, -0.5f), [](double x) { return x > 0 ? x : -0.5 * std::expm1(x); }, {0}},
      {"exponential", of(Kind::exponential), [](double x) { return std::exp(x); }},
      {"gelu", of(Kind::gelu), [root](double x) { return x < -1e3 ? -0.0 : 0.5 * x * std::erfc(-x / root); }},
      {"geluTanh", of(Kind::geluTanh),
       [](double x) { return x < -1e3 ? -0.0 : x * sigmoidOf(2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)); }},
      {"hardShrink", of(Kind::hardShrink, 1, 0.5f), [](double x) { return std::abs(x) > 0.5 ? x : 0; }, {-0.5, 0.5}},
      {"hardSigmoid", of(Kind::hardSigmoid), [](double x) { return clipOf(x + 3, 0, 6) / 6; }, {-3, 3}},
      {"hardSigmoidKeras2", of(Kind::hardSigmoidKeras2), [](double x) { return clipOf(0.2 * x + 0.5, 0, 1); }, {-2.5, 2.5}},
      {"hardSilu", of(Kind::hardSilu), [](double x) { return x < -3 ? 0 : x * clipOf(x + 3, 0, 6) / 6; }, {-3, 3}},
      {"hardTanh", of(Kind::hardTanh), [](double x) { return clipOf(x, -1, 1); }, {-1, 1}},
      {"leakyRelu", of(Kind::leakyRelu, 0.25f), [](double x) { return x > 0 ? x : 0.25 * x; }, {0}},
      {"leakyRelu -0.5", of(Kind::leakyRelu, -0.5f), [](double x) { return x > 0 ? x : -0.5 * x; }, {0}},
      {"linear", of(Kind::linear), [](double x) { return x; }},
      {"logSigmoid", of(Kind::logSigmoid), [](double x) { return -softplusOf(-x); }},
      {"mish", of(Kind::mish), [](double x) { return x < -1e3 ? -0.0 : x * std::tanh(softplusOf(x)); }},
      {"relu", of(Kind::relu), [](double x) { return x > 0 ? x : 0; }, {0}},
      {"relu6", of(Kind::relu6), [](double x) { return clipOf(x, 0, 6); }, {0, 6}},
      {"reluGeneral",
       of(Kind::reluGeneral, 0.125f, 0.25f, 1.5f),
       [](double x) { return x > 0.25 ? std::min(x, 1.5) : 0.125 * (x - 0.25); },
       {0.25, 1.5}},
      {"reluGeneral slope 0", of(Kind::reluGeneral, 0, 1), [](double x) { return x > 1 ? x : 0; }, {1}},
      {"reluGeneral maximum", of(Kind::reluGeneral, 0, 0, 2), [](double x) { return clipOf(x, 0, 2); }, {0, 2}},
      {"selu", of(Kind::selu), [=](double x) { return x > 0 ? scale * x : low * std::expm1(x); }, {0}},
      {"sigmoid", of(Kind::sigmoid), sigmoidOf},
      {"silu", of(Kind::silu), [](double x) { return x < -1e3 ? -0.0 : x * sigmoidOf(x); }},
      {"softplus", of(Kind::softplus), softplusOf},
      {"softShrink", of(Kind::softShrink, 1, 0.5f), [](double x) { return x > 0.5    ? x - 0.5
                                                                          : x < -0.5 ? x + 0.5
                                                                                     : 0; }, {-0.5, 0.5}},
      {"softsign", of(Kind::softsign), [](double x) { return std::isinf(x) ? std::copysign(1.0, x) : x / (1 + std::abs(x)); }, {0}},
      {"sparsePlus", of(Kind::sparsePlus), [](double x) { return x <= -1  ? 0
                                                                 : x >= 1 ? x
                                                                          : (x + 1) * (x + 1) / 4; }, {-1, 1}},
      {"sparseSigmoid", of(Kind::sparseSigmoid), [](double x) { return clipOf((x + 1) / 2, 0, 1); }, {-1, 1}},
      {"squareplus", of(Kind::squareplus, 4),
       [](double x) { return x < 0 ? 2 / (std::sqrt(x * x + 4) - x) : (x + std::sqrt(x * x + 4)) / 2; }},
      {"tanh", of(Kind::tanh), [](double x) { return std::tanh(x); }},
      {"tanhShrink", of(Kind::tanhShrink),
       [](double x) { return std::abs(x) < 0.02 ? x * x * x * (1.0 / 3 - x * x * (2.0 / 15 - x * x * 17 / 315)) : x - std::tanh(x); }},
      {"threshold",
       of(Kind::threshold, 1, 0.5f, std::numeric_limits<float>::infinity(), -2),
       [](double x) { return x > 0.5 ? x : -2; },
       {0.5}},
  };
}

}  // namespace gemmfit::test
