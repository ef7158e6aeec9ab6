#include <cstring>

#include "native/kernels/sizes.h"
#include "native/ops/lstm_gates.h"
#include "native/ops/recurrent.h"

namespace gemmfit::ops {
namespace {

// Spec: those of Recurrent and of LstmGates.
class Lstm : public Recurrent {
 public:
  Lstm(const Value& spec, const OpEnv& env) : Recurrent("lstm", spec, env, 4, 1, 2), cell_(spec) {
    tanhC_ = slabs(units_);
    if (training_) dc_ = memory(units_, Scratch::backward);
    if (!cell_.fused()) {
      sums_ = slabs(gateWidth_);
      work_ = memory(5 * units_);
    }
    usesGates(0, 4);
    recurrentGradient(0, 4, gatesFrom(0));
    biasSum(0, gateWidth_, gatesFrom(0));
    finish(env);
  }

 protected:
  void stepForward(const Chunk& c, int64_t t) override {
    float* z = gates(c, t);
    addRecurrent(c, t, z, 0, 4, true);
    const LstmForward s{
        c.rows,        units_,        bias_, z, previous(1, c, t), previous(0, c, t), next(1, c, t), slab(tanhC_, c, t, units_),
        next(0, c, t), stepMask(c, t)};
    cell_.forward(s, sums(c, t));
  }

  void stepBackward(const Chunk& c, int64_t t) override {
    float *g = gates(c, t), *dc = rows(dc_, c, units_);
    if (t + 1 == steps_) std::memset(dc, 0, asSize(c.rows * units_) * sizeof(float));
    const StepMask m = stepMask(c, t);
    const LstmBackward s{c.rows, units_, g, previous(1, c, t), slab(tanhC_, c, t, units_), dh(c), dc, m};
    cell_.backward(s, sums(c, t), next(1, c, t), cell_.fused() ? nullptr : rows(work_, c, 5 * units_));
    if (t > 0) addRecurrentBackward(c, g, gateWidth_, 0, 4, !m.keep);
  }

 private:
  float* sums(const Chunk& c, int64_t t) const { return cell_.fused() ? nullptr : slab(sums_, c, t, gateWidth_); }

  LstmGates cell_;
  int tanhC_ = -1, dc_ = -1, sums_ = -1, work_ = -1;
};

}  // namespace

std::unique_ptr<Op> lstm(const Value& spec, const OpEnv& env) { return std::make_unique<Lstm>(spec, env); }

}  // namespace gemmfit::ops
