#include "native/engine/optimizer.h"
#include "native/engine/parts.h"

namespace gemmfit {
namespace optimizers {
#define GEMMFIT_OPTIMIZER(name) std::unique_ptr<Optimizer> name(const Value& spec);
#include "native/optimizers/registry.def"
#undef GEMMFIT_OPTIMIZER
}  // namespace optimizers

std::unique_ptr<Optimizer> makeOptimizer(const Value& spec) {
  using Factory = std::unique_ptr<Optimizer> (*)(const Value&);
  static const Parts<Factory> parts = {
#define GEMMFIT_OPTIMIZER(name) {#name, optimizers::name},
#include "native/optimizers/registry.def"
#undef GEMMFIT_OPTIMIZER
  };
  return partOf(parts, "optimizer", spec)(spec);
}

}  // namespace gemmfit
