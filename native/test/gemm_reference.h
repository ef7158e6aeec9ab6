// Products beside a naive reference in double precision.
#pragma once
#include "native/kernels/gemm/matrix.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {

// Into which pieces a product can be cut without changing a bit.
enum class Cuts { none, rows, any };

// A product under test, and what it makes of each operand before multiplying.
struct GemmUnderTest {
  void (*run)(const Product&);
  float (*operand)(float);
  Cuts cuts = Cuts::any;
};

struct GemmCase {
  int64_t m, n, k;
  bool transposeA, transposeB, adds, bias;
};

// Rows followed by NaN, which nothing may read.
inline Floats guardedMatrix(int64_t rows, int64_t columns, int64_t ld, unsigned seed) {
  Floats out(static_cast<size_t>(1 + rows * ld), kNaN);
  const Floats values = randomFloats(rows * columns, seed);
  for (int64_t i = 0; i < rows; ++i) std::copy_n(values.data() + i * columns, columns, out.data() + 1 + i * ld);
  return out;
}

// c between guards, as a whole checked against the reference, and once more in pieces of 5 rows and of 7 columns, which must give the same
// bits.
inline void checkProduct(const GemmUnderTest& gemm, const GemmCase& s) {
  const int64_t lda = (s.transposeA ? s.m : s.k) + 3, ldb = (s.transposeB ? s.k : s.n) + 5, ldc = s.n + 2;
  const Floats a = s.transposeA ? guardedMatrix(s.k, s.m, lda, 1) : guardedMatrix(s.m, s.k, lda, 1);
  const Floats b = s.transposeB ? guardedMatrix(s.n, s.k, ldb, 2) : guardedMatrix(s.k, s.n, ldb, 2);
  const Floats bias = randomFloats(s.n, 4), before = randomFloats(1 + s.m * ldc, 3);
  const auto product = [&](int64_t rows, int64_t columns) {
    Floats c = before;
    for (int64_t i = 0; i < s.m; i += rows)
      for (int64_t j = 0; j < s.n; j += columns)
        gemm.run({{a.data() + 1 + (s.transposeA ? i : i * lda), std::min(rows, s.m - i), s.k, lda, s.transposeA},
                  {b.data() + 1 + (s.transposeB ? j * ldb : j), s.k, std::min(columns, s.n - j), ldb, s.transposeB},
                  {c.data() + 1 + i * ldc + j, ldc, s.adds, s.bias ? bias.data() + j : nullptr}});
    return c;
  };
  const auto operands = [&](Floats values) {
    for (float& x : values) x = gemm.operand(x);
    return values;
  };
  const Floats left = operands(a), right = operands(b);
  Doubles want = toDoubles(before);
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = 0; j < s.n; ++j) {
      double& to = want[static_cast<size_t>(1 + i * ldc + j)];
      double sum = s.adds ? to : s.bias ? bias[static_cast<size_t>(j)] : 0;
      for (int64_t l = 0; l < s.k; ++l)
        sum += static_cast<double>(left[static_cast<size_t>(1 + (s.transposeA ? l * lda + i : i * lda + l))]) *
               right[static_cast<size_t>(1 + (s.transposeB ? j * ldb + l : l * ldb + j))];
      to = sum;
    }
  const Floats whole = product(s.m, s.n);
  expectClose(whole, want, 1e-5 + 1e-7 * static_cast<double>(s.k), "c");  // rounding grows with the terms
  if (gemm.cuts != Cuts::none) EXPECT_EQ(whole, product(5, s.n)) << "cut by rows";
  if (gemm.cuts == Cuts::any) EXPECT_EQ(whole, product(s.m, 7)) << "cut by columns";
}

inline void checkProducts(const GemmUnderTest& gemm, const std::vector<int64_t>& ms, const std::vector<int64_t>& ns,
                          const std::vector<int64_t>& ks) {
  for (const int64_t m : ms)
    for (const int64_t n : ns)
      for (const int64_t k : ks)
        for (int kind = 0; kind < 12; ++kind) {
          SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k << ", kind " << kind);
          checkProduct(gemm, {m, n, k, (kind & 1) != 0, (kind & 2) != 0, kind / 4 == 1, kind / 4 == 2});
        }
}

}  // namespace gemmfit::test
