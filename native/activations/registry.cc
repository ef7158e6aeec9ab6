#include "native/engine/activation.h"
#include "native/engine/parts.h"

namespace gemmfit {
namespace activations {
#define GEMMFIT_ACTIVATION(name) ActivationFunction name(const Value& spec);
#include "native/activations/registry.def"
#undef GEMMFIT_ACTIVATION
}  // namespace activations

ActivationFunction makeActivation(const Value& spec) {
  using Factory = ActivationFunction (*)(const Value&);
  static const Parts<Factory> parts = {
#define GEMMFIT_ACTIVATION(name) {#name, activations::name},
#include "native/activations/registry.def"
#undef GEMMFIT_ACTIVATION
  };
  return partOf(parts, "activation", spec)(spec);
}

ActivationFunction makeActivation(const char* name) { return makeActivation(Value(Value::Object{{"activation", name}})); }

}  // namespace gemmfit
