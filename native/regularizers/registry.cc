#include "native/engine/parts.h"
#include "native/engine/regularizer.h"

namespace gemmfit {
namespace regularizers {
#define GEMMFIT_REGULARIZER(name) std::unique_ptr<Regularizer> name(const Value& spec, const Shape& shape);
#include "native/regularizers/registry.def"
#undef GEMMFIT_REGULARIZER
}  // namespace regularizers

std::unique_ptr<Regularizer> makeRegularizer(const Value& spec, const Shape& shape) {
  using Factory = std::unique_ptr<Regularizer> (*)(const Value&, const Shape&);
  static const Parts<Factory> parts = {
#define GEMMFIT_REGULARIZER(name) {#name, regularizers::name},
#include "native/regularizers/registry.def"
#undef GEMMFIT_REGULARIZER
  };
  return partOf(parts, "regularizer", spec)(spec, shape);
}

}  // namespace gemmfit
