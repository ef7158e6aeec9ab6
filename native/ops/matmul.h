#pragma once
#include <algorithm>
#include <vector>

#include "native/engine/op.h"
#include "native/kernels/gemm/gemm.h"

namespace gemmfit::ops {

// An operand of `matmul`: matrices one behind the other, of each sample or one for the whole batch.
struct MatmulOperand {
  Shape leading;            // axes before those of a matrix
  int64_t rows, columns;    // of a matrix as the product takes it
  bool transposed, single;  // transposed: it is stored as [columns, rows]
  int64_t floats;           // of a sample, or of all
  int64_t stride() const { return transposed ? rows : columns; }
  int64_t of(int64_t row) const { return single ? 0 : row * floats; }
  Matrix matrix(const float* at) const { return {at, rows, columns, stride(), transposed}; }
  Matrix turned(const float* at) const { return {at, columns, rows, stride(), !transposed}; }
};

// Which matrices are multiplied for a sample, where the leading axes of the operands stretch to each other.
class MatmulPairs {
 public:
  MatmulPairs() = default;
  MatmulPairs(const MatmulOperand& a, const MatmulOperand& b);
  const Shape& leading() const { return leading_; }
  int64_t count() const { return count_; }

  // visit(place of a's matrix, of b's, whether it is the first product with that one of a, with that one of b), in the order of the
  // products.
  template <class Visit>
  void each(const Visit& visit) const {
    walk(0, 0, 0, true, true, visit);
  }

 private:
  struct Dim {
    int64_t size, a, b;  // strides, 0 where the operand stretches
  };
  template <class Visit>
  void walk(size_t dim, int64_t a, int64_t b, bool firstA, bool firstB, const Visit& visit) const {
    if (dim == dims_.size()) return visit(a, b, firstA, firstB);
    const Dim& d = dims_[dim];
    for (int64_t i = 0; i < d.size; ++i)
      walk(dim + 1, a + i * d.a, b + i * d.b, firstA && (d.a != 0 || i == 0), firstB && (d.b != 0 || i == 0), visit);
  }

  Shape leading_;
  int64_t count_ = 1;
  std::vector<Dim> dims_;
};

}  // namespace gemmfit::ops
