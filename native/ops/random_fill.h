#pragma once
#include <algorithm>
#include <cmath>
#include <memory>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/philox.h"
#include "native/kernels/noise.h"

namespace gemmfit::ops {

// What ops that make noise while training share. Outside training, and without noise, they are the identity.
// Spec: seed, where it is not to follow from the network's.
class NoiseOp : public Op {
 protected:
  NoiseOp(const Value& spec, const OpEnv& env, bool noisy)
      : n_(sizeOf(env.in)), seed_(spec.has("seed") ? static_cast<uint64_t>(spec.integer("seed")) : env.seed) {
    in = out = env.in;
    identity = !env.training || !noisy;
    inPlace = true;
  }

  // The numbers of this step, from those of row `row` on where a row has `each` of them. Forward and backward draw the same.
  Draw draw(const Step& step, int64_t row, int64_t each) const { return {mixKey(seed_, step.number), row * each}; }

  void copy(const float* from, float* to, int64_t begin, int64_t end) const {
    if (from != to) std::copy(from + begin * n_, from + end * n_, to + begin * n_);
  }

  int64_t n_;

 private:
  uint64_t seed_;
};

// Elements that are dropped with probability `rate`: y = a x + b where kept, else c.
// Spec: noiseShape, of the batch and of the sample: 1 where an axis shares one draw, 0 or the axis's size where it does not.
std::unique_ptr<Op> makeDrop(const char* name, const Value& spec, const OpEnv& env, double rate, const Drop& values);

}  // namespace gemmfit::ops
