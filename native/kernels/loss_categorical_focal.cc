#include "native/kernels/loss_categorical.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/loss_categorical_focal.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/loss_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// loss = sum over classes of y * alpha * (1 - q)^gamma * -ln q, where q is the probability divided by the sum of its row and clipped.
struct Focal {
  const CategoricalOptions& o;
  Power power{o.gamma}, lower{o.gamma - 1};

  // alpha * label of the classes from j on
  template <class T>
  HWY_INLINE hn::Vec<T> Weight(T d, const float* y, int64_t j) const {
    const auto label = hn::MulAdd(hn::LoadU(d, y + j), hn::Set(d, o.labelScale), hn::Set(d, o.labelShift));
    return hn::Mul(label, hn::LoadU(d, o.alpha + j));
  }
  HWY_INLINE V Term(V q) const {
    const V c = Clip(q, C(kEpsilon), C(kAlmostOne));
    return hn::Neg(hn::Mul(power(hn::Sub(C(1), c)), LnInside(c)));
  }
  HWY_INLINE V TermSlope(V q) const {
    const V rest = hn::Sub(C(1), q);
    V slope = hn::Neg(hn::Div(power(rest), q));
    if (o.gamma != 0) slope = hn::MulAdd(hn::Mul(C(o.gamma), lower(rest)), LnInside(Clip(q, C(kEpsilon), C(kAlmostOne))), slope);
    return hn::IfThenElseZero(Inside(q, C(kEpsilon), C(kAlmostOne)), slope);
  }
};

// Turns a run of a row of predictions into probabilities: e^(x - top) / sum, or x / sum.
void Normalize(bool logits, const float* x, float top, float sum, int64_t n, float* out) {
  if (!logits) return Divide(x, sum, n, out);
  Subtract(x, top, n, out);
  ExpInPlace(out, n);
  Divide(out, sum, n, out);
}

struct Row {
  float top = 0, sum = 0;
};

Row Measure(bool logits, const float* x, int64_t width) {
  Row row;
  if (!logits) {
    row.sum = SumOf(x, width);
    return row;
  }
  row.top = MaxOf(x, width);
  float block[kBlock];
  double sum = 0;
  Runs(width, [&](int64_t from, int64_t n) HWY_ATTR {
    Subtract(x + from, row.top, n, block);
    ExpInPlace(block, n);
    sum += SumOf(block, n);
  });
  row.sum = static_cast<float>(sum);
  return row;
}

void FocalValues(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, float* losses) {
  const Focal focal{o};
  for (int64_t i = 0; i < s.items; ++i) {
    const float *yr = y + i * s.width, *pr = p + i * s.width;
    const Row row = Measure(o.logits, pr, s.width);
    float block[kBlock];
    double loss = 0;
    Runs(s.width, [&](int64_t from, int64_t n) HWY_ATTR {
      Normalize(o.logits, pr + from, row.top, row.sum, n, block);
      MapFloats(
          n, block, [&](V q) HWY_ATTR { return focal.Term(q); }, block);
      loss += RunSum(n, [&](auto d, int64_t j) HWY_ATTR { return hn::Mul(focal.Weight(d, yr, from + j), hn::LoadU(d, block + j)); });
    });
    losses[i] = static_cast<float>(loss);
  }
}

void FocalGradient(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, const float* scale,
                   float* grad) {
  const Focal focal{o};
  for (int64_t i = 0; i < s.items; ++i) {
    const float *yr = y + i * s.width, *pr = p + i * s.width;
    float* gr = grad + i * s.width;
    if (scale[i] == 0) {
      std::fill(gr, gr + s.width, 0.0f);
      continue;
    }
    const Row row = Measure(o.logits, pr, s.width);
    Normalize(o.logits, pr, row.top, row.sum, s.width, gr);
    float slope[kBlock];
    const auto slopes = [&](int64_t from, int64_t n) HWY_ATTR {
      MapFloats(
          n, slope, [&](V q) HWY_ATTR { return focal.TermSlope(q); }, gr + from);
      RowMap(n, [&](auto d, int64_t j)
                    HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, slope + j), focal.Weight(d, yr, from + j)), d, slope + j); });
    };
    // The division by the sum (or the softmax) takes away the mean slope, weighted by the probabilities.
    double mean = 0;
    Runs(s.width, [&](int64_t from, int64_t n) HWY_ATTR {
      slopes(from, n);
      mean += RunSum(n, [&](auto d, int64_t j) HWY_ATTR { return hn::Mul(hn::LoadU(d, slope + j), hn::LoadU(d, gr + from + j)); });
    });
    const float level = static_cast<float>(mean), c = o.logits ? scale[i] : scale[i] / row.sum;
    Runs(s.width, [&](int64_t from, int64_t n) HWY_ATTR {
      if (s.width > kBlock) slopes(from, n);
      RowMap(n, [&](auto d, int64_t j) HWY_ATTR {
        const auto centred = hn::Mul(hn::Set(d, c), hn::Sub(hn::LoadU(d, slope + j), hn::Set(d, level)));
        hn::StoreU(o.logits ? hn::Mul(centred, hn::LoadU(d, gr + from + j)) : centred, d, gr + from + j);
      });
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
HWY_EXPORT(FocalValues);
HWY_EXPORT(FocalGradient);

void categoricalFocalValues(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, float* losses) {
  HWY_DYNAMIC_DISPATCH(FocalValues)(o, s, y, p, losses);
}
void categoricalFocalGradient(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, const float* scale,
                              float* grad) {
  HWY_DYNAMIC_DISPATCH(FocalGradient)(o, s, y, p, scale, grad);
}

}  // namespace gemmfit
#endif
