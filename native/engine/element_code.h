#pragma once
#include <optional>
#include <vector>

#include "native/engine/activation.h"
#include "native/engine/instruction.h"
#include "native/engine/value.h"

namespace gemmfit {

// A line of elementwise code: a constant, an instruction, or an activation.
struct ElementLine {
  float value = 0;                               // of a constant
  const Instruction* instruction = nullptr;      // null: a constant or an activation
  std::optional<ActivationFunction> activation;  // with its options, as layers have them
  std::vector<int> of;                           // registers
  double flops = 0;
};

// Code as its spec has it: [{ do: 'multiply', of: [0, 1] }, { do: 'constant', value: 2 }, { do: 'leakyRelu', of: [2], negativeSlope: 0.1
// }]. Registers 0 to inputs - 1 are given, each line makes the next one, and the last one is what the code computes.
struct ElementCode {
  // Error ERR_SPEC, in `who`'s name, where a line is none.
  ElementCode(const std::string& who, const Value::Array& spec, int inputs);

  int inputs;
  std::vector<ElementLine> lines;
  int registers() const { return inputs + static_cast<int>(lines.size()); }
  int last() const { return registers() - 1; }
  double flops() const;
  // Whether a gradient of the last register gets to an input.
  bool learns(int input) const;
};

}  // namespace gemmfit
