#include <map>
#include <string>

#include "native/engine/constraint.h"
#include "native/engine/error.h"

namespace gemmfit {
namespace constraints {
#define GEMMFIT_CONSTRAINT(name) std::unique_ptr<Constraint> name(const Value& spec, const Shape& shape);
#include "native/constraints/registry.def"
#undef GEMMFIT_CONSTRAINT
}  // namespace constraints

std::unique_ptr<Constraint> makeConstraint(const Value& spec, const Shape& shape) {
  using Factory = std::unique_ptr<Constraint> (*)(const Value&, const Shape&);
  static const std::map<std::string, Factory> table = {
#define GEMMFIT_CONSTRAINT(name) {#name, constraints::name},
#include "native/constraints/registry.def"
#undef GEMMFIT_CONSTRAINT
  };
  const std::string name = spec.text("constraint", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no constraint '" + name + "'");
  return it->second(spec, shape);
}

}  // namespace gemmfit
