// What a file of activations includes. For each function of one element it has a struct with
//   Value(d, x), and Gradient(d, v, dy) of v = y where y alone gives the derivative as exactly as x does, or as exactly as TensorFlow has
//   it (sigmoid, tanh), else of v = x
// and, where it has options, a constructor from ActivationNumbers. GEMMFIT_ACTIVATION_LOOPS(Struct) makes its loops, which have the
// struct's arithmetic inside, for each instruction set; GEMMFIT_ACTIVATION_CHOICE(Struct) chooses among them, and gives
// StructFunction(...).
#if defined(NATIVE_ACTIVATIONS_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_ACTIVATIONS_ACTIVATION_INL_H_
#undef NATIVE_ACTIVATIONS_ACTIVATION_INL_H_
#else
#define NATIVE_ACTIVATIONS_ACTIVATION_INL_H_
#endif

#include <type_traits>

#include "native/engine/activation.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using vm::AtLeast;
using vm::AtMost;
using vm::Of;

// dy where low < v < high, or v is NaN.
template <class D>
HWY_INLINE Of<D> Between(D d, Of<D> v, float low, float high, Of<D> dy) {
  return hn::IfThenZeroElse(hn::Or(hn::Le(v, hn::Set(d, low)), hn::Ge(v, hn::Set(d, high))), dy);
}

template <class F>
HWY_INLINE F FunctionOf(const ActivationNumbers& numbers) {
  if constexpr (std::is_constructible_v<F, const ActivationNumbers&>)
    return F(numbers);
  else
    return F{};
}

template <class F>
HWY_INLINE void Forward(const F& f, const float* x, float* y, int64_t n) {
  vm::Map(
      n, y, [&](auto d, auto v) HWY_ATTR { return f.Value(d, v); }, x);
}

template <class F>
HWY_INLINE void Backward(const F& f, const float* saved, const float* dy, float* dx, int64_t n) {
  vm::Map(
      n, dx, [&](auto d, auto v, auto g) HWY_ATTR { return f.Gradient(d, v, g); }, saved, dy);
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif

#ifndef GEMMFIT_ACTIVATION_LOOPS
namespace gemmfit {
namespace activations {
inline float single(const Value& spec, const char* key, double fallback) { return static_cast<float>(spec.number(key, fallback)); }
}  // namespace activations
}  // namespace gemmfit

#define GEMMFIT_ACTIVATION_LOOPS(Struct)                                                                               \
  void Struct##Forward(const ActivationNumbers& numbers, const float* x, float* y, int64_t n) {                        \
    Forward(FunctionOf<Struct>(numbers), x, y, n);                                                                     \
  }                                                                                                                    \
  void Struct##Backward(const ActivationNumbers& numbers, const float* saved, const float* dy, float* dx, int64_t n) { \
    Backward(FunctionOf<Struct>(numbers), saved, dy, dx, n);                                                           \
  }
#define GEMMFIT_ACTIVATION_CHOICE(Struct)                                                                               \
  HWY_EXPORT(Struct##Forward);                                                                                          \
  HWY_EXPORT(Struct##Backward);                                                                                         \
  struct Struct##Choice {                                                                                               \
    static void forward(const ActivationNumbers& numbers, const float* x, float* y, int64_t n) {                        \
      HWY_DYNAMIC_DISPATCH(Struct##Forward)(numbers, x, y, n);                                                          \
    }                                                                                                                   \
    static void backward(const ActivationNumbers& numbers, const float* saved, const float* dy, float* dx, int64_t n) { \
      HWY_DYNAMIC_DISPATCH(Struct##Backward)(numbers, saved, dy, dx, n);                                                \
    }                                                                                                                   \
  };                                                                                                                    \
  ActivationFunction Struct##Function(const ActivationNumbers& numbers, Reads reads, double flops) {                    \
    return {#Struct, numbers, reads, flops, Struct##Choice::forward, Struct##Choice::backward};                         \
  }
#endif
