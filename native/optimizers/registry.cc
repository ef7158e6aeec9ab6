#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/optimizer.h"

namespace gemmfit {
namespace optimizers {
#define GEMMFIT_OPTIMIZER(name) std::unique_ptr<Optimizer> name(const Value& spec);
#include "native/optimizers/registry.def"
#undef GEMMFIT_OPTIMIZER
}  // namespace optimizers

std::unique_ptr<Optimizer> makeOptimizer(const Value& spec) {
  using Factory = std::unique_ptr<Optimizer> (*)(const Value&);
  static const std::map<std::string, Factory> table = {
#define GEMMFIT_OPTIMIZER(name) {#name, optimizers::name},
#include "native/optimizers/registry.def"
#undef GEMMFIT_OPTIMIZER
  };
  const std::string name = spec.text("optimizer", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no optimizer '" + name + "'");
  return it->second(spec);
}

}  // namespace gemmfit
