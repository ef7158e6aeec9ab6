#pragma once
#include <cstdint>

namespace gemmfit {

// Rows of a matrix that come in any order: what an embedding reads and what its gradient adds to.

// sum[0, width) += rows[0][0, width) + rows[1][0, width) + ..., `count` rows in all: their own sum in float32, the rest in double.
void addRows(const float* const* rows, int64_t count, int64_t width, double* sum);

// Collects rows and adds them up eight at a time, which costs little more than reading them and keeps the sum of many exact.
class RowSum {
 public:
  static constexpr int64_t kRows = 8;
  RowSum(int64_t width, double* sum) : width_(width), sum_(sum) {}
  void add(const float* row) {
    rows_[count_++] = row;
    if (count_ == kRows) flush();
  }
  // To be called after the last row.
  void flush() {
    if (count_ > 0) addRows(rows_, count_, width_, sum_);
    count_ = 0;
  }

 private:
  const float* rows_[kRows];
  int64_t count_ = 0, width_;
  double* sum_;
};

// A row that goes to another: `to` in the upper half, so that sorted they come row by row.
using RowMove = uint64_t;
inline RowMove rowMove(int64_t from, int64_t to) { return static_cast<uint64_t>(to) << 32 | static_cast<uint64_t>(from); }
inline int64_t movesFrom(RowMove m) { return static_cast<int64_t>(m & 0xffffffffu); }
inline int64_t movesTo(RowMove m) { return static_cast<int64_t>(m >> 32); }

// For each move, one after the other: sums[(to - first) * columns + k] += from[from * stride + k] for all k below `columns`.
void addMovedRows(const RowMove* moves, int64_t count, const float* from, int64_t stride, int64_t first, int64_t columns, float* sums);

}  // namespace gemmfit
