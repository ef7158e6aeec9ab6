#include "native/engine/loss.h"
#include "native/engine/parts.h"

namespace gemmfit {
namespace losses {
#define GEMMFIT_LOSS(name) std::unique_ptr<Loss> name(const Value& spec, int64_t width);
#include "native/losses/registry.def"
#undef GEMMFIT_LOSS
}  // namespace losses

std::unique_ptr<Loss> makeLoss(const Value& spec, int64_t width) {
  using Factory = std::unique_ptr<Loss> (*)(const Value&, int64_t);
  static const Parts<Factory> parts = {
#define GEMMFIT_LOSS(name) {#name, losses::name},
#include "native/losses/registry.def"
#undef GEMMFIT_LOSS
  };
  const Factory make = partOf(parts, "loss", spec);
  if (width < 1) throw Error("ERR_SPEC", "a loss needs predictions of at least one element");
  return make(spec, width);
}

}  // namespace gemmfit
