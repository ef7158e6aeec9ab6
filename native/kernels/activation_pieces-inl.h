// Activations made of straight (or parabolic) pieces. `Value` takes x; `Gradient` takes x, or y where the table in activations.cc says so.
// Slopes at the joints are those that TensorFlow's gradients give.
#if defined(NATIVE_KERNELS_ACTIVATION_PIECES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_KERNELS_ACTIVATION_PIECES_INL_H_
#undef NATIVE_KERNELS_ACTIVATION_PIECES_INL_H_
#else
#define NATIVE_KERNELS_ACTIVATION_PIECES_INL_H_
#endif

#include "native/kernels/activations.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace pieces {
namespace hn = hwy::HWY_NAMESPACE;
using vm::AtLeast;
using vm::AtMost;
using vm::Of;

// dy where low < v < high, or v is NaN.
template <class D>
HWY_INLINE Of<D> Between(D d, Of<D> v, float low, float high, Of<D> dy) {
  return hn::IfThenZeroElse(hn::Or(hn::Le(v, hn::Set(d, low)), hn::Ge(v, hn::Set(d, high))), dy);
}

struct Linear {
  template <class D>
  HWY_INLINE Of<D> Value(D, Of<D> x) const {
    return x;
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D, Of<D>, Of<D> dy) const {
    return dy;
  }
};

struct Relu {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtLeast(d, x, 0);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), dy);
  }
};

struct Relu6 {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, x, 0), 6);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return Between(d, y, 0, 6, dy);
  }
};

struct LeakyRelu {  // from y where the slope is above 0, from x where it is below: the sign tells the side either way
  float slope;
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::Set(d, slope)));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> v, Of<D> dy) const {
    return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), dy, hn::Mul(dy, hn::Set(d, slope)));
  }
};

// Keras's relu(x, negative_slope, max_value, threshold), operation by operation: the clip to [0, maximum] comes before the negative part.
struct ReluGeneral {
  float slope, threshold, maximum;
  bool clips;
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto below = hn::Le(x, hn::Set(d, threshold));
    auto v = hn::IfThenZeroElse(below, x);
    if (clips) v = AtMost(d, AtLeast(d, v, 0), maximum);
    if (slope == 0) return v;  // 0 times -infinity is no number
    return hn::IfThenElse(below, hn::MulAdd(hn::Set(d, slope), hn::Sub(x, hn::Set(d, threshold)), v), v);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto below = hn::Le(x, hn::Set(d, threshold));
    auto above = dy;
    if (clips) above = hn::IfThenZeroElse(hn::Or(hn::Lt(x, hn::Zero(d)), hn::Gt(x, hn::Set(d, maximum))), dy);
    const auto low = hn::IfThenElseZero(hn::Lt(x, hn::Set(d, threshold)), hn::Mul(dy, hn::Set(d, slope)));
    return hn::IfThenElse(below, low, above);
  }
};

struct HardSigmoid {  // from y
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::Div(AtMost(d, AtLeast(d, hn::Add(x, hn::Set(d, 3)), 0), 6), hn::Set(d, 6));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> y, Of<D> dy) const {
    return Between(d, y, 0, 1, hn::Mul(dy, hn::Set(d, 1.0f / 6)));
  }
};

// A clip passes the gradient at its limits, where a ReLU does not.
struct HardSigmoidKeras2 {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, hn::MulAdd(hn::Set(d, 0.2f), x, hn::Set(d, 0.5f)), 0), 1);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, 2.5f)), hn::Mul(dy, hn::Set(d, 0.2f)));
  }
};

struct HardTanh {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, x, -1), 1);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, 1)), dy);
  }
};

struct HardSilu {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto gate = hn::Div(AtMost(d, hn::Add(x, hn::Set(d, 3)), 6), hn::Set(d, 6));
    return hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -3)), hn::Mul(x, gate));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto middle = hn::Mul(dy, hn::MulAdd(x, hn::Set(d, 1.0f / 3), hn::Set(d, 0.5f)));
    return hn::IfThenElse(hn::Ge(x, hn::Set(d, 3)), dy, hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -3)), middle));
  }
};

struct HardShrink {
  float threshold;
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenZeroElse(hn::Le(hn::Abs(x), hn::Set(d, threshold)), x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(hn::Abs(x), hn::Set(d, threshold)), dy);
  }
};

struct SoftShrink {
  float threshold;
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto t = hn::Set(d, threshold);
    const auto low = hn::IfThenElse(hn::Lt(x, hn::Neg(t)), hn::Add(x, t), hn::IfThenElseZero(hn::IsNaN(x), x));
    return hn::IfThenElse(hn::Gt(x, t), hn::Sub(x, t), low);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::And(hn::Le(x, hn::Set(d, threshold)), hn::Ge(x, hn::Set(d, -threshold))), dy);
  }
};

struct SparsePlus {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    const auto up = hn::Add(x, hn::Set(d, 1));
    const auto middle = hn::Mul(hn::Mul(hn::Set(d, 0.25f), up), up);
    return hn::IfThenElse(hn::Ge(x, hn::Set(d, 1)), x, hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -1)), middle));
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    const auto middle = hn::Mul(dy, hn::MulAdd(x, hn::Set(d, 0.5f), hn::Set(d, 0.5f)));
    return hn::IfThenElse(hn::Ge(x, hn::Set(d, 1)), dy, hn::IfThenZeroElse(hn::Le(x, hn::Set(d, -1)), middle));
  }
};

struct SparseSigmoid {
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return AtMost(d, AtLeast(d, hn::Mul(hn::Set(d, 0.5f), hn::Add(x, hn::Set(d, 1))), 0), 1);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return Between(d, x, -1, 1, hn::Mul(dy, hn::Set(d, 0.5f)));
  }
};

struct Threshold {
  float threshold, other;
  template <class D>
  HWY_INLINE Of<D> Value(D d, Of<D> x) const {
    return hn::IfThenElse(hn::Le(x, hn::Set(d, threshold)), hn::Set(d, other), x);
  }
  template <class D>
  HWY_INLINE Of<D> Gradient(D d, Of<D> x, Of<D> dy) const {
    return hn::IfThenZeroElse(hn::Le(x, hn::Set(d, threshold)), dy);
  }
};

}  // namespace pieces
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif
