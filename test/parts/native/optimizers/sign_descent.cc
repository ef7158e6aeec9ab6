#include "native/engine/optimizer.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "test/parts/native/optimizers/sign_descent.cc"
#include "hwy/foreach_target.h"
#include "native/optimizers/update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

void UpdateSignDescent(float lr, float* w, const float* g, int64_t n) {
  const V rate = Set(lr);
  UpdateAll<0>([=](V& x, V grad, V*)
                   HWY_ATTR { x = hn::Sub(x, hn::IfThenElse(hn::Eq(grad, hn::Zero(D())), hn::Zero(D()), hn::CopySign(rate, grad))); },
               w, g, nullptr, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
namespace {

HWY_EXPORT(UpdateSignDescent);

class SignDescent : public Optimizer {
 public:
  int slots() const override { return 0; }
  void begin(double lr, int64_t /*t*/) override { lr_ = static_cast<float>(lr); }
  void update(float* w, const float* g, float* const*, int64_t n) const override { HWY_DYNAMIC_DISPATCH(UpdateSignDescent)(lr_, w, g, n); }

 private:
  float lr_ = 0;
};

}  // namespace

namespace optimizers {
std::unique_ptr<Optimizer> signDescent(const Value& /*spec*/) { return std::make_unique<SignDescent>(); }
}  // namespace optimizers
}  // namespace gemmfit
#endif
