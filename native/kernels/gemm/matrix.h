#pragma once
#include <cstdint>

namespace gemmfit {

// A matrix as a product reads it, row by row.
struct Matrix {
  const float* data;
  int64_t rows, columns;
  int64_t stride;                 // from one stored row to the next
  bool transposed = false;        // what is stored is [columns, rows]
  const float* packed = nullptr;  // all of it once more, as packed.h lays it out for many products; right-hand matrices only

  const float* at(int64_t row, int64_t column) const { return data + (transposed ? column * stride + row : row * stride + column); }
  // Of what is stored.
  int64_t storedRows() const { return transposed ? columns : rows; }
  int64_t storedColumns() const { return transposed ? rows : columns; }
};

// Where a product goes. A row begins from `bias`, where there is one; or the product is added to what is there.
struct Result {
  float* data;
  int64_t stride;
  bool adds = false;
  const float* bias = nullptr;  // one number a column; not with `adds`
};

// c[m, n] = a[m, k] b[k, n].
struct Product {
  Matrix a, b;
  Result c;
  int64_t m() const { return a.rows; }
  int64_t n() const { return b.columns; }
  int64_t k() const { return a.columns; }
};

}  // namespace gemmfit
