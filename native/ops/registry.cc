#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/op.h"

namespace gemmfit {
namespace ops {
#define GEMMFIT_OP(name) std::unique_ptr<Op> name(const Value& spec, const OpEnv& env);
#include "native/ops/registry.def"
#undef GEMMFIT_OP
}  // namespace ops

std::unique_ptr<Op> makeOp(const Value& spec, const OpEnv& env) {
  static const std::map<std::string, OpFactory> table = {
#define GEMMFIT_OP(name) {#name, ops::name},
#include "native/ops/registry.def"
#undef GEMMFIT_OP
  };
  const std::string name = spec.text("op", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no op '" + name + "'");
  return it->second(spec, env);
}

}  // namespace gemmfit
