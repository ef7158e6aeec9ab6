#pragma once
#include <memory>
#include <vector>

#include "native/engine/op.h"

namespace gemmfit::ops {

// softmax, or its logarithm, over all elements of several axes, counted as Keras does.
std::unique_ptr<Op> severalAxes(bool logs, const std::vector<int64_t>& axes, const OpEnv& env);

}  // namespace gemmfit::ops
