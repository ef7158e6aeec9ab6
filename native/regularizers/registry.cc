#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/regularizer.h"

namespace gemmfit {
namespace regularizers {
#define GEMMFIT_REGULARIZER(name) std::unique_ptr<Regularizer> name(const Value& spec, const Shape& shape);
#include "native/regularizers/registry.def"
#undef GEMMFIT_REGULARIZER
}  // namespace regularizers

std::unique_ptr<Regularizer> makeRegularizer(const Value& spec, const Shape& shape) {
  using Factory = std::unique_ptr<Regularizer> (*)(const Value&, const Shape&);
  static const std::map<std::string, Factory> table = {
#define GEMMFIT_REGULARIZER(name) {#name, regularizers::name},
#include "native/regularizers/registry.def"
#undef GEMMFIT_REGULARIZER
  };
  const std::string name = spec.text("regularizer", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no regularizer '" + name + "'");
  return it->second(spec, shape);
}

}  // namespace gemmfit
