#include "native/engine/element_code.h"

#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

ActivationFunction activationOf(const std::string& who, const std::string& name, const Value& options) {
  try {
    return makeActivation(name, options);
  } catch (const Error& e) {
    throw Error(e.code, who + ": '" + name + "' is no instruction: " + e.what(), e.valueError);
  }
}

ElementLine lineOf(const std::string& who, const Value& spec, int registers) {
  const std::string name = spec.text("do", "");
  ElementLine line;
  for (const int64_t r : spec.integers("of")) {
    if (r < 0 || r >= registers)
      throw Error("ERR_SPEC", who + ": '" + name + "' reads register " + std::to_string(r) + ", and there are " +
                                  std::to_string(registers) + " before it");
    line.of.push_back(static_cast<int>(r));
  }
  size_t operands = 1;
  if (name == "constant") {
    line.value = static_cast<float>(spec.number("value"));
    operands = 0;
  } else if ((line.instruction = findInstruction(name))) {
    operands = asSize(line.instruction->operands);
    line.flops = line.instruction->flops;
  } else {
    line.activation = activationOf(who, name, spec);
    line.flops = line.activation->flops();
  }
  if (line.of.size() != operands)
    throw Error("ERR_SPEC",
                who + ": '" + name + "' is of " + std::to_string(operands) + " registers. Received: " + std::to_string(line.of.size()));
  return line;
}

}  // namespace

ElementCode::ElementCode(const std::string& who, const Value::Array& spec, int inputsOf) : inputs(inputsOf) {
  for (const Value& line : spec) {
    lines.push_back(lineOf(who, line, registers()));
    ElementLine& made = lines.back();
    // x^2 by one product.
    if (made.instruction && made.instruction == findInstruction("power") && made.of[1] >= inputs) {
      const ElementLine& exponent = lines[asSize(made.of[1] - inputs)];
      if (exponent.of.empty() && exponent.value == 2) {
        made.instruction = findInstruction("square");
        made.flops = made.instruction->flops;
        made.of.pop_back();
      }
    }
  }
  if (lines.empty()) throw Error("ERR_SPEC", who + ": its code has no line");
}

double ElementCode::flops() const {
  double sum = 0;
  for (const ElementLine& line : lines) sum += line.flops;
  return sum;
}

bool ElementCode::learns(int input) const {
  std::vector<bool> reached(asSize(registers()), false);
  reached[asSize(input)] = true;
  for (int r = inputs; r < registers(); ++r) {
    const ElementLine& line = lines[asSize(r - inputs)];
    for (size_t k = 0; k < line.of.size(); ++k)
      if (reached[asSize(line.of[k])] && (line.activation || line.instruction->slopes[k].kind != Instruction::Slope::none))
        reached[asSize(r)] = true;
  }
  return reached[asSize(last())];
}

}  // namespace gemmfit
