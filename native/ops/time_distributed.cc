#include <algorithm>

#include "native/engine/error.h"
#include "native/ops/chain.h"

namespace gemmfit::ops {
namespace {

// Ops applied to every time step, [steps, ...] -> [steps, ...]: to them each step is a sample, with its part of the mask. What depends on
// the whole batch goes by `OpEnv::steps`. Spec: ops.
// The mask of what it gives, as in tf-keras: one made inside, of every step; the input's where that passes through; and where the ops
// inside consume it, one of a number a step, which counts where any of its part does (a sentence where any of its words does).
class TimeDistributed : public Op {
 public:
  TimeDistributed(const Value& spec, const OpEnv& env) : chain_(spec.items("ops"), env, options(env), *this) {
    in = env.in;
    out = chain_.out();
    out.insert(out.begin(), in[0]);
    readsX = chain_.readsX();
    readsY = chain_.readsY();
    weightsReadDy = chain_.weightsReadDy();
    if (chain_.maskEnd() == Chain::MaskEnd::made) {
      mask = Mask::make;
      maskSteps = in[0] * chain_.maskSteps();
    } else if (chain_.maskEnd() == Chain::MaskEnd::none && env.maskSteps > in[0]) {
      mask = Mask::make;
      maskSteps = in[0];
      part_ = env.maskSteps / in[0];
    }
  }

  // What is inside learns where its ends are first, by itself: rows run on many threads.
  std::vector<Phase> forwardPhases() const override {
    std::vector<Phase> phases = {{Phase::tasks, 1}};
    chain_.appendForward(&phases);
    return phases;
  }
  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases = {{Phase::tasks, 1}};
    chain_.appendBackward(&phases);
    return phases;
  }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 0) {
      chain_.wire(*this, x, y, dy, dx);
      for (int64_t i = 0; part_ > 0 && i < step.rows * maskSteps; ++i) {
        const float* of = maskIn + i * part_;
        maskOut[i] = std::any_of(of, of + part_, [](float keep) { return keep != 0; }) ? 1.0f : 0.0f;
      }
    } else {
      chain_.forward(step, phase - 1, begin, end);
    }
  }
  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 0)
      chain_.wire(*this, x, y, dy, dx);
    else
      chain_.backward(step, phase - 1, begin, end);
  }
  int64_t weightTasks() const override { return chain_.weightTasks(); }
  void weightTask(const Step& step, int64_t task) override { chain_.weightTask(step, task); }
  bool hasPenalty() const override { return chain_.hasPenalty(); }
  double penalty(const Step& step, int64_t begin, int64_t end) override { return chain_.penalty(step, begin, end); }
  bool checksData() const override { return chain_.checksData(); }
  DataFault fault() override { return chain_.fault(); }
  bool wantsGradientBuffer(int weight) const override { return chain_.wantsGradientBuffer(weight); }

 private:
  static Chain::Options options(const OpEnv& env) {
    if (env.in.size() < 2) throw Error("ERR_SPEC", "timeDistributed needs an input of [steps, ...]");
    if (env.maskSteps % env.in[0] != 0) throw Error("ERR_MASK", "its input's mask must have a part for each of its steps");
    Chain::Options o;
    o.in = Shape(env.in.begin() + 1, env.in.end());
    o.rowsPerRow = env.in[0];
    o.masked = o.steps = o.givesMask = true;
    o.needsInputGradient = env.needsInputGradient;
    return o;
  }

  Chain chain_;
  int64_t part_ = 0;  // numbers of the input's mask that become one, where it brings the mask down to its steps
};

}  // namespace

std::unique_ptr<Op> timeDistributed(const Value& spec, const OpEnv& env) { return std::make_unique<TimeDistributed>(spec, env); }

}  // namespace gemmfit::ops
