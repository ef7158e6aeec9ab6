#include "native/kernels/im2col.h"

#include <algorithm>
#include <cstring>

#include "native/engine/guard.h"
#include "native/engine/variable.h"
#include "native/kernels/simd_targets.h"
#include "native/kernels/sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/im2col.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;

HWY_INLINE void Copy(const float* from, float* to, int64_t n) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  for (; i < n; ++i) to[i] = from[i];
}

HWY_INLINE void Add(const float* from, float* to, int64_t n) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Add(hn::LoadU(d, to + i), hn::LoadU(d, from + i)), d, to + i);
  for (; i < n; ++i) to[i] += from[i];
}

HWY_INLINE void Zero(float* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = 0;
}

// Calls run(cells, columns, n) for runs of n floats that lie together in the sample and in the row of columns, and gap(columns, n) for
// runs of padding. Taps along the last axis are one run where they are neighbours and all channels are asked for.
template <class Run, class Gap>
HWY_INLINE void WalkRow(const Window& w, const WindowPart& part, const int64_t start[3], int64_t sample, const Run& run, const Gap& gap) {
  const int64_t width = part.channels;
  const bool joins = w.dilation[2] == 1 && width == w.channels;
  int64_t column = 0;
  for (int64_t tap = part.tap; tap < part.tap + part.taps;) {
    const int64_t k2 = tap % w.kernel[2], k1 = tap / w.kernel[2] % w.kernel[1], k0 = tap / w.kernel[2] / w.kernel[1];
    const int64_t many = std::min(w.kernel[2] - k2, part.tap + part.taps - tap);
    const int64_t i0 = start[0] + k0 * w.dilation[0], i1 = start[1] + k1 * w.dilation[1], i2 = start[2] + k2 * w.dilation[2];
    tap += many;
    if (i0 < 0 || i0 >= w.in[0] || i1 < 0 || i1 >= w.in[1]) {
      gap(column, many * width);
      column += many * width;
      continue;
    }
    const int64_t line = sample + (i0 * w.in[1] + i1) * w.in[2] * w.channels + part.channel;
    if (joins) {
      const int64_t first = std::min(many, std::max<int64_t>(0, -i2)), last = std::max(first, std::min(many, w.in[2] - i2));
      gap(column, first * width);
      run(line + (i2 + first) * width, column + first * width, (last - first) * width);
      gap(column + last * width, (many - last) * width);
      column += many * width;
      continue;
    }
    for (int64_t k = 0; k < many; ++k, column += width) {
      const int64_t at = i2 + k * w.dilation[2];
      if (at < 0 || at >= w.in[2])
        gap(column, width);
      else
        run(line + at * w.channels, column, width);
    }
  }
}

template <class Row>
HWY_INLINE void WalkRows(const Window& w, int64_t position, int64_t count, const Row& row) {
  const int64_t all = w.positions(), size = w.inSize();
  int64_t sample = position / all, p = position % all;
  int64_t at[3] = {p / (w.out[2] * w.out[1]), p / w.out[2] % w.out[1], p % w.out[2]};
  for (int64_t i = 0; i < count; ++i) {
    const int64_t start[3] = {at[0] * w.stride[0] - w.before[0], at[1] * w.stride[1] - w.before[1], at[2] * w.stride[2] - w.before[2]};
    row(i, start, sample * size);
    if (++at[2] < w.out[2]) continue;
    at[2] = 0;
    if (++at[1] < w.out[1]) continue;
    at[1] = 0;
    if (++at[0] < w.out[0]) continue;
    at[0] = 0;
    ++sample;
  }
}

void Im2Col(const Window& w, const WindowPart& part, const float* x, int64_t position, int64_t count, float* columns) {
  const int64_t width = part.taps * part.channels;
  WalkRows(w, position, count, [&](int64_t i, const int64_t* start, int64_t sample) {
    float* to = columns + i * width;
    WalkRow(
        w, part, start, sample, [&](int64_t cell, int64_t column, int64_t n) { Copy(x + cell, to + column, n); },
        [&](int64_t column, int64_t n) { Zero(to + column, n); });
  });
}

void Col2Im(const Window& w, const WindowPart& part, const float* columns, int64_t position, int64_t count, float* x) {
  const int64_t width = part.taps * part.channels;
  WalkRows(w, position, count, [&](int64_t i, const int64_t* start, int64_t sample) {
    const float* from = columns + i * width;
    WalkRow(
        w, part, start, sample, [&](int64_t cell, int64_t column, int64_t n) { Add(from + column, x + cell, n); }, [](int64_t, int64_t) {});
  });
}

void ColumnSums(const float* a, int64_t rows, int64_t stride, int64_t n, float* sum) {
  constexpr int64_t block = 64;
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (; rows > 0; rows -= block, a += block * stride) {
    const int64_t here = std::min(rows, block);
    int64_t j = 0;
    for (; j + lanes <= n; j += lanes) {
      auto s = hn::Zero(d);
      for (int64_t r = 0; r < here; ++r) s = hn::Add(s, hn::LoadU(d, a + r * stride + j));
      hn::StoreU(hn::Add(hn::LoadU(d, sum + j), s), d, sum + j);
    }
    for (; j < n; ++j) {
      float s = 0;
      for (int64_t r = 0; r < here; ++r) s += a[r * stride + j];
      sum[j] += s;
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(Im2Col);
HWY_EXPORT(Col2Im);
HWY_EXPORT(ColumnSums);

bool Window::pointwise() const {
  for (int a = 0; a < 3; ++a)
    if (kernel[a] != 1 || stride[a] != 1 || before[a] != 0 || in[a] != out[a]) return false;
  return true;
}

void im2col(const Window& w, const WindowPart& part, const float* x, int64_t position, int64_t count, float* columns) {
  HWY_DYNAMIC_DISPATCH(Im2Col)(w, part, x, position, count, columns);
}

void col2im(const Window& w, const WindowPart& part, const float* columns, int64_t position, int64_t count, float* x) {
  HWY_DYNAMIC_DISPATCH(Col2Im)(w, part, columns, position, count, x);
}

void addColumnSums(const float* a, int64_t rows, int64_t stride, int64_t n, float* sum) {
  HWY_DYNAMIC_DISPATCH(ColumnSums)(a, rows, stride, n, sum);
}

void fillRows(const float* row, int64_t n, int64_t count, float* to) {
  if (!row)
    std::memset(to, 0, asSize(n * count) * sizeof(float));
  else if (n == 1)
    std::fill(to, to + count, *row);
  else
    for (int64_t r = 0; r < count; ++r) std::memcpy(to + r * n, row, asSize(n) * sizeof(float));
}

void transpose(const float* a, int64_t rows, int64_t columns, int64_t stride, float* b, int64_t bStride) {
  constexpr int64_t tile = 16;
  if (bStride == 0) bStride = rows;
  for (int64_t r0 = 0; r0 < rows; r0 += tile)
    for (int64_t c0 = 0; c0 < columns; c0 += tile)
      for (int64_t r = r0; r < std::min(rows, r0 + tile); ++r)
        for (int64_t c = c0; c < std::min(columns, c0 + tile); ++c) b[c * bStride + r] = a[r * stride + c];
}

float* threadPanel(int slot, int64_t floats) {
  struct Panel {
    AlignedFloats block;
    int64_t size = 0;
  };
  thread_local Panel panels[7];
  Panel& p = panels[slot];
  if (floats > p.size || guarding()) {  // guarded, it has the very size that was asked for
    p.block.reset();
    p.size = 0;
    p.block = allocateFloats(floats, "a thread's panel");
    p.size = floats;
    if (guarding()) poison(p.block.get(), floats);
  }
  return p.block.get();
}

}  // namespace gemmfit
#endif
