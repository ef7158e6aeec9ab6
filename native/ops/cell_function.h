#pragma once
#include <string_view>

#include "native/engine/activation.h"
#include "native/engine/value.h"

namespace gemmfit::ops {

// What a recurrent cell applies to vectors of its units: a function of one element, or softmax of a vector.
class CellFunction {
 public:
  // From the spec of an activation under `key`.
  CellFunction(const Value& spec, const char* key, const char* fallback);

  // ActivationFunction::is, of a function of one element.
  bool is(std::string_view name) const { return !softmax_ && f_.is(name); }
  // Whether `backward` reads y; else it reads x.
  bool backwardReadsY() const { return softmax_ || f_.backwardReadsY(); }
  // x and y: [vectors, units]; y may be x.
  void forward(const float* x, float* y, int64_t vectors, int64_t units) const;
  // `saved` is y where backwardReadsY(), else x; dx may be dy.
  void backward(const float* saved, const float* dy, float* dx, int64_t vectors, int64_t units) const;

 private:
  ActivationFunction f_;
  bool softmax_ = false;
};

}  // namespace gemmfit::ops
