#include "native/engine/instruction.h"

#include <map>

namespace gemmfit {
namespace instructions {
#define GEMMFIT_INSTRUCTION(name) Instruction name();
#include "native/instructions/registry.def"
#undef GEMMFIT_INSTRUCTION
}  // namespace instructions

const Instruction* findInstruction(const std::string& name) {
  static const std::map<std::string, Instruction> all = {
#define GEMMFIT_INSTRUCTION(name) {#name, instructions::name()},
#include "native/instructions/registry.def"
#undef GEMMFIT_INSTRUCTION
  };
  const auto it = all.find(name);
  return it == all.end() ? nullptr : &it->second;
}

}  // namespace gemmfit
