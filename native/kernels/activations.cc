#include "native/kernels/activations.h"

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/activations.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/activation_curves-inl.h"
#include "native/kernels/activation_pieces-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// Calls use(f) with the function that `a` describes.
template <class Use>
HWY_INLINE void With(const ActivationFunction& a, Use&& use) {
  using Kind = ActivationKind;
  switch (a.kind) {
    case Kind::celu:
      return use(curves::Celu{a.alpha});
    case Kind::elu:
      return use(curves::Elu{a.alpha, a.backwardReadsY()});
    case Kind::exponential:
      return use(curves::Exponential{});
    case Kind::gelu:
      return use(curves::Gelu{});
    case Kind::geluTanh:
      return use(curves::GeluTanh{});
    case Kind::hardShrink:
      return use(pieces::HardShrink{a.threshold});
    case Kind::hardSigmoid:
      return use(pieces::HardSigmoid{});
    case Kind::hardSigmoidKeras2:
      return use(pieces::HardSigmoidKeras2{});
    case Kind::hardSilu:
      return use(pieces::HardSilu{});
    case Kind::hardTanh:
      return use(pieces::HardTanh{});
    case Kind::leakyRelu:
      return use(pieces::LeakyRelu{a.alpha});
    case Kind::linear:
      return use(pieces::Linear{});
    case Kind::logSigmoid:
      return use(curves::LogSigmoid{});
    case Kind::mish:
      return use(curves::Mish{});
    case Kind::relu:
      return use(pieces::Relu{});
    case Kind::relu6:
      return use(pieces::Relu6{});
    case Kind::reluGeneral:
      return use(pieces::ReluGeneral{a.alpha, a.threshold, a.maximum, a.maximum < std::numeric_limits<float>::infinity()});
    case Kind::selu:
      return use(curves::Selu{});
    case Kind::sigmoid:
      return use(curves::Sigmoid{});
    case Kind::silu:
      return use(curves::Silu{});
    case Kind::softplus:
      return use(curves::Softplus{});
    case Kind::softShrink:
      return use(pieces::SoftShrink{a.threshold});
    case Kind::softsign:
      return use(curves::Softsign{});
    case Kind::sparsePlus:
      return use(pieces::SparsePlus{});
    case Kind::sparseSigmoid:
      return use(pieces::SparseSigmoid{});
    case Kind::squareplus:
      return use(curves::Squareplus{a.alpha});
    case Kind::tanh:
      return use(curves::Tanh{});
    case Kind::tanhShrink:
      return use(curves::TanhShrink{});
    case Kind::threshold:
      return use(pieces::Threshold{a.threshold, a.other});
  }
}

void Forward(const ActivationFunction& a, const float* x, float* y, int64_t n) {
  With(a, [&](const auto& f) HWY_ATTR {
    vm::Map(
        n, y, [&](auto d, auto v) HWY_ATTR { return f.Value(d, v); }, x);
  });
}

void Backward(const ActivationFunction& a, const float* saved, const float* dy, float* dx, int64_t n) {
  With(a, [&](const auto& f) HWY_ATTR {
    vm::Map(
        n, dx, [&](auto d, auto v, auto g) HWY_ATTR { return f.Gradient(d, v, g); }, saved, dy);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(Forward);
HWY_EXPORT(Backward);

bool ActivationFunction::backwardReadsY() const {
  switch (kind) {
    case ActivationKind::celu:
    case ActivationKind::exponential:
    case ActivationKind::hardSigmoid:
    case ActivationKind::linear:
    case ActivationKind::logSigmoid:
    case ActivationKind::relu:
    case ActivationKind::relu6:
    case ActivationKind::selu:
    case ActivationKind::sigmoid:
    case ActivationKind::softplus:
    case ActivationKind::tanh:
      return true;
    // y tells the side of 0 only where the slope below is positive.
    case ActivationKind::elu:
    case ActivationKind::leakyRelu:
      return alpha > 0;
    default:
      return false;
  }
}

double ActivationFunction::flops() const {
  switch (kind) {
    case ActivationKind::celu:
    case ActivationKind::elu:
    case ActivationKind::exponential:
    case ActivationKind::gelu:
    case ActivationKind::geluTanh:
    case ActivationKind::logSigmoid:
    case ActivationKind::mish:
    case ActivationKind::selu:
    case ActivationKind::sigmoid:
    case ActivationKind::silu:
    case ActivationKind::softplus:
    case ActivationKind::tanh:
    case ActivationKind::tanhShrink:
      return 60;
    default:
      return 12;
  }
}

void activationForward(const ActivationFunction& f, const float* x, float* y, int64_t n) { HWY_DYNAMIC_DISPATCH(Forward)(f, x, y, n); }

void activationBackward(const ActivationFunction& f, const float* saved, const float* dy, float* dx, int64_t n) {
  HWY_DYNAMIC_DISPATCH(Backward)(f, saved, dy, dx, n);
}

}  // namespace gemmfit
#endif
