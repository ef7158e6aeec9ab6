#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"
#include "native/ops/merge.h"

namespace gemmfit::ops {
namespace {

// The same numbers; what goes with them is another: nothing below learns from them, or they have no mask.
class Pass : public Op {
 public:
  explicit Pass(const OpEnv& env) : n_(sizeOf(env.in)) {
    in = out = env.in;
    identity = inPlace = canAddDx = true;
    mask = Mask::drop;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (x != y) std::copy(x + begin * n_, x + end * n_, y + begin * n_);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) give(dx + begin * n_, addsDx, dy + begin * n_, (end - begin) * n_);
  }

 protected:
  const int64_t n_;
};

// With the mask of another value.
class WithMask : public Pass {
 public:
  explicit WithMask(const OpEnv& env) : Pass(env) {
    if (env.others.size() != 1) throw Error("ERR_SPEC", "withMask takes two inputs: a value, and one whose mask it gets");
    other_ = sizeOf(env.others[0].in);
    if (env.others[0].maskSteps == 0) return;
    maskedAxes("withMask", in, env.others[0].maskSteps);
    mask = Mask::make;
    maskSteps = env.others[0].maskSteps;
  }
  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    Pass::forward(step, phase, begin, end);
    if (mask == Mask::make) std::copy(others[0].mask + begin * maskSteps, others[0].mask + end * maskSteps, maskOut + begin * maskSteps);
  }
  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    Pass::backward(step, phase, begin, end);
    float* ofOther = others[0].dx;
    if (ofOther && !others[0].addsDx) std::fill(ofOther + begin * other_, ofOther + end * other_, 0.0f);
  }

 private:
  int64_t other_ = 0;
};

// A mask as numbers, 1 where a step counts. Without one all steps of the first axis do.
class MaskOf : public Op {
 public:
  explicit MaskOf(const OpEnv& env) {
    in = env.in;
    if (env.maskSteps == 0 && in.empty()) throw Error("ERR_SHAPE", "maskOf: a single number has no steps");
    out = {env.maskSteps > 0 ? env.maskSteps : in[0]};
    mask = Mask::drop;
    stopsGradient = true;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (maskIn)
      std::copy(maskIn + begin * out[0], maskIn + end * out[0], y + begin * out[0]);
    else
      std::fill(y + begin * out[0], y + end * out[0], 1.0f);
  }
  void backward(const Step&, int, int64_t, int64_t) override {}  // never runs
};

}  // namespace

// { op: 'dropMask' }
std::unique_ptr<Op> dropMask(const Value&, const OpEnv& env) { return std::make_unique<Pass>(env); }

// { op: 'stopGradient' }
std::unique_ptr<Op> stopGradient(const Value&, const OpEnv& env) {
  auto op = std::make_unique<Pass>(env);
  op->stopsGradient = true;
  return op;
}

// { op: 'withMask' }: of a value, and one whose mask it gets.
std::unique_ptr<Op> withMask(const Value&, const OpEnv& env) { return std::make_unique<WithMask>(env); }

// { op: 'maskOf' }
std::unique_ptr<Op> maskOf(const Value&, const OpEnv& env) { return std::make_unique<MaskOf>(env); }

}  // namespace gemmfit::ops
