#include <cmath>

#include "native/engine/op.h"
#include "native/ops/ordered.h"

namespace gemmfit::ops {
namespace {

// Where along an axis the largest or smallest number stands: the first of them. NaN is passed over, as TensorFlow does.
class ArgReduce : public Op {
 public:
  ArgReduce(const Value& spec, const OpEnv& env, bool least, int64_t axis) : least_(least), runs_(env.in, axis) {
    if (runs_.length == 0) throw Error("ERR_SHAPE", "argReduce: an axis without numbers has no largest. Received: " + toString(env.in));
    in = out = env.in;
    if (spec.flag("keepDims", false))
      out[asSize(axis)] = 1;
    else
      out.erase(out.begin() + axis);
    stopsGradient = true;
    mask = Mask::drop;
    flopsPerRow = 4 * static_cast<double>(sizeOf(in));
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    forLines(runs_, begin, end, [&](int64_t first, int64_t line) {
      int64_t best = 0;
      float peak = x[first];
      for (int64_t i = 1; i < runs_.length; ++i) {
        const float v = x[first + i * runs_.inner];
        if (!(least_ ? v < peak : v > peak) && !(std::isnan(peak) && !std::isnan(v))) continue;
        peak = v;
        best = i;
      }
      y[line] = static_cast<float>(best);
    });
  }
  void backward(const Step&, int, int64_t, int64_t) override {}  // unreached: no gradient gets here

 private:
  const bool least_;
  const AxisRuns runs_;
};

}  // namespace

// { op: 'argReduce', kind: 'argmax' | 'argmin', axis, keepDims? }
std::unique_ptr<Op> argReduce(const Value& spec, const OpEnv& env) {
  const std::string kind = spec.text("kind", "");
  if (kind != "argmax" && kind != "argmin") throw Error("ERR_SPEC", "argReduce: its kind is argmax or argmin. Received: '" + kind + "'");
  return std::make_unique<ArgReduce>(spec, env, kind == "argmin", countedAxis("argReduce", spec, env.in));
}

}  // namespace gemmfit::ops
