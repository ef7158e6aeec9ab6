#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"

namespace gemmfit::ops {
namespace {

// The way into TimeDistributed: to the ops inside each step is a sample, with its part of the mask.
class StepsToRows : public Op {
 public:
  explicit StepsToRows(const OpEnv& env) {
    if (env.in.size() < 2) throw Error("ERR_SPEC", "TimeDistributed needs an input of [steps, ...]");
    if (env.maskSteps % env.in[0] != 0) throw Error("ERR_MASK", "its input's mask must have a part for each of its steps");
    in = env.in;
    out = Shape(in.begin() + 1, in.end());
    rows = Rows::fromSteps;
    identity = inPlace = true;
  }
  void forward(const Step&, int, int64_t, int64_t) override {}
  void backward(const Step&, int, int64_t begin, int64_t end) override { passGradient(begin, end, sizeOf(in)); }
};

// The way out. The mask of what is made, as in tf-keras: one made inside, of every step; the input's where that passes through; and where
// the ops inside consume it, one of a number a step, which counts where any of its part does (a sentence where any of its words does).
class RowsToSteps : public Op {
 public:
  explicit RowsToSteps(const OpEnv& env) {
    if (env.stepsAround == 0) throw Error("ERR_SPEC", "rowsToSteps needs stepsToRows before it");
    in = out = env.in;
    out.insert(out.begin(), env.stepsAround);
    rows = Rows::toSteps;
    identity = inPlace = true;
    if (env.maskSteps > 0 || env.maskAround <= env.stepsAround) return;
    mask = Mask::make;
    maskSteps = env.stepsAround;
    part_ = env.maskAround / env.stepsAround;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t i = begin * maskSteps; part_ > 0 && i < end * maskSteps; ++i) {
      const float* of = maskIn + i * part_;
      maskOut[i] = std::any_of(of, of + part_, [](float keep) { return keep != 0; }) ? 1.0f : 0.0f;
    }
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override { passGradient(begin, end, sizeOf(out)); }

 private:
  int64_t part_ = 0;  // numbers of the mask around that become one
};

}  // namespace

// { op: 'stepsToRows' } and { op: 'rowsToSteps' }: what stands between has steps for rows.
std::unique_ptr<Op> stepsToRows(const Value&, const OpEnv& env) { return std::make_unique<StepsToRows>(env); }
std::unique_ptr<Op> rowsToSteps(const Value&, const OpEnv& env) { return std::make_unique<RowsToSteps>(env); }

}  // namespace gemmfit::ops
