#include "native/ops/lstm_gates.h"

#include <cstring>

#include "native/kernels/sizes.h"
#include "native/ops/recurrent.h"

namespace gemmfit::ops {

LstmGates::LstmGates(const Value& spec)
    : a_(spec, "activation", "tanh"), s_(spec, "recurrentActivation", "sigmoid"), fused_(a_.is("Tanh") && s_.is("Sigmoid")) {}

void LstmGates::forward(const LstmForward& s, float* sums) const {
  if (fused_) return lstmForward(s);
  const int64_t u = s.units;
  for (int64_t r = 0; r < s.rows; ++r) {
    float *z = s.gates + r * 4 * u, *before = sums + r * 4 * u, *c = s.c + r * u, *ac = s.tanhC + r * u, *h = s.h + r * u;
    for (int64_t j = 0; j < 4 * u; ++j) before[j] = z[j] + (s.bias ? s.bias[j] : 0.0f);
    s_.forward(before, z, 2, u);
    a_.forward(before + 2 * u, z + 2 * u, 1, u);
    s_.forward(before + 3 * u, z + 3 * u, 1, u);
    const float* carried = s.cPrevious + r * u;
    for (int64_t j = 0; j < u; ++j) c[j] = z[u + j] * carried[j] + z[j] * z[2 * u + j];
    a_.forward(c, ac, 1, u);
    for (int64_t j = 0; j < u; ++j) h[j] = z[3 * u + j] * ac[j];
    if (!s.mask.skips(r)) continue;
    std::memcpy(c, carried, asSize(u) * sizeof(float));
    std::memcpy(h, s.hPrevious + r * u, asSize(u) * sizeof(float));
  }
}

void LstmGates::backward(const LstmBackward& s, const float* sums, const float* cells, float* work) const {
  if (fused_) return lstmBackward(s);
  const int64_t u = s.units;
  const bool fromY = s_.backwardReadsY(), aFromY = a_.backwardReadsY();
  for (int64_t r = 0; r < s.rows; ++r) {
    float *g = s.gates + r * 4 * u, *dh = s.dh + r * u, *dc = s.dc + r * u, *d = work, *cell = work + 4 * u;
    if (s.mask.skips(r)) {
      std::memset(g, 0, asSize(4 * u) * sizeof(float));
      continue;
    }
    const float *ac = s.tanhC + r * u, *before = sums + r * 4 * u, *carried = s.cPrevious + r * u;
    for (int64_t j = 0; j < u; ++j) cell[j] = dh[j] * g[3 * u + j];
    a_.backward(aFromY ? ac : cells + r * u, cell, cell, 1, u);
    for (int64_t j = 0; j < u; ++j) {
      cell[j] += dc[j];
      d[j] = cell[j] * g[2 * u + j];
      d[u + j] = cell[j] * carried[j];
      d[2 * u + j] = cell[j] * g[j];
      d[3 * u + j] = dh[j] * ac[j];
      dc[j] = cell[j] * g[u + j];
    }
    s_.backward(fromY ? g : before, d, d, 2, u);
    a_.backward((aFromY ? g : before) + 2 * u, d + 2 * u, d + 2 * u, 1, u);
    s_.backward((fromY ? g : before) + 3 * u, d + 3 * u, d + 3 * u, 1, u);
    std::memcpy(g, d, asSize(4 * u) * sizeof(float));
    if (s.mask.keep) std::memset(dh, 0, asSize(u) * sizeof(float));
  }
}

}  // namespace gemmfit::ops
