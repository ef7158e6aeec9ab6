#include "native/kernels/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "native/kernels/random.h"
#include "native/kernels/simd_targets.h"
#include "native/kernels/sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/orthogonal.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

double Dot(const double* a, const double* b, int64_t n) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), sum1);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// v -= (v . q) q
void Project(const double* q, double* v, int64_t n) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const double c = Dot(q, v, n);
  const V factor = hn::Set(d, c);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::NegMulAdd(factor, hn::LoadU(d, q + i), hn::LoadU(d, v + i)), d, v + i);
  for (; i < n; ++i) v[i] -= c * q[i];
}

// Four vectors lose their parts along four orthonormal ones at once: each number loaded is used four times.
void ProjectFour(const double* q, double* v, int64_t n) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  V sums[4][4];
  for (auto& row : sums)
    for (V& s : row) s = hn::Zero(d);
  double c[4][4];
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const V q0 = hn::LoadU(d, q + i), q1 = hn::LoadU(d, q + n + i), q2 = hn::LoadU(d, q + 2 * n + i), q3 = hn::LoadU(d, q + 3 * n + i);
    for (int k = 0; k < 4; ++k) {
      const V x = hn::LoadU(d, v + k * n + i);
      sums[k][0] = hn::MulAdd(x, q0, sums[k][0]);
      sums[k][1] = hn::MulAdd(x, q1, sums[k][1]);
      sums[k][2] = hn::MulAdd(x, q2, sums[k][2]);
      sums[k][3] = hn::MulAdd(x, q3, sums[k][3]);
    }
  }
  const int64_t whole = i;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 4; ++j) {
      c[k][j] = hn::GetLane(hn::SumOfLanes(d, sums[k][j]));
      for (int64_t r = whole; r < n; ++r) c[k][j] += v[k * n + r] * q[j * n + r];
    }
  for (int k = 0; k < 4; ++k) {
    const V c0 = hn::Set(d, c[k][0]), c1 = hn::Set(d, c[k][1]), c2 = hn::Set(d, c[k][2]), c3 = hn::Set(d, c[k][3]);
    double* x = v + k * n;
    for (i = 0; i < whole; i += lanes) {
      V y = hn::NegMulAdd(c0, hn::LoadU(d, q + i), hn::LoadU(d, x + i));
      y = hn::NegMulAdd(c1, hn::LoadU(d, q + n + i), y);
      y = hn::NegMulAdd(c2, hn::LoadU(d, q + 2 * n + i), y);
      hn::StoreU(hn::NegMulAdd(c3, hn::LoadU(d, q + 3 * n + i), y), d, x + i);
    }
    for (; i < n; ++i)
      for (int j = 0; j < 4; ++j) x[i] -= c[k][j] * q[j * n + i];
  }
}

// Gram-Schmidt by blocks, each later vector made orthogonal to a block as soon as that is done (the stable, "modified" order).
// It leaves deviations of about 1e-16 times the condition number, which for normal matrices stays far below float32's precision.
void Orthonormalize(double* vectors, int64_t count, int64_t n) {
  constexpr int64_t kBlock = 32;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t end = std::min(begin + kBlock, count);
    for (int64_t i = begin; i < end; ++i) {
      double* v = vectors + i * n;
      for (int pass = 0; pass < 2; ++pass)
        for (int64_t j = begin; j < i; ++j) Project(vectors + j * n, v, n);
      const double scale = 1 / std::sqrt(Dot(v, v, n));
      for (int64_t r = 0; r < n; ++r) v[r] *= scale;
    }
    if (end - begin < kBlock) return;
    int64_t i = end;
    for (; i + 4 <= count; i += 4)
      for (int64_t j = begin; j < end; j += 4) ProjectFour(vectors + j * n, vectors + i * n, n);
    for (; i < count; ++i)
      for (int64_t j = begin; j < end; ++j) Project(vectors + j * n, vectors + i * n, n);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(Orthonormalize);

void orthogonal(uint64_t seed, int64_t rows, int64_t columns, float gain, float* out) {
  const int64_t count = std::min(rows, columns), n = std::max(rows, columns);
  std::vector<float> normal(asSize(count * n));
  fillNormal(seed, normal.data(), count * n, 0, 1);
  std::vector<double> q(normal.begin(), normal.end());
  HWY_DYNAMIC_DISPATCH(Orthonormalize)(q.data(), count, n);
  const int64_t alongRow = rows < columns ? 1 : n, alongColumn = rows < columns ? n : 1;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) out[r * columns + c] = static_cast<float>(gain * q[r * alongColumn + c * alongRow]);
}

}  // namespace gemmfit
#endif
