#include "native/kernels/noise.h"

#include <algorithm>
#include <cmath>

#include "native/engine/philox.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/noise.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Elements come in blocks of 64, which 16 counters make: word w of counter i is element 16 w + i. So the same words go to the same
// elements whether a vector takes 4, 8 or 16 counters at once.
constexpr int64_t kCounters = 16;
constexpr int64_t kBlock = 4 * kCounters;

#if HWY_TARGET == HWY_SCALAR
void Words(uint64_t key, uint64_t block, uint32_t* out) {
  for (int64_t i = 0; i < kCounters; ++i) {
    const Philox p(key, 0, block * kCounters + static_cast<uint64_t>(i));
    for (int64_t w = 0; w < 4; ++w) out[w * kCounters + i] = p.v[w];
  }
}
#else
// High and low halves of the products a * b.
template <class D, class V>
HWY_INLINE void Multiply(D d, V a, V b, V* high, V* low) {
  const hn::Repartition<uint64_t, D> wide;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), b);
  *high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  *low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
}

// What struct Philox computes, for as many counters at once as there are lanes. `b` has the same number in every lane, so that it
// serves the odd lanes as it stands.
void Words(uint64_t key, uint64_t block, uint32_t* out) {
  const hn::CappedTag<uint32_t, kCounters> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto m0 = hn::Set(d, 0xD2511F53u), m1 = hn::Set(d, 0xCD9E8D57u);
  const uint64_t base = block * kCounters;
  for (int64_t i = 0; i < kCounters; i += lanes) {
    auto c0 = hn::Add(hn::Iota(d, static_cast<uint32_t>(i)), hn::Set(d, static_cast<uint32_t>(base)));
    auto c1 = hn::Set(d, static_cast<uint32_t>(base >> 32)), c2 = hn::Zero(d), c3 = hn::Zero(d);
    auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      auto h0 = c0, l0 = c0, h1 = c0, l1 = c0;
      Multiply(d, c0, m0, &h0, &l0);
      Multiply(d, c2, m1, &h1, &l1);
      c0 = hn::Xor(hn::Xor(h1, c1), hn::Set(d, k0));
      c2 = hn::Xor(hn::Xor(h0, c3), hn::Set(d, k1));
      c1 = l1;
      c3 = l0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    hn::Store(c0, d, out + i);
    hn::Store(c1, d, out + kCounters + i);
    hn::Store(c2, d, out + 2 * kCounters + i);
    hn::Store(c3, d, out + 3 * kCounters + i);
  }
}
#endif

// f(words, skip, i, count): elements i .. i + count of the array are those from `skip` on of a block.
template <class F>
HWY_INLINE void Blocks(const Draw& draw, int64_t n, F&& f) {
  HWY_ALIGN uint32_t words[kBlock];
  for (int64_t i = 0; i < n;) {
    const int64_t at = draw.first + i, skip = at % kBlock, count = std::min(kBlock - skip, n - i);
    Words(draw.key, static_cast<uint64_t>(at / kBlock), words);
    f(words, skip, i, count);
    i += count;
  }
}

// Words below this are dropped. 2^32 would not fit: a rate of 1 is done apart.
HWY_INLINE uint32_t Limit(double rate) { return static_cast<uint32_t>(std::min(rate * 0x1p32, 0x1p32 - 1)); }

void DropElements(const Draw& draw, double rate, const Drop& values, const float* x, float* y, int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto limit = hn::Set(du, Limit(rate));
  const auto a = hn::Set(d, values.a), b = hn::Set(d, values.b), c = hn::Set(d, values.c);
  const auto choose = [&](auto words, auto v)
                          HWY_ATTR { return hn::IfThenElse(hn::RebindMask(d, hn::Lt(words, limit)), c, hn::MulAdd(v, a, b)); };
  Blocks(draw, n, [&](uint32_t* words, int64_t skip, int64_t i, int64_t count) HWY_ATTR {
    int64_t j = 0;
    for (; j + lanes <= count; j += lanes) hn::StoreU(choose(hn::LoadU(du, words + skip + j), hn::LoadU(d, x + i + j)), d, y + i + j);
    if (j == count) return;
    HWY_ALIGN uint32_t rest[HWY_MAX_BYTES / sizeof(uint32_t)] = {};
    std::copy(words + skip + j, words + skip + count, rest);
    vm::StoreSome(d, choose(hn::Load(du, rest), vm::LoadSome(d, x + i + j, count - j)), y + i + j, count - j);
  });
}

void KeepMask(const Draw& draw, double rate, float* keep, int64_t n) {
  const uint32_t limit = Limit(rate);
  Blocks(draw, n, [&](uint32_t* words, int64_t skip, int64_t i, int64_t count) HWY_ATTR {
    for (int64_t j = 0; j < count; ++j) keep[i + j] = words[skip + j] < limit ? 0.0f : 1.0f;
  });
}

// Two normal numbers from two even ones (Box and Muller 1958), in place of the words: words 0 and 1 of a counter, and words 2 and 3.
HWY_INLINE void Normals(const uint32_t* words, float* out) {
  const hn::CappedTag<float, kCounters> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  // 24 bits as a float.
  const auto bits = [&](const uint32_t* from) HWY_ATTR { return hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(hn::Load(du, from)))); };
  for (int64_t pair = 0; pair < kBlock; pair += 2 * kCounters)
    for (int64_t i = pair; i < pair + kCounters; i += lanes) {
      const auto u = hn::Mul(hn::Add(bits(words + i), hn::Set(d, 1)), hn::Set(d, 0x1p-24f));  // in (0, 1]
      const auto angle = hn::MulAdd(bits(words + kCounters + i), hn::Set(d, 0x1p-23f * 3.14159265358979f), hn::Set(d, -3.14159265358979f));
      const auto r = hn::Sqrt(hn::Mul(hn::Set(d, -2), hn::Log(d, u)));
      hn::Store(hn::Mul(r, hn::Cos(d, angle)), d, out + i);
      hn::Store(hn::Mul(r, hn::Sin(d, angle)), d, out + kCounters + i);
    }
}

template <class F>
HWY_INLINE void WithNormals(const Draw& draw, const float* x, float* y, int64_t n, F&& f) {
  HWY_ALIGN float normals[kBlock];
  Blocks(draw, n, [&](uint32_t* words, int64_t skip, int64_t i, int64_t count) HWY_ATTR {
    Normals(words, normals);
    vm::Map(count, y + i, f, x + i, normals + skip);
  });
}

void AddNormal(const Draw& draw, float deviation, const float* x, float* y, int64_t n) {
  WithNormals(draw, x, y, n, [=](auto d, auto v, auto z) HWY_ATTR { return hn::MulAdd(z, hn::Set(d, deviation), v); });
}

void MultiplyNormal(const Draw& draw, float mean, float deviation, const float* x, float* y, int64_t n) {
  WithNormals(draw, x, y, n,
              [=](auto d, auto v, auto z) HWY_ATTR { return hn::Mul(v, hn::MulAdd(z, hn::Set(d, deviation), hn::Set(d, mean))); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(DropElements);
HWY_EXPORT(KeepMask);
HWY_EXPORT(AddNormal);
HWY_EXPORT(MultiplyNormal);

void drop(const Draw& draw, double rate, const Drop& values, const float* x, float* y, int64_t n) {
  if (rate >= 1)
    std::fill(y, y + n, values.c);
  else
    HWY_DYNAMIC_DISPATCH(DropElements)(draw, rate, values, x, y, n);
}
void keepMask(const Draw& draw, double rate, float* keep, int64_t n) {
  if (rate >= 1)
    std::fill(keep, keep + n, 0.0f);
  else
    HWY_DYNAMIC_DISPATCH(KeepMask)(draw, rate, keep, n);
}
void addNormal(const Draw& draw, float deviation, const float* x, float* y, int64_t n) {
  HWY_DYNAMIC_DISPATCH(AddNormal)(draw, deviation, x, y, n);
}
void multiplyNormal(const Draw& draw, float mean, float deviation, const float* x, float* y, int64_t n) {
  HWY_DYNAMIC_DISPATCH(MultiplyNormal)(draw, mean, deviation, x, y, n);
}

}  // namespace gemmfit
#endif
