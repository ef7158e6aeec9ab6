#include "native/engine/activation.h"
#include "native/engine/parts.h"

namespace gemmfit {
namespace activations {
#define GEMMFIT_ACTIVATION(name) ActivationFunction name(const Value& spec);
#include "native/activations/registry.def"
#undef GEMMFIT_ACTIVATION
}  // namespace activations

ActivationFunction makeActivation(const std::string& name, const Value& options) {
  using Factory = ActivationFunction (*)(const Value&);
  static const Parts<Factory> parts = {
#define GEMMFIT_ACTIVATION(name) {#name, activations::name},
#include "native/activations/registry.def"
#undef GEMMFIT_ACTIVATION
  };
  return partOf(parts, "activation", name)(options);
}

ActivationFunction makeActivation(const Value& spec) { return makeActivation(spec.text("activation", ""), spec); }
ActivationFunction makeActivation(const char* name) { return makeActivation(name, Value(Value::Object{})); }

}  // namespace gemmfit
