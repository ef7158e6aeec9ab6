#include "native/kernels/direct_convolution.h"

#include <algorithm>
#include <cstring>

#include "native/engine/shape.h"
#include "native/kernels/padded_images.h"

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

// One group: grid = bias + windows * columns; image and grid have channels of other groups between.
void correlate(const Window& w, const WindowPart& part, const Columns& columns, const float* image, int64_t samples, float* grid,
               int64_t gridChannels) {
  PaddedImages images(w, part, false);
  const Lines& at = images.lines(gridChannels);
  const int64_t lines = at.out[0] * at.out[1], size = images.sampleSize();
  const int64_t samplesAtOnce = std::max<int64_t>(1, kImageFloats / size);
  const int64_t linesAtOnce = std::max<int64_t>(1, kImageFloats / std::max<int64_t>(1, size / lines));
  for (int64_t first = 0; first < samples; first += samplesAtOnce) {
    const int64_t many = std::min(samplesAtOnce, samples - first);
    const float* x = images.of(image + first * w.inSize(), many);
    for (int64_t line = 0; line < lines; line += linesAtOnce)
      for (int64_t b = 0; b < columns.blocks(); ++b)
        for (int64_t s = 0; s < many; ++s)
          forwardLines(at, x + s * size, line, std::min(linesAtOnce, lines - line), columns.kernel(b), columns.bias(b), columns.filters(b),
                       grid + (first + s) * w.positions() * gridChannels + columns.first(b));
  }
}

}  // namespace

void DirectConvolution::toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const {
  if (!fills(filters / groups, lineOf(window), 3)) return Convolution::toGrid(kernel, bias, image, samples, grid);
  const int64_t rows = kernelRows();
  for (int64_t g = 0; g < groups; ++g) {
    const Block b = block(g);
    Columns columns(rows, b.filters);
    columns.pack([&](int64_t k) { return k < rows ? kernel + k * filters + b.filter : bias ? bias + b.filter : nullptr; });
    correlate(window, b.part, columns, image, samples, grid + b.filter, filters);
  }
}

void DirectConvolution::toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const {
  Window w;
  if (!reversed(window, filters, &w) || !fills(window.channels / groups, lineOf(w), 3))
    return Convolution::toImage(kernel, bias, grid, samples, image);
  const int64_t taps = window.taps(), rows = taps * (filters / groups);
  for (int64_t g = 0; g < groups; ++g) {
    const Block b = block(g);
    float* turned = threadPanel(0, rows * b.part.channels);
    for (int64_t t = 0; t < taps; ++t)
      for (int64_t c = 0; c < b.part.channels; ++c) {
        const float* from = kernel + ((taps - 1 - t) * b.part.channels + c) * filters + b.filter;
        for (int64_t f = 0; f < b.filters; ++f) turned[(t * b.filters + f) * b.part.channels + c] = from[f];
      }
    Columns columns(rows, b.part.channels);
    columns.pack([&](int64_t k) { return k < rows ? turned + k * b.part.channels : bias ? bias + b.part.channel : nullptr; });
    correlate(w, {0, taps, b.filter, b.filters}, columns, grid, samples, image + b.part.channel, window.channels);
  }
}

void DirectConvolution::kernelGradient(const Block& b, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                                       int64_t stride) const {
  if (!fills(b.filters, lineOf(window), 7) || std::max(filters, window.channels * window.stride[2]) > kLongestStep)
    return Convolution::kernelGradient(b, image, grid, samples, beta, gradient, stride);
  PaddedImages images(window, b.part, true);
  const int64_t rows = b.part.taps * b.part.channels, lanes = filterLanes(), size = images.sampleSize();
  if (beta == 0)
    for (int64_t k = 0; k < rows; ++k) std::memset(gradient + k * stride, 0, static_cast<size_t>(b.filters) * sizeof(float));
  const int64_t samplesAtOnce = std::max<int64_t>(1, kGradientFloats / (size + gridSize()));
  for (int64_t first = 0; first < samples; first += samplesAtOnce) {
    const int64_t many = std::min(samplesAtOnce, samples - first);
    const float* x = images.of(image + first * window.inSize(), many);
    const float* slope = grid + first * gridSize() + images.gridOffset() * filters + b.filter;
    int64_t f = 0;
    for (int64_t vectors = 2; f + lanes <= b.filters; f += vectors * lanes) {
      vectors = f + 2 * lanes <= b.filters ? 2 : 1;
      gradientLines(images.lines(filters), x, size, slope + f, gridSize(), many, vectors, gradient + f, stride);
    }
    if (f == b.filters) continue;
    // Filters that do not fill a vector: through copies that do.
    const int64_t n = b.filters - f, positions = window.positions();
    float* sum = threadPanel(kPackSlot, (rows + positions) * lanes);
    float* whole = sum + rows * lanes;
    for (int64_t s = 0; s < many; ++s) {
      std::memset(sum, 0, static_cast<size_t>((rows + positions) * lanes) * sizeof(float));
      const float* from = grid + (first + s) * gridSize() + b.filter + f;
      for (int64_t p = 0; p < positions; ++p) std::memcpy(whole + p * lanes, from + p * filters, static_cast<size_t>(n) * sizeof(float));
      gradientLines(images.lines(lanes), x + s * size, size, whole + images.gridOffset() * lanes, 0, 1, 1, sum, lanes);
      for (int64_t k = 0; k < rows; ++k)
        for (int64_t i = 0; i < n; ++i) gradient[k * stride + f + i] += sum[k * lanes + i];
    }
  }
}

}  // namespace gemmfit
