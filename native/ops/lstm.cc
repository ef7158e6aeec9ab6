#include <cstring>

#include "native/ops/recurrent.h"

namespace gemmfit::ops {
namespace {

// i, f, o = s(z), g = a(z); c = f c + i g; h = o a(c). Gates in the order i, f, g, o.
// Spec: that of Recurrent, activation (a) and recurrentActivation (s).
class Lstm : public Recurrent {
 public:
  Lstm(const Value& spec, const OpEnv& env)
      : Recurrent("lstm", spec, env, 4, 1, 2),
        a_(cellFunction(spec, "activation", ActivationKind::tanh)),
        s_(cellFunction(spec, "recurrentActivation", ActivationKind::sigmoid)),
        fused_(a_.kind == ActivationKind::tanh && s_.kind == ActivationKind::sigmoid) {
    tanhC_ = slabs(units_, training_);
    if (training_) dc_ = memory(units_, false);
    if (!fused_) {
      sums_ = slabs(gateWidth_, training_);
      work_ = memory(5 * units_, false);
    }
    usesGates(0, 4);
    recurrentGradient(gates_, 0, 4);
    biasSum(0, gates_);
    finish(env);
  }

 protected:
  void stepForward(const Chunk& c, int64_t t) override {
    float* z = gates(c, t);
    addRecurrent(c, t, z, 0, 4, true);
    const LstmForward s{
        c.rows,        units_,        bias_, z, previous(1, c, t), previous(0, c, t), next(1, c, t), slab(tanhC_, c, t, units_),
        next(0, c, t), stepMask(c, t)};
    if (fused_)
      lstmForward(s);
    else
      anyForward(s, slab(sums_, c, t, gateWidth_));
  }

  void stepBackward(const Chunk& c, int64_t t) override {
    float *g = gates(c, t), *dc = rows(dc_, c, units_);
    if (t + 1 == steps_) std::memset(dc, 0, static_cast<size_t>(c.rows * units_) * sizeof(float));
    const StepMask m = stepMask(c, t);
    const LstmBackward s{c.rows, units_, g, previous(1, c, t), slab(tanhC_, c, t, units_), dh(c), dc, m};
    if (fused_)
      lstmBackward(s);
    else
      anyBackward(s, slab(sums_, c, t, gateWidth_), next(1, c, t), rows(work_, c, 5 * units_));
    if (t > 0) addRecurrentBackward(c, g, 0, 4, !m.keep);
  }

 private:
  // The same for any functions: what went into the gates is kept in `sums`.
  void anyForward(const LstmForward& s, float* sums) const {
    const int64_t u = units_;
    for (int64_t r = 0; r < s.rows; ++r) {
      float *z = s.gates + r * 4 * u, *before = sums + r * 4 * u, *c = s.c + r * u, *ac = s.tanhC + r * u, *h = s.h + r * u;
      for (int64_t j = 0; j < 4 * u; ++j) before[j] = z[j] + (s.bias ? s.bias[j] : 0.0f);
      activationForward(s_, before, z, 2 * u);
      activationForward(a_, before + 2 * u, z + 2 * u, u);
      activationForward(s_, before + 3 * u, z + 3 * u, u);
      const float* carried = s.cPrevious + r * u;
      for (int64_t j = 0; j < u; ++j) c[j] = z[u + j] * carried[j] + z[j] * z[2 * u + j];
      activationForward(a_, c, ac, u);
      for (int64_t j = 0; j < u; ++j) h[j] = z[3 * u + j] * ac[j];
      if (!s.mask.skips(r)) continue;
      std::memcpy(c, carried, static_cast<size_t>(u) * sizeof(float));
      std::memcpy(h, s.hPrevious + r * u, static_cast<size_t>(u) * sizeof(float));
    }
  }

  void anyBackward(const LstmBackward& s, const float* sums, const float* cells, float* work) const {
    const int64_t u = units_;
    const bool fromY = s_.backwardReadsY(), aFromY = a_.backwardReadsY();
    for (int64_t r = 0; r < s.rows; ++r) {
      float *g = s.gates + r * 4 * u, *dh = s.dh + r * u, *dc = s.dc + r * u, *d = work, *cell = work + 4 * u;
      if (s.mask.skips(r)) {
        std::memset(g, 0, static_cast<size_t>(4 * u) * sizeof(float));
        continue;
      }
      const float *ac = s.tanhC + r * u, *before = sums + r * 4 * u, *carried = s.cPrevious + r * u;
      for (int64_t j = 0; j < u; ++j) cell[j] = dh[j] * g[3 * u + j];
      activationBackward(a_, aFromY ? ac : cells + r * u, cell, cell, u);
      for (int64_t j = 0; j < u; ++j) {
        cell[j] += dc[j];
        d[j] = cell[j] * g[2 * u + j];
        d[u + j] = cell[j] * carried[j];
        d[2 * u + j] = cell[j] * g[j];
        d[3 * u + j] = dh[j] * ac[j];
        dc[j] = cell[j] * g[u + j];
      }
      activationBackward(s_, fromY ? g : before, d, d, 2 * u);
      activationBackward(a_, (aFromY ? g : before) + 2 * u, d + 2 * u, d + 2 * u, u);
      activationBackward(s_, (fromY ? g : before) + 3 * u, d + 3 * u, d + 3 * u, u);
      std::memcpy(g, d, static_cast<size_t>(4 * u) * sizeof(float));
      if (s.mask.keep) std::memset(dh, 0, static_cast<size_t>(u) * sizeof(float));
    }
  }

  ActivationFunction a_, s_;
  bool fused_;
  int tanhC_ = -1, dc_ = -1, sums_ = -1, work_ = -1;
};

}  // namespace

std::unique_ptr<Op> lstm(const Value& spec, const OpEnv& env) { return std::make_unique<Lstm>(spec, env); }

}  // namespace gemmfit::ops
