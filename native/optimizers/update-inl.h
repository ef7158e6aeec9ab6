// The loop that all rules share: weights, gradients and state go through the vector registers once. A rule is a function object
//   void operator()(V& w, V g, V (&slot)[kSlots]) const
// called with as many elements as a vector has. At the end of a range it gets a copy padded with zeros, because neighbouring
// elements belong to other threads and may be neither read nor written.
#if defined(NATIVE_OPTIMIZERS_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_OPTIMIZERS_UPDATE_INL_H_
#undef NATIVE_OPTIMIZERS_UPDATE_INL_H_
#else
#define NATIVE_OPTIMIZERS_UPDATE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <int kSlots, class Rule>
HWY_INLINE void UpdateVector(const Rule& rule, float* w, const float* g, float* const* slot, int64_t i) {
  const D d;
  V x = hn::LoadU(d, w + i);
  V state[kSlots + 1];
  for (int k = 0; k < kSlots; ++k) state[k] = hn::LoadU(d, slot[k] + i);
  rule(x, hn::LoadU(d, g + i), state);
  for (int k = 0; k < kSlots; ++k) hn::StoreU(state[k], d, slot[k] + i);
  hn::StoreU(x, d, w + i);
}

template <int kSlots, class Rule>
HWY_INLINE void UpdateAll(const Rule& rule, float* w, const float* g, float* const* slot, int64_t n) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  float* s[kSlots + 1];
  for (int k = 0; k < kSlots; ++k) s[k] = slot[k];
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) UpdateVector<kSlots>(rule, w, g, s, i);
  if (i == n) return;
  HWY_ALIGN float rest[(kSlots + 2) * HWY_MAX_BYTES / sizeof(float)] = {};
  float* copies[kSlots + 2];
  for (int k = 0; k < kSlots + 2; ++k) copies[k] = rest + k * lanes;
  for (int k = 0; k < kSlots; ++k) std::copy(s[k] + i, s[k] + n, copies[k]);
  std::copy(g + i, g + n, copies[kSlots]);
  std::copy(w + i, w + n, copies[kSlots + 1]);
  UpdateVector<kSlots>(rule, copies[kSlots + 1], copies[kSlots], copies, 0);
  for (int k = 0; k < kSlots; ++k) std::copy(copies[k], copies[k] + (n - i), s[k] + i);
  std::copy(copies[kSlots + 1], copies[kSlots + 1] + (n - i), w + i);
}

HWY_INLINE V Set(float x) { return hn::Set(D(), x); }

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif  // NATIVE_OPTIMIZERS_UPDATE_INL_H_
