#include "native/losses/element.h"

#include <cmath>
#include <limits>
#include <string>

namespace gemmfit {
namespace losses {

float finite(const Value& spec, const char* key, double fallback) {
  const double x = spec.number(key, fallback);
  if (!(std::fabs(x) <= std::numeric_limits<float>::max()))
    throw Error("ERR_SPEC", "loss '" + spec.text("loss", "") + "': '" + key + "' must be a finite number");
  return static_cast<float>(x);
}

void smoothLabels(const Value& spec, double classes, float* scale, float* shift) {
  finite(spec, "labelSmoothing", 0);
  const double s = spec.number("labelSmoothing", 0);
  *scale = static_cast<float>(1 - s);
  *shift = static_cast<float>(s / classes);
}

}  // namespace losses
}  // namespace gemmfit
