#include "native/kernels/loss_categorical.h"

#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/loss_categorical.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "native/kernels/loss_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

using Options = CategoricalOptions;
using Shape = CategoricalShape;

template <class T>
HWY_INLINE hn::Vec<T> Label(T d, const Options& o, const float* y) {
  return hn::MulAdd(hn::LoadU(d, y), hn::Set(d, o.labelScale), hn::Set(d, o.labelShift));
}

// Sum of e^(z - top) for each row of a group.
void ExpSums(const float* z, int64_t rows, int64_t width, const float* top, float* sums) {
  float block[kBlock];
  double totals[kRows] = {};
  Runs(width, [&](int64_t from, int64_t n) HWY_ATTR {
    for (int64_t r = 0; r < rows; ++r) Subtract(z + r * width + from, top[r], n, block + r * n);
    ExpInPlace(block, rows * n);
    for (int64_t r = 0; r < rows; ++r) totals[r] += SumOf(block + r * n, n);
  });
  for (int64_t r = 0; r < rows; ++r) sums[r] = static_cast<float>(totals[r]);
}

void LogitValues(const Options& o, const Shape& s, const float* y, const float* z, float* losses) {
  Groups(s.items, s.width, [&](int64_t first, int64_t rows) HWY_ATTR {
    float top[kRows] = {}, logs[kRows];
    const float* zs = z + first * s.width;
    for (int64_t r = 0; r < rows; ++r) top[r] = MaxOf(zs + r * s.width, s.width);
    ExpSums(zs, rows, s.width, top, logs);
    LnInPlace(logs, rows);
    for (int64_t r = 0; r < rows; ++r) {
      const float *yr = y + (first + r) * s.width, *zr = zs + r * s.width;
      losses[first + r] = RowSum(s.width, [&](auto d, int64_t j) HWY_ATTR {
        const auto shifted = hn::Sub(hn::LoadU(d, zr + j), hn::Set(d, top[r]));
        return hn::Mul(Label(d, o, yr + j), hn::Sub(hn::Set(d, logs[r]), shifted));
      });
    }
  });
}

// Softmax minus label, whatever the labels add up to: TensorFlow's kernel, which both Keras versions train with, does not
// multiply the softmax by the labels' sum.
void LogitGradient(const Options& o, const Shape& s, const float* y, const float* z, const float* scale, float* grad) {
  Groups(s.items, s.width, [&](int64_t first, int64_t rows) HWY_ATTR {
    float* g = grad + first * s.width;
    for (int64_t r = 0; r < rows; ++r) {
      const float* zr = z + (first + r) * s.width;
      Subtract(zr, MaxOf(zr, s.width), s.width, g + r * s.width);
    }
    ExpInPlace(g, rows * s.width);
    for (int64_t r = 0; r < rows; ++r) {
      float* gr = g + r * s.width;
      const float *yr = y + (first + r) * s.width, c = scale[first + r];
      if (c == 0) {
        std::fill(gr, gr + s.width, 0.0f);
        continue;
      }
      const float over = 1.0f / SumOf(gr, s.width);
      RowMap(s.width, [&](auto d, int64_t j) HWY_ATTR {
        const auto softmax = hn::Mul(hn::LoadU(d, gr + j), hn::Set(d, over));
        hn::StoreU(hn::Mul(hn::Set(d, c), hn::Sub(softmax, Label(d, o, yr + j))), d, gr + j);
      });
    }
  });
}

// Probabilities are first divided by their sum, then clipped.
void ProbabilityValues(const Options& o, const Shape& s, const float* y, const float* p, float* losses) {
  Groups(s.items, s.width, [&](int64_t first, int64_t rows) HWY_ATTR {
    float block[kBlock], sums[kRows] = {};
    double totals[kRows] = {};
    const float* ps = p + first * s.width;
    for (int64_t r = 0; r < rows; ++r) sums[r] = SumOf(ps + r * s.width, s.width);
    Runs(s.width, [&](int64_t from, int64_t n) HWY_ATTR {
      for (int64_t r = 0; r < rows; ++r) Divide(ps + r * s.width + from, sums[r], n, block + r * n);
      MapFloats(
          rows * n, block, [](V a) HWY_ATTR { return LnInside(Clip(a, C(kEpsilon), C(kAlmostOne))); }, block);
      for (int64_t r = 0; r < rows; ++r) {
        const float *yr = y + (first + r) * s.width + from, *logs = block + r * n;
        totals[r] -= RunSum(n, [&](auto d, int64_t j) HWY_ATTR { return hn::Mul(Label(d, o, yr + j), hn::LoadU(d, logs + j)); });
      }
    });
    for (int64_t r = 0; r < rows; ++r) losses[first + r] = static_cast<float>(totals[r]);
  });
}

void ProbabilityGradient(const Options& o, const Shape& s, const float* y, const float* p, const float* scale, float* grad) {
  for (int64_t i = 0; i < s.items; ++i) {
    const float *yr = y + i * s.width, *pr = p + i * s.width;
    float* gr = grad + i * s.width;
    if (scale[i] == 0) {
      std::fill(gr, gr + s.width, 0.0f);
      continue;
    }
    const float sum = SumOf(pr, s.width);
    Divide(pr, sum, s.width, gr);
    const auto inside = [](auto d, auto q)
                            HWY_ATTR { return hn::Not(hn::Or(hn::Lt(q, hn::Set(d, kEpsilon)), hn::Gt(q, hn::Set(d, kAlmostOne)))); };
    const float counted = RowSum(
        s.width, [&](auto d, int64_t j) HWY_ATTR { return hn::IfThenElseZero(inside(d, hn::LoadU(d, gr + j)), Label(d, o, yr + j)); });
    const float c = scale[i] / sum;
    RowMap(s.width, [&](auto d, int64_t j) HWY_ATTR {
      const auto q = hn::LoadU(d, gr + j);
      const auto own = hn::IfThenElseZero(inside(d, q), hn::Div(Label(d, o, yr + j), q));
      hn::StoreU(hn::Mul(hn::Set(d, c), hn::Sub(hn::Set(d, counted), own)), d, gr + j);
    });
  }
}

bool Ignored(const Options& o, float label) { return o.ignores && label == o.ignored; }

// Sparse probabilities are clipped first and not divided: the softmax of their logarithms does that.
void SparseValues(const Options& o, const Shape& s, const float* y, const float* p, float* losses) {
  Groups(s.items, s.width, [&](int64_t first, int64_t rows) HWY_ATTR {
    float top[kRows] = {}, logs[kRows], own[kRows];
    const float* ps = p + first * s.width;
    if (o.logits) {
      for (int64_t r = 0; r < rows; ++r) top[r] = MaxOf(ps + r * s.width, s.width);
      ExpSums(ps, rows, s.width, top, logs);
    } else {
      for (int64_t r = 0; r < rows; ++r)
        logs[r] = RowSum(s.width, [&](auto d, int64_t j) HWY_ATTR {
          const auto q = hn::LoadU(d, ps + r * s.width + j);
          const auto low = hn::IfThenElse(hn::Lt(q, hn::Set(d, kEpsilon)), hn::Set(d, kEpsilon), q);
          return hn::IfThenElse(hn::Gt(low, hn::Set(d, kAlmostOne)), hn::Set(d, kAlmostOne), low);
        });
    }
    LnInPlace(logs, rows);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t at = ClassOf(y[first + r], s.width);
      const float x = at < 0 ? std::numeric_limits<float>::quiet_NaN() : ps[r * s.width + at];
      own[r] = o.logits ? x - top[r] : ClipOne(x);
    }
    if (!o.logits) LnInPlace(own, rows);
    for (int64_t r = 0; r < rows; ++r) losses[first + r] = Ignored(o, y[first + r]) ? 0.0f : logs[r] - own[r];
  });
}

void SparseGradient(const Options& o, const Shape& s, const float* y, const float* p, const float* scale, float* grad) {
  Groups(s.items, s.width, [&](int64_t first, int64_t rows) HWY_ATTR {
    float* g = grad + first * s.width;
    for (int64_t r = 0; r < rows; ++r) {
      const float* pr = p + (first + r) * s.width;
      if (o.logits)
        Subtract(pr, MaxOf(pr, s.width), s.width, g + r * s.width);
      else
        RowMap(s.width, [&](auto d, int64_t j) HWY_ATTR {
          const auto q = hn::LoadU(d, pr + j);
          const auto low = hn::IfThenElse(hn::Lt(q, hn::Set(d, kEpsilon)), hn::Set(d, kEpsilon), q);
          hn::StoreU(hn::IfThenElse(hn::Gt(low, hn::Set(d, kAlmostOne)), hn::Set(d, kAlmostOne), low), d, g + r * s.width + j);
        });
    }
    if (o.logits) ExpInPlace(g, rows * s.width);
    for (int64_t r = 0; r < rows; ++r) {
      const float *pr = p + (first + r) * s.width, label = y[first + r], c = scale[first + r];
      float* gr = g + r * s.width;
      const int64_t at = ClassOf(label, s.width);
      if (c == 0 || at < 0 || Ignored(o, label)) {
        const bool wrong = c != 0 && !Ignored(o, label);
        std::fill(gr, gr + s.width, wrong ? std::numeric_limits<float>::quiet_NaN() : 0.0f);
        continue;
      }
      const float over = 1.0f / SumOf(gr, s.width);
      if (o.logits) {
        const float own = gr[at] * over - 1.0f;
        RowMap(s.width, [&](auto d, int64_t j) HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, gr + j), hn::Set(d, over * c)), d, gr + j); });
        gr[at] = c * own;
      } else {
        const float own = over - 1.0f / gr[at];
        RowMap(s.width, [&](auto d, int64_t j) HWY_ATTR {
          const auto q = hn::LoadU(d, pr + j);
          const auto outside = hn::Or(hn::Lt(q, hn::Set(d, kEpsilon)), hn::Gt(q, hn::Set(d, kAlmostOne)));
          hn::StoreU(hn::IfThenZeroElse(outside, hn::Set(d, over * c)), d, gr + j);
        });
        gr[at] = InsideOne(pr[at]) ? c * own : 0.0f;
      }
    }
  });
}

void CategoricalValues(const Options& o, const Shape& s, const float* y, const float* p, float* losses) {
  (o.logits ? LogitValues : ProbabilityValues)(o, s, y, p, losses);
}
void CategoricalGradient(const Options& o, const Shape& s, const float* y, const float* p, const float* scale, float* grad) {
  (o.logits ? LogitGradient : ProbabilityGradient)(o, s, y, p, scale, grad);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {
HWY_EXPORT(CategoricalValues);
HWY_EXPORT(CategoricalGradient);
HWY_EXPORT(SparseValues);
HWY_EXPORT(SparseGradient);

void categoricalValues(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, float* losses) {
  HWY_DYNAMIC_DISPATCH(CategoricalValues)(o, s, y, p, losses);
}
void categoricalGradient(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, const float* scale,
                         float* grad) {
  HWY_DYNAMIC_DISPATCH(CategoricalGradient)(o, s, y, p, scale, grad);
}
void sparseValues(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, float* losses) {
  HWY_DYNAMIC_DISPATCH(SparseValues)(o, s, y, p, losses);
}
void sparseGradient(const CategoricalOptions& o, const CategoricalShape& s, const float* y, const float* p, const float* scale,
                    float* grad) {
  HWY_DYNAMIC_DISPATCH(SparseGradient)(o, s, y, p, scale, grad);
}

}  // namespace gemmfit
#endif
