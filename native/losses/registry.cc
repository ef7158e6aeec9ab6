#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/loss.h"

namespace gemmfit {
namespace losses {
#define GEMMFIT_LOSS(name) std::unique_ptr<Loss> name(const Value& spec, int64_t width);
#include "native/losses/registry.def"
#undef GEMMFIT_LOSS
}  // namespace losses

std::unique_ptr<Loss> makeLoss(const Value& spec, int64_t width) {
  using Factory = std::unique_ptr<Loss> (*)(const Value&, int64_t);
  static const std::map<std::string, Factory> table = {
#define GEMMFIT_LOSS(name) {#name, losses::name},
#include "native/losses/registry.def"
#undef GEMMFIT_LOSS
  };
  const std::string name = spec.text("loss", "");
  const auto it = table.find(name);
  if (it == table.end()) throw Error("ERR_SPEC", "the engine has no loss '" + name + "'");
  if (width < 1) throw Error("ERR_SPEC", "loss '" + name + "' needs predictions of at least one element");
  return it->second(spec, width);
}

}  // namespace gemmfit
