#include "native/kernels/gates.h"

#include <cstring>

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/gates.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/gates-inl.h"
#include "native/kernels/sizes.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using gates::SigmoidOf;
using gates::Sweep;
using gates::TanhOf;

size_t Bytes(int64_t n) { return asSize(n) * sizeof(float); }

void LstmForwardImpl(const LstmForward& s) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t u = s.units;
  for (int64_t r = 0; r < s.rows; ++r) {
    float *gi = s.gates + r * 4 * u, *gf = gi + u, *gg = gf + u, *go = gg + u;
    const float* before = s.cPrevious + r * u;
    float *c = s.c + r * u, *tc = s.tanhC + r * u, *h = s.h + r * u;
    const float* bias = s.bias;
    Sweep(d, u, [&](auto&& load, auto&& store) HWY_ATTR {
      V i = load(gi), f = load(gf), g = load(gg), o = load(go);
      if (bias) {
        i = hn::Add(i, load(bias));
        f = hn::Add(f, load(bias + u));
        g = hn::Add(g, load(bias + 2 * u));
        o = hn::Add(o, load(bias + 3 * u));
      }
      i = SigmoidOf(d, i);
      f = SigmoidOf(d, f);
      g = TanhOf(d, g);
      o = SigmoidOf(d, o);
      const V cell = hn::MulAdd(f, load(before), hn::Mul(i, g));
      const V t = TanhOf(d, cell);
      store(i, gi);
      store(f, gf);
      store(g, gg);
      store(o, go);
      store(cell, c);
      store(t, tc);
      store(hn::Mul(o, t), h);
    });
    if (s.mask.skips(r)) {
      std::memcpy(c, before, Bytes(u));
      std::memcpy(h, s.hPrevious + r * u, Bytes(u));
    }
  }
}

void LstmBackwardImpl(const LstmBackward& s) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const V one = hn::Set(d, 1.0f);
  const int64_t u = s.units;
  for (int64_t r = 0; r < s.rows; ++r) {
    float *gi = s.gates + r * 4 * u, *gf = gi + u, *gg = gf + u, *go = gg + u;
    if (s.mask.skips(r)) {
      std::memset(gi, 0, Bytes(4 * u));
      continue;
    }
    const float *before = s.cPrevious + r * u, *tc = s.tanhC + r * u;
    float *dh = s.dh + r * u, *dc = s.dc + r * u;
    Sweep(d, u, [&](auto&& load, auto&& store) HWY_ATTR {
      const V i = load(gi), f = load(gf), g = load(gg), o = load(go), t = load(tc), up = load(dh);
      const V cell = hn::MulAdd(hn::Mul(up, o), hn::NegMulAdd(t, t, one), load(dc));
      store(hn::Mul(hn::Mul(cell, g), hn::Mul(i, hn::Sub(one, i))), gi);
      store(hn::Mul(hn::Mul(cell, load(before)), hn::Mul(f, hn::Sub(one, f))), gf);
      store(hn::Mul(hn::Mul(cell, i), hn::NegMulAdd(g, g, one)), gg);
      store(hn::Mul(hn::Mul(up, t), hn::Mul(o, hn::Sub(one, o))), go);
      store(hn::Mul(cell, f), dc);
    });
    if (s.mask.keep) std::memset(dh, 0, Bytes(u));
  }
}

void GruForwardImpl(const GruForward& s) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t u = s.units;
  for (int64_t r = 0; r < s.rows; ++r) {
    float *gz = s.gates + r * 3 * u, *gr = gz + u, *gn = gr + u, *inner = s.inner + r * u, *h = s.h + r * u;
    const float *p = s.products + r * 3 * u, *before = s.hPrevious + r * u, *bias = s.bias;
    Sweep(d, u, [&](auto&& load, auto&& store) HWY_ATTR {
      V z = hn::Add(load(gz), load(p)), reset = hn::Add(load(gr), load(p + u)), n = load(gn), in = load(p + 2 * u);
      if (bias) {
        z = hn::Add(z, hn::Add(load(bias), load(bias + 3 * u)));
        reset = hn::Add(reset, hn::Add(load(bias + u), load(bias + 4 * u)));
        n = hn::Add(n, load(bias + 2 * u));
        in = hn::Add(in, load(bias + 5 * u));
      }
      z = SigmoidOf(d, z);
      reset = SigmoidOf(d, reset);
      n = TanhOf(d, hn::MulAdd(reset, in, n));
      store(z, gz);
      store(reset, gr);
      store(n, gn);
      store(in, inner);
      store(hn::MulAdd(z, hn::Sub(load(before), n), n), h);
    });
    if (s.mask.skips(r)) std::memcpy(h, before, Bytes(u));
  }
}

void GruBackwardImpl(const GruBackward& s) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const V one = hn::Set(d, 1.0f);
  const int64_t u = s.units;
  for (int64_t r = 0; r < s.rows; ++r) {
    float *gz = s.gates + r * 3 * u, *gr = gz + u, *gn = gr + u, *inner = s.inner + r * u, *dh = s.dh + r * u;
    if (s.mask.skips(r)) {
      std::memset(gz, 0, Bytes(3 * u));
      std::memset(inner, 0, Bytes(u));
      continue;
    }
    const float* before = s.hPrevious + r * u;
    Sweep(d, u, [&](auto&& load, auto&& store) HWY_ATTR {
      const V z = load(gz), reset = load(gr), n = load(gn), up = load(dh);
      const V dz = hn::Mul(hn::Mul(up, hn::Sub(load(before), n)), hn::Mul(z, hn::Sub(one, z)));
      const V dn = hn::Mul(hn::Mul(up, hn::Sub(one, z)), hn::NegMulAdd(n, n, one));
      const V dr = hn::Mul(hn::Mul(dn, load(inner)), hn::Mul(reset, hn::Sub(one, reset)));
      store(dz, gz);
      store(dr, gr);
      store(dn, gn);
      store(hn::Mul(dn, reset), inner);
      store(hn::Mul(up, z), dh);
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(LstmForwardImpl);
HWY_EXPORT(LstmBackwardImpl);
void lstmForward(const LstmForward& s) { HWY_DYNAMIC_DISPATCH(LstmForwardImpl)(s); }
void lstmBackward(const LstmBackward& s) { HWY_DYNAMIC_DISPATCH(LstmBackwardImpl)(s); }
HWY_EXPORT(GruForwardImpl);
HWY_EXPORT(GruBackwardImpl);
void gruForward(const GruForward& s) { HWY_DYNAMIC_DISPATCH(GruForwardImpl)(s); }
void gruBackward(const GruBackward& s) { HWY_DYNAMIC_DISPATCH(GruBackwardImpl)(s); }

}  // namespace gemmfit
#endif
