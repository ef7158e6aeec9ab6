#pragma once
#include <memory>

#include "native/engine/op.h"
#include "native/ops/run_map.h"

namespace gemmfit::ops {

// What a `how` of rearrange makes of a shape: the axes of its map, and the shape that comes out.
struct Arrangement {
  std::vector<RunMap::Axis> axes;
  Shape out;
  float value = 0;         // of what is none of the sample's
  bool stretches = false;  // the runs of step 0 stretch what else is the sample as it is: its gradient is a sum over them
};

// Throws Error ERR_SPEC, ERR_SHAPE where the shape does not fit.
Arrangement arranged(const Value& spec, const Shape& in);

// Axes of a shape with the step between their numbers.
struct StepAxes {
  Shape sizes, steps;
  explicit StepAxes(const Shape& s) : sizes(s), steps(s.size(), 1) {
    for (size_t i = s.size(); i-- > 1;) steps[i - 1] = steps[i] * s[i];
  }
  RunMap::Axis whole(size_t i) const { return {{sizes[i], 0, steps[i]}}; }
};

std::unique_ptr<Op> triangle(const Value& spec, const OpEnv& env);

}  // namespace gemmfit::ops
