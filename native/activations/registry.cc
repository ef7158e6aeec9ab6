#include <map>
#include <string>

#include "native/engine/activation.h"
#include "native/engine/error.h"

namespace gemmfit {
namespace activations {
#define GEMMFIT_ACTIVATION(name) ActivationFunction name(const Value& spec);
#include "native/activations/registry.def"
#undef GEMMFIT_ACTIVATION
}  // namespace activations

ActivationFunction makeActivation(const Value& spec) {
  using Factory = ActivationFunction (*)(const Value&);
  static const std::map<std::string, Factory> table = {
#define GEMMFIT_ACTIVATION(name) {#name, activations::name},
#include "native/activations/registry.def"
#undef GEMMFIT_ACTIVATION
  };
  const std::string name = spec.text("activation", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no activation '" + name + "' of one element");
  return it->second(spec);
}

ActivationFunction makeActivation(const char* name) { return makeActivation(Value(Value::Object{{"activation", name}})); }

}  // namespace gemmfit
