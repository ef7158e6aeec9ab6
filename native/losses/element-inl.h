// What a file of losses includes that are a mean (or sum) of one function of (label, prediction) over the last axis. For each it has a
// struct with Value(y, p) and Slope(y, p), the derivative by p, as vectors, and, where it has options, a constructor from ElementOptions.
// GEMMFIT_ELEMENT_LOOPS(Struct) makes its loops, which have the struct's arithmetic inside, for each instruction set;
// GEMMFIT_ELEMENT_CHOICE(Struct) chooses among them, and gives kStruct for an ElementwiseLoss. The loops go over flat blocks of several
// items at once, so that items of width 1 fill the vectors as well as wide ones.
#if defined(NATIVE_LOSSES_ELEMENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_LOSSES_ELEMENT_INL_H_
#undef NATIVE_LOSSES_ELEMENT_INL_H_
#else
#define NATIVE_LOSSES_ELEMENT_INL_H_
#endif

#include <type_traits>

#include "native/kernels/loss_math-inl.h"
#include "native/losses/element.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
using losses::ElementOptions;
using losses::ElementShape;

// Labels as they are read.
struct Labels {
  float scale, shift;
  explicit Labels(const ElementOptions& o) : scale(o.labelScale), shift(o.labelShift) {}
  HWY_INLINE V operator()(V y) const { return hn::MulAdd(y, C(scale), C(shift)); }
};

template <class F>
HWY_INLINE F FunctionOf(const ElementOptions& options) {
  if constexpr (std::is_constructible_v<F, const ElementOptions&>)
    return F(options);
  else
    return F{};
}

template <class F>
HWY_INLINE void FlatValues(const F& f, const float* y, const float* p, int64_t n, float* out) {
  MapFloats(
      n, out, [&](V a, V b) HWY_ATTR { return f.Value(a, b); }, y, p);
}

// An item of scale 0 is absent: its gradient is 0 even where its derivative is not finite.
template <class F>
HWY_INLINE void FlatGradient(const F& f, const float* y, const float* p, const float* s, int64_t n, float* out) {
  MapFloats(
      n, out, [&](V a, V b, V scale) HWY_ATTR { return hn::IfThenZeroElse(hn::Eq(scale, hn::Zero(D())), hn::Mul(scale, f.Slope(a, b))); },
      y, p, s);
}

template <class F>
void Values(const F& f, const ElementShape& shape, const float* y, const float* p, float* out) {
  const int64_t items = shape.items, width = shape.width;
  if (width == 1) return FlatValues(f, y, p, items, out);
  const double factor = shape.mean ? 1.0 / static_cast<double>(width) : 1.0;
  float block[kBlock];
  if (width > kBlock) {
    for (int64_t i = 0; i < items; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < width; j += kBlock) {
        const int64_t n = std::min(kBlock, width - j);
        FlatValues(f, y + i * width + j, p + i * width + j, n, block);
        sum += SumBlock(block, n);
      }
      out[i] = static_cast<float>(sum * factor);
    }
    return;
  }
  const int64_t group = kBlock / width;
  for (int64_t i = 0; i < items; i += group) {
    const int64_t rows = std::min(group, items - i);
    FlatValues(f, y + i * width, p + i * width, rows * width, block);
    for (int64_t r = 0; r < rows; ++r) out[i + r] = static_cast<float>(SumBlock(block + r * width, width) * factor);
  }
}

template <class F>
void Gradient(const F& f, const ElementShape& shape, const float* y, const float* p, const float* scale, float* grad) {
  const int64_t items = shape.items, width = shape.width;
  if (width == 1) return FlatGradient(f, y, p, scale, items, grad);
  const float factor = shape.mean ? 1.0f / static_cast<float>(width) : 1.0f;
  float block[kBlock];
  if (width > kBlock) {
    for (int64_t i = 0; i < items; ++i) {
      std::fill(block, block + kBlock, scale[i] * factor);
      for (int64_t j = i * width; j < (i + 1) * width; j += kBlock)
        FlatGradient(f, y + j, p + j, block, std::min(kBlock, (i + 1) * width - j), grad + j);
    }
    return;
  }
  const int64_t group = kBlock / width;
  for (int64_t i = 0; i < items; i += group) {
    const int64_t rows = std::min(group, items - i);
    for (int64_t r = 0; r < rows; ++r) std::fill(block + r * width, block + (r + 1) * width, scale[i + r] * factor);
    FlatGradient(f, y + i * width, p + i * width, block, rows * width, grad + i * width);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif

#ifndef GEMMFIT_ELEMENT_LOOPS
#define GEMMFIT_ELEMENT_LOOPS(Struct)                                                                                           \
  void Struct##Values(const ElementOptions& o, const ElementShape& shape, const float* y, const float* p, float* losses) {      \
    Values(FunctionOf<Struct>(o), shape, y, p, losses);                                                                         \
  }                                                                                                                             \
  void Struct##Gradient(const ElementOptions& o, const ElementShape& shape, const float* y, const float* p, const float* scale, \
                        float* grad) {                                                                                          \
    Gradient(FunctionOf<Struct>(o), shape, y, p, scale, grad);                                                                  \
  }
#define GEMMFIT_ELEMENT_CHOICE(Struct)                                                                                          \
  HWY_EXPORT(Struct##Values);                                                                                                   \
  HWY_EXPORT(Struct##Gradient);                                                                                                 \
  constexpr ElementLoops k##Struct = {                                                                                          \
      [](const ElementOptions& o, const ElementShape& shape, const float* y, const float* p, float* losses) {                   \
        HWY_DYNAMIC_DISPATCH(Struct##Values)(o, shape, y, p, losses);                                                           \
      },                                                                                                                        \
      [](const ElementOptions& o, const ElementShape& shape, const float* y, const float* p, const float* scale, float* grad) { \
        HWY_DYNAMIC_DISPATCH(Struct##Gradient)(o, shape, y, p, scale, grad);                                                    \
      }};
#endif
