#pragma once
#include <cstdint>
#include <memory>

#include "native/engine/shape.h"
#include "native/engine/value.h"

namespace gemmfit {

// What a weight is brought back to after a step. One call at a time: it works in memory of its own.
class Constraint {
 public:
  virtual ~Constraint() = default;
  virtual void apply(float* w) = 0;
};

// The table in native/constraints/registry.cc. spec: { constraint: 'maxNorm', ...options in camelCase }; `shape` is the weight's.
std::unique_ptr<Constraint> makeConstraint(const Value& spec, const Shape& shape);

}  // namespace gemmfit
