#include "native/kernels/tile_gemm.h"
#include "native/test/every_target.h"
#include "native/test/recurrent_reference.h"

namespace gemmfit::test {
namespace {

EVERY_TARGET_SUITE(TileGemmTest);

struct Case {
  int64_t m, n, k;
  bool transposeA, transposeB, adds, bias;
};

// c between guards, computed in pieces of `rows` by `columns`; rows of a and b are followed by NaN, which nothing may read.
Floats product(const Case& s, int64_t rows, int64_t columns) {
  const int64_t lda = (s.transposeA ? s.m : s.k) + 3, ldb = (s.transposeB ? s.k : s.n) + 5, ldc = s.n + 2;
  const auto matrix = [](int64_t r, int64_t c, int64_t ld, unsigned seed) {
    Floats out(static_cast<size_t>(1 + r * ld), kNaN);
    const Floats values = randomFloats(r * c, seed);
    for (int64_t i = 0; i < r; ++i) std::copy_n(values.data() + i * c, c, out.data() + 1 + i * ld);
    return out;
  };
  const Floats a = s.transposeA ? matrix(s.k, s.m, lda, 1) : matrix(s.m, s.k, lda, 1);
  const Floats b = s.transposeB ? matrix(s.n, s.k, ldb, 2) : matrix(s.k, s.n, ldb, 2);
  const Floats bias = randomFloats(s.n, 4);
  Floats c = randomFloats(1 + s.m * ldc, 3);
  for (int64_t i = 0; i < s.m; i += rows)
    for (int64_t j = 0; j < s.n; j += columns) {
      TileGemm g{s.transposeA, s.transposeB, std::min(rows, s.m - i), std::min(columns, s.n - j), s.k};
      g.a = a.data() + 1 + (s.transposeA ? i : i * lda);
      g.lda = lda;
      g.b = b.data() + 1 + (s.transposeB ? j * ldb : j);
      g.ldb = ldb;
      g.c = c.data() + 1 + i * ldc + j;
      g.ldc = ldc;
      g.adds = s.adds;
      g.bias = s.bias ? bias.data() + j : nullptr;
      tileGemm(g);
    }
  Doubles want = toDoubles(randomFloats(1 + s.m * ldc, 3));
  for (int64_t i = 0; i < s.m; ++i)
    for (int64_t j = 0; j < s.n; ++j) {
      double& to = want[static_cast<size_t>(1 + i * ldc + j)];
      double sum = s.adds ? to : s.bias ? bias[static_cast<size_t>(j)] : 0;
      for (int64_t l = 0; l < s.k; ++l)
        sum += static_cast<double>(a[static_cast<size_t>(1 + (s.transposeA ? l * lda + i : i * lda + l))]) *
               b[static_cast<size_t>(1 + (s.transposeB ? j * ldb + l : l * ldb + j))];
      to = sum;
    }
  expectClose(c, want, 1e-5 + 1e-7 * static_cast<double>(s.k), "c");  // rounding grows with the terms
  return c;
}

void checkAll(const std::vector<int64_t>& ms, const std::vector<int64_t>& ns, const std::vector<int64_t>& ks) {
  for (const int64_t m : ms)
    for (const int64_t n : ns)
      for (const int64_t k : ks)
        for (int kind = 0; kind < 12; ++kind) {
          const Case s{m, n, k, (kind & 1) != 0, (kind & 2) != 0, kind / 4 == 1, kind / 4 == 2};
          SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k << ", kind " << kind);
          const Floats whole = product(s, m, n);
          EXPECT_EQ(whole, product(s, 5, n)) << "cut by rows";
          EXPECT_EQ(whole, product(s, m, 7)) << "cut by columns";
        }
}

TEST_P(TileGemmTest, MatchesThePlainProductWhateverTheCuts) { checkAll({1, 2, 12, 13, 31}, {1, 10, 16, 33}, {0, 1, 7, 40}); }

// More rows, columns and terms than a block has.
TEST_P(TileGemmTest, MatchesThePlainProductOfManyBlocks) { checkAll({261}, {1, 290}, {400, 801}); }

// Rows that lie a multiple of 4 KiB apart take the ways of laying out that copy.
TEST_P(TileGemmTest, WideRowsAreLaidOutAnew) {
  const int64_t m = 70, n = 512, k = 512;
  const Floats a = randomFloats(m * k, 1), b = randomFloats(k * n, 2);
  for (const bool transposeA : {false, true}) {
    Floats c(static_cast<size_t>(m * n)), narrow(static_cast<size_t>(m * n));
    const Floats from = transposeA ? randomFloats(k * k, 1) : a;
    tileGemm({transposeA, false, m, n, k, from.data(), 512, b.data(), n, c.data(), n});
    for (int64_t j = 0; j < n; j += 16) tileGemm({transposeA, false, m, 16, k, from.data(), 512, b.data() + j, n, narrow.data() + j, n});
    EXPECT_EQ(c, narrow);
  }
}

}  // namespace
}  // namespace gemmfit::test
