// Steps of Adam without a gradient. An element's averages shrink by constant factors, so that after k such steps, of sizes S_1 .. S_k,
//   m_k = m b1^k,  v_k = v b2^k,  w_k = w - m SUM_j S_j b1^j / (sqrt(v) b^j + epsilon)  with b = sqrt(b2).
// With d = sqrt(v) + epsilon, u = sqrt(v) / d and p_j = 1 - b^j the divisor is d (1 - u p_j). p_j is small for as long as b1^j is not, so
// that a few terms of 1 / (1 - u p_j) are exact to float32:
//   w_k = w - m / d (C_0 + C_1 u + C_2 u^2 + ...)  with C_q = SUM_j S_j b1^j p_j^q,
// sums that belong to the steps alone. An element then costs about as much as one step, however many it makes up for.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "native/engine/idle_steps.h"
#include "native/kernels/simd_targets.h"
#include "native/kernels/sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/optimizers/adam_idle.cc"
#include "hwy/foreach_target.h"
#include "native/optimizers/update-inl.h"

namespace gemmfit {
#ifndef NATIVE_OPTIMIZERS_ADAM_IDLE_CC_
#define NATIVE_OPTIMIZERS_ADAM_IDLE_CC_
constexpr int kIdleTerms = 5;
struct IdleSums {
  double c[kIdleTerms];
};
#endif
}  // namespace gemmfit

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

void IdleWeights(const IdleSums& sums, float epsilon, const float* w, const float* m, const float* v, float* out, int64_t n) {
  const D d;
  const V one = Set(1), e = Set(epsilon);
  V c[kIdleTerms];
  for (int q = 0; q < kIdleTerms; ++q) c[q] = Set(static_cast<float>(sums.c[q]));
  const auto vector = [&](const float* from, const float* average, const float* square, float* to) HWY_ATTR {
    const V per = hn::Div(one, hn::Add(hn::Sqrt(hn::LoadU(d, square)), e)), u = hn::NegMulAdd(e, per, one);
    V sum = c[kIdleTerms - 1];
    for (int q = kIdleTerms - 2; q >= 0; --q) sum = hn::MulAdd(sum, u, c[q]);
    hn::StoreU(hn::NegMulAdd(hn::Mul(hn::LoadU(d, average), per), sum, hn::LoadU(d, from)), d, to);
  };
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) vector(w + i, m + i, v + i, out + i);
  if (i == n) return;
  HWY_ALIGN float rest[3][HWY_MAX_BYTES / sizeof(float)] = {};
  std::copy(w + i, w + n, rest[0]);
  std::copy(m + i, m + n, rest[1]);
  std::copy(v + i, v + n, rest[2]);
  vector(rest[0], rest[1], rest[2], rest[0]);
  std::copy(rest[0], rest[0] + (n - i), out + i);
}

void IdleSlot(float keep, float* x, int64_t n) {
  const V k = Set(keep);
  UpdateAll<0>([=](V& value, V, V*) HWY_ATTR { value = hn::Mul(value, k); }, x, x, nullptr, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(IdleWeights);
HWY_EXPORT(IdleSlot);

constexpr double kNegligible = 1e-12;  // of the sum of a constant step's terms
constexpr double kTolerance = 1.5e-8;  // of an update: what the terms left out may come to. A fourth of float32's rounding

class AdamIdleSteps : public IdleSteps {
 public:
  AdamIdleSteps(float towardsG, float towardsSquare, float epsilon)
      : towardsG_(towardsG), towardsSquare_(towardsSquare), epsilon_(epsilon), keepG_(kMost + 1), keepSquare_(kMost + 1) {
    const double b1 = 1 - static_cast<double>(towardsG), b2 = 1 - static_cast<double>(towardsSquare), b = std::sqrt(b2);
    double g = 1, square = 1, root = 1, all = 0, leftOut = 0;
    for (int64_t j = 0; j <= kMost; ++j) {
      keepG_[asSize(j)] = static_cast<float>(g);
      keepSquare_[asSize(j)] = static_cast<float>(square);
      const double p = 1 - root;
      if (j > 0 && !ends_) {
        IdleSums term;
        double t = g;
        for (double& c : term.c) {
          c = t;
          t *= p;
        }
        terms_.push_back(term);
        all += g;
        leftOut += t / root;
        ends_ = g <= kNegligible * (1 - b1) && t / root <= kNegligible * (1 - b1);
      }
      g *= b1;
      square *= b2;
      root *= b;
    }
    close_ = ends_ && leftOut <= kTolerance * all;
    sums_.resize(kMost + 1);
    AdamIdleSteps::clear();
  }

  // Whether the formula holds for these constants.
  bool holds() const { return close_ && epsilon_ >= 1e-30f; }

  bool sameAs(const IdleSteps& other) const override {
    const auto* o = dynamic_cast<const AdamIdleSteps*>(&other);
    return o && o->towardsG_ == towardsG_ && o->towardsSquare_ == towardsSquare_ && o->epsilon_ == epsilon_;
  }

  void clear() override {
    count_ = 0;
    sums_[0] = IdleSums();
  }

  void add(double scale) override {
    ++count_;
    sums_[asSize(count_)] = IdleSums();
    const auto window = std::min(count_, static_cast<int64_t>(terms_.size()));
    for (int64_t j = 1; j <= window; ++j) {
      IdleSums& sum = sums_[asSize(count_ - j)];
      const IdleSums& term = terms_[asSize(j - 1)];
      for (int q = 0; q < kIdleTerms; ++q) sum.c[q] += scale * term.c[q];
    }
  }

  void weights(int64_t from, const float* w, const float* const* slot, float* out, int64_t n) const override {
    HWY_DYNAMIC_DISPATCH(IdleWeights)(sums_[asSize(from)], epsilon_, w, slot[0], slot[1], out, n);
  }

  void slots(int64_t from, float* const* slot, int64_t n) const override {
    const auto steps = asSize(count_ - from);
    HWY_DYNAMIC_DISPATCH(IdleSlot)(keepG_[steps], slot[0], n);
    HWY_DYNAMIC_DISPATCH(IdleSlot)(keepSquare_[steps], slot[1], n);
  }

 private:
  float towardsG_, towardsSquare_, epsilon_;
  std::vector<float> keepG_, keepSquare_;  // powers of b1 and b2
  std::vector<IdleSums> terms_;            // b1^j p_j^q from j = 1 on, until they no longer count
  std::vector<IdleSums> sums_;             // of the steps after the first, second, ...
  bool ends_ = false, close_ = false;
};

class WithoutEffect : public IdleSteps {
 public:
  bool sameAs(const IdleSteps& other) const override { return dynamic_cast<const WithoutEffect*>(&other) != nullptr; }
  void weights(int64_t, const float* w, const float* const*, float* out, int64_t n) const override {
    if (out != w) std::memcpy(out, w, asSize(n) * sizeof(float));
  }
  void slots(int64_t, float* const*, int64_t) const override {}
};

}  // namespace

std::unique_ptr<IdleSteps> stepsWithoutEffect() { return std::make_unique<WithoutEffect>(); }

std::unique_ptr<IdleSteps> adamIdleSteps(float towardsG, float towardsSquare, float epsilon) {
  auto steps = std::make_unique<AdamIdleSteps>(towardsG, towardsSquare, epsilon);
  if (!steps->holds()) return nullptr;
  return steps;
}

}  // namespace gemmfit
#endif
