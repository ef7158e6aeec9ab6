#include <cstring>

#include "native/ops/recurrent.h"

namespace gemmfit::ops {
namespace {

// i, f, o = s(z), g = a(z); c = f c + i g; h = o a(c). Gates in the order i, f, g, o.
// Spec: those of Recurrent, activation and recurrentActivation.
class Lstm : public Recurrent {
 public:
  Lstm(const Value& spec, const OpEnv& env) : Recurrent("lstm", spec, env, 4, 1, 2) {
    tanhC_ = slabs(units_, training_);
    if (training_) dc_ = memory(units_, false);
    recurrentGradient(gates_, 0, 4);
    biasSum(0, gates_);
    finish(env);
  }

 protected:
  void stepForward(const Chunk& c, int64_t t) override {
    float* z = gates(c, t);
    addRecurrent(c, t, z, 0, 4, 1);
    lstmForward({c.rows, units_, bias_, z, previous(1, c, t), previous(0, c, t), next(1, c, t), slab(tanhC_, c, t, units_), next(0, c, t),
                 stepMask(c, t)});
  }

  void stepBackward(const Chunk& c, int64_t t) override {
    float *g = gates(c, t), *dc = rows(dc_, c, units_);
    if (t + 1 == steps_) std::memset(dc, 0, static_cast<size_t>(c.rows * units_) * sizeof(float));
    const StepMask m = stepMask(c, t);
    lstmBackward({c.rows, units_, g, previous(1, c, t), slab(tanhC_, c, t, units_), dh(c), dc, m});
    if (t > 0) addRecurrentBackward(c, g, 0, 4, !m.keep);
  }

 private:
  int tanhC_ = -1, dc_ = -1;
};

}  // namespace

std::unique_ptr<Op> lstm(const Value& spec, const OpEnv& env) { return std::make_unique<Lstm>(spec, env); }

}  // namespace gemmfit::ops
