#include <cstring>

#include "native/kernels/sizes.h"
#include "native/ops/recurrent.h"

namespace gemmfit::ops {
namespace {

// h = a(x W + b + h U). Spec: that of Recurrent and activation (a).
class SimpleRnn : public Recurrent {
 public:
  SimpleRnn(const Value& spec, const OpEnv& env) : Recurrent("simpleRnn", spec, env, 1, 1, 1), a_(spec, "activation", "tanh") {
    if (training_ && a_.backwardReadsY()) outputs_ = slabs(units_);
    if (training_) work_ = memory(units_, Scratch::backward);
    usesGates(0, 1);
    recurrentGradient(0, 1, gatesFrom(0));
    biasSum(0, gateWidth_, gatesFrom(0));
    finish(env);
  }

 protected:
  void stepForward(const Chunk& c, int64_t t) override {
    const int64_t u = units_, n = c.rows * u;
    float *z = gates(c, t), *h = next(0, c, t);
    addRecurrent(c, t, z, 0, 1, true);
    for (int64_t r = 0; bias_ && r < c.rows; ++r)
      for (int64_t j = 0; j < u; ++j) z[r * u + j] += bias_[j];
    a_.forward(z, h, c.rows, u);
    if (outputs_ >= 0) std::memcpy(slab(outputs_, c, t, u), h, asSize(n) * sizeof(float));
    const StepMask m = stepMask(c, t);
    for (int64_t r = 0; r < c.rows; ++r)
      if (m.skips(r)) std::memcpy(h + r * u, previous(0, c, t) + r * u, asSize(u) * sizeof(float));
  }

  void stepBackward(const Chunk& c, int64_t t) override {
    const int64_t u = units_;
    float *g = gates(c, t), *up = dh(c), *d = rows(work_, c, u);
    a_.backward(outputs_ >= 0 ? slab(outputs_, c, t, u) : g, up, d, c.rows, u);
    std::memcpy(g, d, asSize(c.rows * u) * sizeof(float));
    const StepMask m = stepMask(c, t);
    for (int64_t r = 0; m.keep && r < c.rows; ++r) std::memset((m.skips(r) ? g : up) + r * u, 0, asSize(u) * sizeof(float));
    if (t > 0) addRecurrentBackward(c, g, gateWidth_, 0, 1, !m.keep);
  }

 private:
  CellFunction a_;
  int outputs_ = -1, work_ = -1;
};

}  // namespace

std::unique_ptr<Op> simpleRnn(const Value& spec, const OpEnv& env) { return std::make_unique<SimpleRnn>(spec, env); }

}  // namespace gemmfit::ops
