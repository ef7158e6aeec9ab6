#pragma once
#include <algorithm>
#include <cstring>
#include <memory>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/updater.h"
#include "native/ops/precision.h"

namespace gemmfit::ops {

// y[r, t, :] = x[r, t, :] W + b on the last axis. Weights: kernel [in, units], bias [units] unless useBias is false.
// With precision 'bfloat16' the operands of all three products are rounded to it; what comes in and goes out is float32.
// What all ways of cutting its products into tasks have in common.
class DenseBase : public Op {
 public:
  DenseBase(const Value& spec, const OpEnv& env);

 protected:
  void biasGradient(const Step& step) const;

  int64_t width_, units_, steps_;
  Precision precision_;
  double flops_ = 0;  // of one of its products, for a whole batch
  const float* kernel_ = nullptr;
  const float* bias_ = nullptr;
  int kernelId_ = -1, biasId_ = -1;
  bool trainsKernel_ = false, trainsBias_ = false;
};

// Parts that SplitDense would have; 1 where it does not pay.
int64_t splitParts(const Value& spec, const OpEnv& env);
std::unique_ptr<Op> splitDense(const Value& spec, const OpEnv& env);

}  // namespace gemmfit::ops
