#pragma once
#include "native/engine/op.h"

namespace gemmfit::ops {

// What a spec says of the way through the steps of an input [steps, ...]: returnSequences, goBackwards, state (where stateful),
// zeroOutputForMask, dropout, recurrentDropout and seed.
struct StepOptions {
  StepOptions(const char* op, const Value& spec, const OpEnv& env);  // Error ERR_SPEC or ERR_MASK

  int64_t steps;
  bool sequences, backwards, stateful, zeroOutput;
  double dropout, recurrentDropout;  // 0 where nothing is trained
  uint64_t seed;

  int64_t time(int64_t t) const { return backwards ? steps - 1 - t : t; }  // of the input, at the t-th step taken
};

}  // namespace gemmfit::ops
