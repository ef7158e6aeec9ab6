#pragma once
#include <cstdint>
#include <memory>

#include "native/engine/idle_steps.h"
#include "native/engine/value.h"

namespace gemmfit {

// An optimizer's rule as an elementwise update. Clipping, weight decay, averaging (EMA), gradient accumulation, regularizers
// and constraints are the updater's business and the same for all.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual int slots() const = 0;  // state arrays of the variable's own shape, in the order lib/optimizers names them
  // Called once a step by the leader, before any update: lr is this step's learning rate, t = iterations + 1 (first step 1).
  // Scalars of the step (bias corrections, Nadam's momentum product) are computed here, in double.
  virtual void begin(double lr, int64_t t) = 0;
  // Updates w[0..n) from g[0..n) and slot[k][0..n). Called from many threads on disjoint ranges; must not write members.
  virtual void update(float* w, const float* g, float* const* slot, int64_t n) const = 0;
  // For rules that can make many steps without a gradient at once; null for the others. `idleScale`: what a step's depends on.
  virtual std::unique_ptr<IdleSteps> idleSteps() const { return nullptr; }
  virtual double idleScale() const { return 0; }
};

// The table in native/optimizers/registry.cc. spec: { optimizer: 'adam', beta1: 0.9, ... }.
std::unique_ptr<Optimizer> makeOptimizer(const Value& spec);

}  // namespace gemmfit
