#pragma once
#include <cstdint>
#include <string>

namespace gemmfit {

// What a loop reads: up to three operands, and, where it computes a slope, y and the gradient that came down to it. A stride is 1, or 0
// where one number stands for all elements: it then lies there kUniformFloats times.
constexpr int64_t kUniformFloats = 64;  // no vector is longer
constexpr int kOperands = 3, kY = 3, kDy = 4, kMostRead = 5;
struct Operands {
  const float* at[kMostRead];
  int64_t stride[kMostRead];
};
// out may be what is read, where that has stride 1.
using ElementLoop = void (*)(const Operands& of, float* out, int64_t n);

// An instruction of elementwise code: y = f(a, b, c) for each element.
struct Instruction {
  // What the gradient of an operand is: nothing flows there; it is dy; it is what a loop makes of what `reads` names, and of dy.
  struct Slope {
    enum Kind { none, pass, computed } kind = none;
    ElementLoop loop = nullptr;
    unsigned reads = 0;
  };
  static constexpr unsigned kReadsA = 1, kReadsB = 2, kReadsC = 4, kReadsY = 8;

  int operands = 0;
  double flops = 0;  // as an activation's
  ElementLoop forward = nullptr;
  Slope slopes[kOperands] = {};
};

// The table in native/instructions/registry.cc; null where there is none of that name.
const Instruction* findInstruction(const std::string& name);

}  // namespace gemmfit
