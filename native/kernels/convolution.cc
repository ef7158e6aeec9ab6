#include "native/kernels/convolution.h"

#include <algorithm>

#include "native/engine/paths.h"
#include "native/engine/shape.h"
#include "native/kernels/gemm/gemm.h"

namespace gemmfit {
namespace {

constexpr int64_t kPanelFloats = 32768;
constexpr int64_t kLeastRows = 16;
// Pointwise windows need no panel; the cut keeps the sizes that BLAS sees within its integers.
constexpr int64_t kPointwiseRows = 4096;

// Calls body(position, count) for panels of `width` columns over the positions of all samples. A panel is a part of one sample or some
// whole samples.
template <class Body>
void eachPanel(const Convolution& c, int64_t width, int64_t samples, const Body& body) {
  const int64_t positions = c.window.positions();
  const int64_t rows = c.window.pointwise() ? kPointwiseRows : std::max(kLeastRows, kPanelFloats / std::max<int64_t>(1, width));
  if (positions > rows) {
    const int64_t part = ceilDiv(positions, ceilDiv(positions, rows));
    for (int64_t s = 0; s < samples; ++s)
      for (int64_t p = 0; p < positions; p += part) body(s * positions + p, std::min(part, positions - p));
    return;
  }
  const int64_t many = rows / positions;
  for (int64_t s = 0; s < samples; s += many) body(s * positions, std::min(many, samples - s) * positions);
}

struct Columns {
  const float* data;
  int64_t stride;
};

Columns columnsOf(const Window& w, const WindowPart& part, const float* image, int64_t position, int64_t count) {
  if (w.pointwise()) return {image + position * w.channels + part.channel, w.channels};
  const int64_t width = part.taps * part.channels;
  float* panel = threadPanel(0, count * width);
  im2col(w, part, image, position, count, panel);
  return {panel, width};
}

}  // namespace

Convolution::Block Convolution::group(int64_t index) const {
  const int64_t width = window.channels / groups, columns = filters / groups;
  return {{0, window.taps(), index * width, width}, index * columns, columns};
}

void Convolution::toGrid(const float* kernel, const float* bias, const float* image, int64_t samples, float* grid) const {
  const int64_t rows = kernelRows();
  took(window.pointwise() ? Path::convPointwise : Path::convPanels);
  eachPanel(*this, rows, samples, [&](int64_t position, int64_t count) {
    if (bias) fillRows(bias, filters, count, grid + position * filters);
    for (int64_t g = 0; g < groups; ++g) {
      const Block b = group(g);
      const Columns c = columnsOf(window, b.part, image, position, count);
      gemm({c.data, count, rows, c.stride}, {kernel + b.filter, rows, b.filters, filters},
           {grid + position * filters + b.filter, filters, bias != nullptr}, precision);
    }
  });
}

void Convolution::toImage(const float* kernel, const float* bias, const float* grid, int64_t samples, float* image) const {
  const int64_t rows = kernelRows();
  took(Path::convImagePanels);
  fillRows(bias, window.channels, samples * window.inSize() / window.channels, image);
  const bool direct = window.pointwise();
  eachPanel(*this, rows, samples, [&](int64_t position, int64_t count) {
    for (int64_t g = 0; g < groups; ++g) {
      const Block b = group(g);
      float* to = direct ? image + position * window.channels + b.part.channel : threadPanel(0, count * rows);
      gemm({grid + position * filters + b.filter, count, b.filters, filters}, {kernel + b.filter, b.filters, rows, filters, true},
           {to, direct ? window.channels : rows, direct}, precision);
      if (!direct) col2im(window, b.part, to, position, count, image);
    }
  });
}

void Convolution::kernelGradient(const Block& b, const float* image, const float* grid, int64_t samples, float beta, float* gradient,
                                 int64_t stride) const {
  const int64_t rows = b.part.taps * b.part.channels;
  took(Path::convGradientPanels);
  eachPanel(*this, rows, samples, [&](int64_t position, int64_t count) {
    const Columns c = columnsOf(window, b.part, image, position, count);
    gemm({c.data, rows, count, c.stride, true}, {grid + position * filters + b.filter, count, b.filters, filters},
         {gradient, stride, beta != 0}, precision);
    beta = 1;
  });
}

}  // namespace gemmfit
