#include <cstring>

#include "native/kernels/sizes.h"
#include "native/ops/recurrent.h"

namespace gemmfit::ops {
namespace {

// z, r = s(x W + h U + b); h' = z h + (1 - z) n, where the candidate n is
//   a(x W + b + r (h U + b'))  with resetAfter: the bias is [2, 3 units], its second row that of the recurrent products;
//   a(x W + b + (r h) U)       without.
// Gates in the order z, r, n. Backward, `gates` become the gradients of what went into them and, with resetAfter, `inner` that of h U + b'
// of the candidate: those of z and r are the same for both products. Spec: that of Recurrent, resetAfter, activation (a) and
// recurrentActivation (s).
class Gru : public Recurrent {
 public:
  Gru(const Value& spec, const OpEnv& env)
      : Recurrent("gru", spec, env, 3, spec.flag("resetAfter", true) ? 2 : 1, 1),
        after_(spec.flag("resetAfter", true)),
        a_(spec, "activation", "tanh"),
        s_(spec, "recurrentActivation", "sigmoid"),
        fused_(after_ && a_.is("Tanh") && s_.is("Sigmoid")) {
    inner_ = slabs(units_);
    if (after_)
      products_ = memory(gateWidth_);
    else if (training_)
      reset_ = memory(units_);
    if (!fused_) {
      sums_ = slabs(gateWidth_);
      if (training_) work_ = memory(units_);
    }
    usesForward(0, after_ ? 3 : 2);
    if (!after_) usesForward(2, 1);
    usesBackward(0, 2);
    usesBackward(2, 1);
    recurrentGradient(0, 2, gatesFrom(0));
    biasSum(0, gateWidth_, gatesFrom(0));
    const View inner{inner_, units_, 0};
    if (after_) {
      recurrentGradient(2, 1, inner);
      biasSum(gateWidth_, 2 * units_, gatesFrom(0));
      biasSum(gateWidth_ + 2 * units_, units_, inner);
    } else
      product(1, units_, 2 * units_, units_, inner, gatesFrom(2));
    finish(env);
  }

 protected:
  void stepForward(const Chunk& c, int64_t t) override {
    float *g = gates(c, t), *inner = slab(inner_, c, t, units_);
    if (fused_) {
      float* p = rows(products_, c, gateWidth_);
      addRecurrent(c, t, p, 0, 3, false);
      return gruForward({c.rows, units_, bias_, g, p, previous(0, c, t), inner, next(0, c, t), stepMask(c, t)});
    }
    anyForward(c, t, g, inner, slab(sums_, c, t, gateWidth_));
  }

  void stepBackward(const Chunk& c, int64_t t) override {
    float *g = gates(c, t), *inner = slab(inner_, c, t, units_);
    if (!after_) return beforeBackward(c, t, g, slab(sums_, c, t, gateWidth_));
    if (fused_)
      gruBackward({c.rows, units_, g, previous(0, c, t), inner, dh(c), stepMask(c, t)});
    else
      afterBackward(c, t, g, inner, slab(sums_, c, t, gateWidth_));
    if (t == 0) return;
    addRecurrentBackward(c, g, gateWidth_, 0, 2, false);
    addRecurrentBackward(c, inner, units_, 2, 1, false);
  }

 private:
  // For any functions and both orders. What went into the gates is kept in `sums`; `inner` is h U + b', or r h.
  void anyForward(const Chunk& c, int64_t t, float* g, float* inner, float* sums) {
    const int64_t u = units_, n = 3 * u;
    const float *before = previous(0, c, t), *seen = beforeGate(2, c, t);
    float* products = after_ ? rows(products_, c, n) : g;
    addRecurrent(c, t, products, 0, after_ ? 3 : 2, !after_);
    for (int64_t r = 0; r < c.rows; ++r) {
      float *row = g + r * n, *sum = sums + r * n, *in = inner + r * u;
      const float *p = products + r * n, *more = bias_ && after_ ? bias_ + n : nullptr;
      for (int64_t j = 0; j < 2 * u; ++j) sum[j] = row[j] + (after_ ? p[j] : 0.0f) + (bias_ ? bias_[j] : 0.0f) + (more ? more[j] : 0.0f);
      s_.forward(sum, row, 2, u);
      for (int64_t j = 0; j < u; ++j) in[j] = after_ ? p[2 * u + j] + (more ? more[2 * u + j] : 0.0f) : row[u + j] * seen[r * u + j];
    }
    if (!after_) recurrentProduct(c, inner, g, 2);
    const StepMask m = stepMask(c, t);
    for (int64_t r = 0; r < c.rows; ++r) {
      float *row = g + r * n, *sum = sums + r * n, *h = next(0, c, t) + r * u;
      const float *in = inner + r * u, *old = before + r * u;
      for (int64_t j = 0; j < u; ++j)
        sum[2 * u + j] = row[2 * u + j] + (bias_ ? bias_[2 * u + j] : 0.0f) + (after_ ? row[u + j] * in[j] : 0.0f);
      a_.forward(sum + 2 * u, row + 2 * u, 1, u);
      for (int64_t j = 0; j < u; ++j) h[j] = m.skips(r) ? old[j] : row[j] * old[j] + (1.0f - row[j]) * row[2 * u + j];
    }
  }

  // Gradients of z and n, and dh through z alone. Left to do: r, which `dr` waits for, and what goes through the products.
  void gateBackward(const Chunk& c, int64_t t, float* g, const float* sums, const float* inner, float* dr) {
    const int64_t u = units_, n = 3 * u;
    const bool fromY = s_.backwardReadsY(), aFromY = a_.backwardReadsY();
    const StepMask m = stepMask(c, t);
    for (int64_t r = 0; r < c.rows; ++r) {
      float *row = g + r * n, *up = dh(c) + r * u, *later = dr + r * u;
      const float *sum = sums + r * n, *old = previous(0, c, t) + r * u;
      if (m.skips(r)) {
        std::memset(row, 0, asSize(n) * sizeof(float));
        std::memset(later, 0, asSize(u) * sizeof(float));
        continue;
      }
      for (int64_t j = 0; j < u; ++j) {
        const float z = row[j], candidate = row[2 * u + j], d = up[j];
        later[j] = d * (1.0f - z);
        up[j] = d * z;
        work(c, r)[j] = d * (old[j] - candidate);
      }
      a_.backward((aFromY ? row : sum) + 2 * u, later, later, 1, u);
      s_.backward(fromY ? row : sum, work(c, r), work(c, r), 1, u);
      std::memcpy(row, work(c, r), asSize(u) * sizeof(float));
      std::memcpy(row + 2 * u, later, asSize(u) * sizeof(float));
      if (!inner) continue;
      // Of r, with resetAfter; `later` becomes the gradient of h U + b'.
      for (int64_t j = 0; j < u; ++j) {
        work(c, r)[j] = later[j] * inner[r * u + j];
        later[j] *= row[u + j];
      }
      s_.backward((fromY ? row : sum) + u, work(c, r), work(c, r), 1, u);
      std::memcpy(row + u, work(c, r), asSize(u) * sizeof(float));
    }
  }

  void afterBackward(const Chunk& c, int64_t t, float* g, float* inner, const float* sums) {
    // Where the chunk's forward pass has its products: another chunk may be in that pass still.
    float* later = rows(products_, c, gateWidth_);
    gateBackward(c, t, g, sums, inner, later);
    std::memcpy(inner, later, asSize(c.rows * units_) * sizeof(float));
  }

  void beforeBackward(const Chunk& c, int64_t t, float* g, const float* sums) {
    const int64_t u = units_, n = 3 * u;
    float* d = rows(reset_, c, u);
    gateBackward(c, t, g, sums, nullptr, d);
    recurrentProductBackward(c, g + 2 * u, n, d, 2);
    const float *seen = beforeGate(2, c, t), *dropped = recurrentMask(2, c);
    const StepMask m = stepMask(c, t);
    const bool fromY = s_.backwardReadsY();
    for (int64_t r = 0; r < c.rows; ++r) {
      if (m.skips(r)) continue;
      float *row = g + r * n + u, *up = dh(c) + r * u, *reset = d + r * u;
      for (int64_t j = 0; j < u; ++j) {
        up[j] += reset[j] * row[j] * (dropped ? dropped[r * u + j] : 1.0f);
        reset[j] *= seen[r * u + j];
      }
      s_.backward(fromY ? row : sums + r * n + u, reset, reset, 1, u);
      std::memcpy(row, reset, asSize(u) * sizeof(float));
    }
    if (t > 0) addRecurrentBackward(c, g, n, 0, 2, false);
  }

  float* work(const Chunk& c, int64_t r) const { return rows(work_, c, units_) + r * units_; }

  bool after_;
  CellFunction a_, s_;
  bool fused_;
  int inner_ = -1, products_ = -1, sums_ = -1, work_ = -1, reset_ = -1;
};

}  // namespace

std::unique_ptr<Op> gru(const Value& spec, const OpEnv& env) { return std::make_unique<Gru>(spec, env); }

}  // namespace gemmfit::ops
