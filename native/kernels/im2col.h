#pragma once
#include <cstdint>

namespace gemmfit {

// A window that slides over up to three axes of a channels-last sample; unused axes have length 1 and come first.
struct Window {
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};
  int64_t before[3] = {0, 0, 0};  // cells of padding before the first of the input; what is needed behind it follows from `out`
  int64_t channels = 1;
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t positions() const { return out[0] * out[1] * out[2]; }
  int64_t inSize() const { return in[0] * in[1] * in[2] * channels; }
  // Neighbouring positions read neighbouring cells, one each: the sample itself is the matrix of windows.
  bool pointwise() const;
};

// A part of every window: taps [tap, tap + taps) of it, channels [channel, channel + channels) of each tap.
struct WindowPart {
  int64_t tap, taps, channel, channels;
};

// Rows [position, position + count) of the matrix whose row p holds what the window sees at position p, zeros where it sees padding.
// Positions count on through samples that lie one behind the other. `columns` is [count, part.taps * part.channels].
void im2col(const Window& w, const WindowPart& part, const float* x, int64_t position, int64_t count, float* columns);

// The adjoint: adds each row back to the cells it was read from.
void col2im(const Window& w, const WindowPart& part, const float* columns, int64_t position, int64_t count, float* x);

// sum[j] += the sum of column j of a matrix of n columns whose rows are `stride` apart. Rows are summed in blocks, which keeps rounding
// small where there are many.
void addColumnSums(const float* a, int64_t rows, int64_t stride, int64_t n, float* sum);

// Each of `count` rows of `to` = row, or zeros where it is null.
void fillRows(const float* row, int64_t n, int64_t count, float* to);

// b = a^T for a matrix [rows, columns] whose rows are `stride` apart; those of b are `bStride` apart, by default `rows`.
void transpose(const float* a, int64_t rows, int64_t columns, int64_t stride, float* b, int64_t bStride = 0);

// This thread's memory for panels: grown at first use, then kept. Slots 0 to 6 are distinct blocks.
float* threadPanel(int slot, int64_t floats);

}  // namespace gemmfit
