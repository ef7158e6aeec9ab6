#pragma once
#include <cstdint>

namespace gemmfit {

// Where the windows of a convolution lie in an image that has its padding within, and their results in a grid. Steps are in floats.
struct Lines {
  int64_t out[3];       // positions along each axis; a line is those along the last
  int64_t step[3];      // in the image, from a position to the next along each axis
  int64_t gridStep[3];  // in the grid
  const int64_t* taps;  // for each row of the kernel, what it reads, counted from its window's first cell
  int64_t rows;         // of the kernel
  // Rows of the kernel that see nothing but padding are left out, line by line. They follow from the line's place along one axis: where
  // it lies in the image, whose cells count from 0, and the rows that belong to one tap of that axis.
  int axis;
  int64_t before, stride, dilation, in, kernel, tapRows;
};

// Filters are taken two vectors at a time, or one at the end. Tiles of a vector's width are filled up with zeros where filters end.
int64_t filterLanes();

// grid = start + windows * kernel, for one sample and the at most two vectors of filters at `grid`. `kernel` is packed: for each row one
// vector, or two where there are more filters than one holds; `start` likewise.
void forwardLines(const Lines& at, const float* image, const float* kernel, const float* start, int64_t filters, float* grid);

// gradient += windows^T * slope over all positions of some samples, for one whole vector of filters, or two.
void gradientLines(const Lines& at, const float* image, int64_t imageStep, const float* slope, int64_t slopeStep, int64_t samples,
                   int64_t vectors, float* gradient, int64_t stride);

}  // namespace gemmfit
