#pragma once
#include "native/engine/value.h"
#include "native/kernels/activations.h"

namespace gemmfit::ops {

// { activation: name in camelCase, with the options that are not at Keras's defaults: alpha, approximate, b, defaultValue, maxValue,
// negativeSlope, threshold } for a function of one element. Throws Error ERR_SPEC for any other, such as softmax.
ActivationFunction activationFunction(const Value& spec);

}  // namespace gemmfit::ops
