#include "native/engine/constraint.h"
#include "native/engine/parts.h"

namespace gemmfit {
namespace constraints {
#define GEMMFIT_CONSTRAINT(name) std::unique_ptr<Constraint> name(const Value& spec, const Shape& shape);
#include "native/constraints/registry.def"
#undef GEMMFIT_CONSTRAINT
}  // namespace constraints

std::unique_ptr<Constraint> makeConstraint(const Value& spec, const Shape& shape) {
  using Factory = std::unique_ptr<Constraint> (*)(const Value&, const Shape&);
  static const Parts<Factory> parts = {
#define GEMMFIT_CONSTRAINT(name) {#name, constraints::name},
#include "native/constraints/registry.def"
#undef GEMMFIT_CONSTRAINT
  };
  return partOf(parts, "constraint", spec)(spec, shape);
}

}  // namespace gemmfit
