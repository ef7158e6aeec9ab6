#include "native/ops/step_options.h"

#include <string>

#include "native/engine/error.h"
#include "native/engine/philox.h"

namespace gemmfit::ops {

StepOptions::StepOptions(const char* op, const Value& spec, const OpEnv& env)
    : steps(env.in.empty() ? 0 : env.in[0]),
      sequences(spec.flag("returnSequences", false)),
      backwards(spec.flag("goBackwards", false)),
      stateful(spec.has("state")),
      zeroOutput(spec.flag("zeroOutputForMask", false)),
      dropout(spec.number("dropout", 0)),
      recurrentDropout(spec.number("recurrentDropout", 0)),
      seed(spec.has("seed") ? mixKey(static_cast<uint64_t>(spec.integer("seed")), 0) : env.seed) {
  const std::string name = op;
  if (steps < 1) throw Error("ERR_SPEC", name + ": its input must begin with an axis of steps");
  for (const double rate : {dropout, recurrentDropout})
    if (!(rate >= 0 && rate < 1)) throw Error("ERR_SPEC", name + ": dropout rates must be in [0, 1)");
  if (env.maskSteps > 0 && env.maskSteps != steps)
    throw Error("ERR_MASK", name + " takes a mask of one number a step; it came with " + std::to_string(env.maskSteps) + " for " +
                                std::to_string(steps) + " steps. Masking must come where a step is still one vector: before a reshape.");
  if (!env.training) dropout = recurrentDropout = 0;
}

}  // namespace gemmfit::ops
