#include "native/kernels/direct_convolution.h"

#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/shape.h"
#include "native/kernels/padded_images.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

constexpr int64_t kImageFloats = 65536;      // of the images that are gone through once for each vector of filters
constexpr int64_t kGradientFloats = 131072;  // the same for gradients, which are read and written once for each such set
// Where steps from position to position are longer, neighbours fall into few sets of the cache; BLAS copies them first.
constexpr int64_t kLongestStep = 128;
constexpr int kPackSlot = 4;  // PaddedImages has 0 and 3

// One kernel's columns, two vectors of filters at a time, each block of columns together with its bias behind it.
class Columns {
 public:
  explicit Columns(int64_t rows, int64_t filters)
      : rows_(rows),
        filters_(filters),
        width_(2 * filterLanes()),
        blocks_(ceilDiv(filters, width_)),
        data_(threadPanel(kPackSlot, blocks_ * width_ * (rows + 1))) {}
  int64_t blocks() const { return blocks_; }
  int64_t filters(int64_t block) const { return std::min(width_, filters_ - block * width_); }
  int64_t first(int64_t block) const { return block * width_; }
  const float* kernel(int64_t block) const { return data_ + block * width_ * (rows_ + 1); }
  const float* bias(int64_t block) const { return kernel(block) + rows_ * used(block); }
  // row(k) gives the row's filters, or null for zeros.
  template <class Row>
  void pack(const Row& row) {
    for (int64_t b = 0; b < blocks_; ++b) {
      const int64_t n = filters(b), u = used(b);
      float* to = data_ + b * width_ * (rows_ + 1);
      for (int64_t k = 0; k <= rows_; ++k, to += u) {
        const float* from = row(k);
        const int64_t m = from ? n : 0;
        for (int64_t i = 0; i < m; ++i) to[i] = from[first(b) + i];
        for (int64_t i = m; i < u; ++i) to[i] = 0;
      }
    }
  }
  // Likewise, where tap(t) gives a matrix [columns, filters] whose rows are `stride` apart, and the tap's filters are rows here.
  template <class Tap>
  void packTurned(int64_t taps, int64_t tapFilters, int64_t stride, const float* bias, const Tap& tap) {
    for (int64_t b = 0; b < blocks_; ++b) {
      const int64_t n = filters(b), u = used(b);
      float* to = data_ + b * width_ * (rows_ + 1);
      if (n < u) std::memset(to, 0, asSize(u * (rows_ + 1)) * sizeof(float));
      for (int64_t t = 0; t < taps; ++t, to += tapFilters * u) transpose(tap(t) + first(b) * stride, n, tapFilters, stride, to, u);
      for (int64_t i = 0; i < u; ++i) to[i] = bias && i < n ? bias[first(b) + i] : 0;
    }
  }

 private:
  int64_t used(int64_t block) const { return filters(block) > width_ / 2 ? width_ : width_ / 2; }
  int64_t rows_, filters_, width_, blocks_;
  float* data_;
};

// Whether tiles for so many results a position, along lines of so many positions, come out nearly full: measured against BLAS.
bool fills(int64_t results, int64_t line, int64_t leastLine) {
  const int64_t lanes = filterLanes();
  return lanes >= 4 && line >= leastLine && 10 * results >= 7 * ceilDiv(results, lanes) * lanes;
}

int64_t lineOf(const Window& w) { return w.pointwise() ? w.positions() : w.out[2]; }

// Calls body(lines, where they begin in the image, and in the results) for parts of the positions that read about `floats` of a sample.
template <class Body>
void eachPart(const Lines& at, int64_t sampleSize, int64_t floats, const Body& body) {
  const int axis = at.out[0] > 1 ? 0 : at.out[1] > 1 ? 1 : 2;
  const int64_t all = at.out[axis], many = std::max<int64_t>(axis == 2 ? 64 : 1, all * floats / std::max(floats, sampleSize));
  for (int64_t p = 0; p < all; p += many) {
    Lines part = at;
    part.out[axis] = std::min(many, all - p);
    if (axis == at.axis) part.before -= p * at.stride;
    body(part, p * at.step[axis], p * at.gridStep[axis]);
  }
}

// One group: results = bias + windows * columns.
void correlate(const PaddedImages& images, const Lines& at, const Columns& columns, const float* image, int64_t imageSize, int64_t samples,
               float* results, int64_t resultSize) {
  const int64_t size = images.sampleSize(), atOnce = std::max<int64_t>(1, kImageFloats / size);
  for (int64_t first = 0; first < samples; first += atOnce) {
    const int64_t many = std::min(atOnce, samples - first);
    const float* x = images.of(image + first * imageSize, many);
    float* to = results + first * resultSize;
    eachPart(at, size, kImageFloats, [&](const Lines& part, int64_t from, int64_t put) {
      for (int64_t b = 0; b < columns.blocks(); ++b)
        for (int64_t s = 0; s < many; ++s)
          forwardLines(part, x + s * size + from, columns.kernel(b), columns.bias(b), columns.filters(b),
                       to + s * resultSize + put + columns.first(b));
    });
  }
}

}  // namespace

void DirectConvolution::toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const {
  if (!fills(filters / groups, lineOf(window), 3) || !PaddedImages::affordable(window))
    return Convolution::toGrid(kernel, bias, image, samples, grid);
  took(Path::convDirect);
  const int64_t rows = kernelRows();
  for (int64_t g = 0; g < groups; ++g) {
    const Block b = group(g);
    Columns columns(rows, b.filters);
    columns.pack([&](int64_t k) { return k < rows ? kernel + k * filters + b.filter : bias ? bias + b.filter : nullptr; });
    const PaddedImages images(window, b.part, false);
    correlate(images, images.lines(filters), columns, image, window.inSize(), samples, grid + b.filter, gridSize());
  }
}

void DirectConvolution::toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const {
  const int64_t parts = adjointParts(window), channels = window.channels, size = window.inSize();
  const int64_t line = window.pointwise() ? window.positions() : window.in[2] / window.stride[2];
  if (!fills(channels / groups, line, 3) || !adjointAffordable(window, filters))
    return Convolution::toImage(kernel, bias, grid, samples, image);
  took(Path::convImageDirect);
  if (leavesGaps(window)) fillRows(bias, channels, samples * size / channels, image);
  const Block all = group(0);
  for (int64_t p = 0; p < parts; ++p) {
    const AdjointPart part = adjointPart(window, filters, p);
    const Window& w = part.window;
    if (part.empty) continue;
    const int64_t taps = w.taps(), rows = taps * all.filters, width = all.part.channels;
    for (int64_t g = 0; g < groups; ++g) {
      const Block b = group(g);
      Columns columns(rows, width);
      columns.packTurned(taps, b.filters, filters, bias ? bias + b.part.channel : nullptr,
                         [&](int64_t t) { return kernel + adjointTap(window, part, t) * width * filters + b.filter; });
      const PaddedImages images(w, {0, taps, b.filter, b.filters}, false);
      correlate(images, parts == 1 ? images.lines(channels) : images.lines(part.step), columns, grid, gridSize(), samples,
                image + part.start + b.part.channel, size);
    }
  }
}

void DirectConvolution::kernelGradient(const Block& b, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                                       int64_t stride) const {
  if (!fills(b.filters, lineOf(window), 7) || std::max(filters, window.channels * window.stride[2]) > kLongestStep ||
      !PaddedImages::affordable(window))
    return Convolution::kernelGradient(b, image, grid, samples, beta, gradient, stride);
  took(Path::convGradientDirect);
  const PaddedImages images(window, b.part, true);
  const int64_t rows = b.part.taps * b.part.channels, lanes = filterLanes(), size = images.sampleSize();
  if (beta == 0)
    for (int64_t k = 0; k < rows; ++k) std::memset(gradient + k * stride, 0, asSize(b.filters) * sizeof(float));
  const int64_t samplesAtOnce = std::max<int64_t>(1, kGradientFloats / (size + gridSize()));
  for (int64_t first = 0; first < samples; first += samplesAtOnce) {
    const int64_t many = std::min(samplesAtOnce, samples - first);
    const float* x = images.of(image + first * window.inSize(), many);
    const float* slope = grid + first * gridSize() + images.gridOffset() * filters + b.filter;
    const int64_t whole = b.filters / lanes * lanes;
    eachPart(images.lines(filters), size + gridSize(), kGradientFloats, [&](const Lines& part, int64_t from, int64_t put) {
      for (int64_t f = 0, vectors; f < whole; f += vectors * lanes) {
        vectors = f + 2 * lanes <= whole ? 2 : 1;
        gradientLines(part, x + from, size, slope + put + f, gridSize(), many, vectors, gradient + f, stride);
      }
    });
    if (whole == b.filters) continue;
    took(Path::convGradientRest);
    // Filters that do not fill a vector: through copies that do.
    const int64_t n = b.filters - whole, positions = window.positions();
    float* sum = threadPanel(kPackSlot, (rows + positions) * lanes);
    float* filled = sum + rows * lanes;
    std::memset(sum, 0, asSize((rows + positions) * lanes) * sizeof(float));
    for (int64_t s = 0; s < many; ++s) {
      const float* from = grid + (first + s) * gridSize() + b.filter + whole;
      for (int64_t p = 0; p < positions; ++p) std::memcpy(filled + p * lanes, from + p * filters, asSize(n) * sizeof(float));
      eachPart(images.lines(lanes), size + positions * lanes, kGradientFloats, [&](const Lines& part, int64_t cell, int64_t put) {
        gradientLines(part, x + s * size + cell, size, filled + images.gridOffset() * lanes + put, 0, 1, 1, sum, lanes);
      });
    }
    for (int64_t k = 0; k < rows; ++k)
      for (int64_t i = 0; i < n; ++i) gradient[k * stride + whole + i] += sum[k * lanes + i];
  }
}

}  // namespace gemmfit
