// Every activation of one element, written in double as its definition reads.
#pragma once
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "native/engine/activation.h"

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
  const auto of = [](const char* name, Value::Object options = {}) {
    options["activation"] = name;
    return makeActivation(Value(options));
  };
  const double root = std::sqrt(2.0), scale = 1.0507009873554804934193349852946, low = scale * 1.6732632423543772848170429916717;
  return {
      {"celu", of("celu"), [](double x) { return x > 0 ? x : std::expm1(x); }, {0}},
      {"celu 0.5", of("celu", {{"alpha", 0.5}}), [](double x) { return x > 0 ? x : 0.5 * std::expm1(x / 0.5); }, {0}},
      {"elu", of("elu"), [](double x) { return x > 0 ? x : std::expm1(x); }, {0}},
      {"elu 0.75", of("elu", {{"alpha", 0.75}}), [](double x) { return x > 0 ? x : 0.75 * std::expm1(x); }, {0}},
      {"elu -0.5", of("elu", {{"alpha", -0.5}}), [](double x) { return x > 0 ? x : -0.5 * std::expm1(x); }, {0}},
      {"exponential", of("exponential"), [](double x) { return std::exp(x); }},
      {"gelu", of("gelu"), [root](double x) { return x < -1e3 ? -0.0 : 0.5 * x * std::erfc(-x / root); }},
      {"geluTanh", of("gelu", {{"approximate", true}}),
       [](double x) { return x < -1e3 ? -0.0 : x * sigmoidOf(2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)); }},
      {"hardShrink", of("hardShrink"), [](double x) { return std::abs(x) > 0.5 ? x : 0; }, {-0.5, 0.5}},
      {"hardSigmoid", of("hardSigmoid"), [](double x) { return clipOf(x + 3, 0, 6) / 6; }, {-3, 3}},
      {"hardSigmoidKeras2", of("hardSigmoidKeras2"), [](double x) { return clipOf(0.2 * x + 0.5, 0, 1); }, {-2.5, 2.5}},
      {"hardSilu", of("hardSilu"), [](double x) { return x < -3 ? 0 : x * clipOf(x + 3, 0, 6) / 6; }, {-3, 3}},
      {"hardTanh", of("hardTanh"), [](double x) { return clipOf(x, -1, 1); }, {-1, 1}},
      {"leakyRelu", of("leakyRelu", {{"negativeSlope", 0.25}}), [](double x) { return x > 0 ? x : 0.25 * x; }, {0}},
      {"leakyRelu -0.5", of("leakyRelu", {{"negativeSlope", -0.5}}), [](double x) { return x > 0 ? x : -0.5 * x; }, {0}},
      {"linear", of("linear"), [](double x) { return x; }},
      {"logSigmoid", of("logSigmoid"), [](double x) { return -softplusOf(-x); }},
      {"mish", of("mish"), [](double x) { return x < -1e3 ? -0.0 : x * std::tanh(softplusOf(x)); }},
      {"relu", of("relu"), [](double x) { return x > 0 ? x : 0; }, {0}},
      {"relu6", of("relu6"), [](double x) { return clipOf(x, 0, 6); }, {0, 6}},
      {"reluGeneral",
       of("relu", {{"negativeSlope", 0.125}, {"threshold", 0.25}, {"maxValue", 1.5}}),
       [](double x) { return x > 0.25 ? std::min(x, 1.5) : 0.125 * (x - 0.25); },
       {0.25, 1.5}},
      {"reluGeneral slope 0", of("relu", {{"threshold", 1}}), [](double x) { return x > 1 ? x : 0; }, {1}},
      {"reluGeneral maximum", of("relu", {{"maxValue", 2}}), [](double x) { return clipOf(x, 0, 2); }, {0, 2}},
      {"selu", of("selu"), [=](double x) { return x > 0 ? scale * x : low * std::expm1(x); }, {0}},
      {"sigmoid", of("sigmoid"), sigmoidOf},
      {"silu", of("silu"), [](double x) { return x < -1e3 ? -0.0 : x * sigmoidOf(x); }},
      {"softplus", of("softplus"), softplusOf},
      {"softShrink", of("softShrink"), [](double x) { return x > 0.5    ? x - 0.5
                                                             : x < -0.5 ? x + 0.5
                                                                        : 0; }, {-0.5, 0.5}},
      {"softsign", of("softsign"), [](double x) { return std::isinf(x) ? std::copysign(1.0, x) : x / (1 + std::abs(x)); }, {0}},
      {"sparsePlus", of("sparsePlus"), [](double x) { return x <= -1  ? 0
                                                             : x >= 1 ? x
                                                                      : (x + 1) * (x + 1) / 4; }, {-1, 1}},
      {"sparseSigmoid", of("sparseSigmoid"), [](double x) { return clipOf((x + 1) / 2, 0, 1); }, {-1, 1}},
      {"squareplus", of("squareplus"), [](double x) { return x < 0 ? 2 / (std::sqrt(x * x + 4) - x) : (x + std::sqrt(x * x + 4)) / 2; }},
      {"tanh", of("tanh"), [](double x) { return std::tanh(x); }},
      {"tanhShrink", of("tanhShrink"),
       [](double x) { return std::abs(x) < 0.02 ? x * x * x * (1.0 / 3 - x * x * (2.0 / 15 - x * x * 17 / 315)) : x - std::tanh(x); }},
      {"threshold", of("threshold", {{"threshold", 0.5}, {"defaultValue", -2}}), [](double x) { return x > 0.5 ? x : -2; }, {0.5}},
  };
}

}  // namespace gemmfit::test
