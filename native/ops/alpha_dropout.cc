#include "native/ops/random_fill.h"

namespace gemmfit::ops {

// { op: 'alphaDropout', rate, noiseShape?, seed? }: drops to the value that SELU saturates at, then scales and shifts so that mean and
// variance stay.
std::unique_ptr<Op> alphaDropout(const Value& spec, const OpEnv& env) {
  const double rate = spec.number("rate");
  if (!(rate >= 0 && rate < 1)) throw Error("ERR_SPEC", "alphaDropout: rate must be from 0 to less than 1");
  const double low = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;
  const double a = 1 / std::sqrt((1 - rate) * (1 + rate * low * low)), b = -a * low * rate;
  return makeDrop("alphaDropout", spec, env, rate, {static_cast<float>(a), static_cast<float>(b), static_cast<float>(a * low + b)});
}

}  // namespace gemmfit::ops
