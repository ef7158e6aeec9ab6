#pragma once
#include <cstdint>
#include <memory>

#include "native/engine/shape.h"
#include "native/engine/value.h"

namespace gemmfit {

// A penalty on a weight. One that is elementwise looks at any part of it, on any thread; the others want the whole weight, and one
// call at a time, since they work in memory of their own.
class Regularizer {
 public:
  virtual ~Regularizer() = default;
  virtual bool elementwise() const { return true; }
  virtual double value(const float* w, int64_t n) = 0;
  virtual void addGradient(const float* w, float* g, int64_t n) = 0;  // g += the penalty's gradient
};

// The table in native/regularizers/registry.cc. spec: { regularizer: 'l1l2', ...options in camelCase }; `shape` is the weight's.
std::unique_ptr<Regularizer> makeRegularizer(const Value& spec, const Shape& shape);

}  // namespace gemmfit
