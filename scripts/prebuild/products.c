// Multiplies by the OpenBLAS of a binary and holds the results against sums in double: products of every shape a kernel treats in a way of
// its own. A kernel that trim.mjs took away and a product needs stops the program here. Prints the core, which OPENBLAS_CORETYPE may name.
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static float* numbers(int count, unsigned seed) {
  float* made = malloc(sizeof(float) * count);
  for (int i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    made[i] = (float)(seed >> 8) / (1 << 23) - 1;
  }
  return made;
}

// Rows lie 3 floats further apart than they are long. Whether C is alpha * op(A) op(B) + beta * C, and nothing beside it is touched.
static int right(int ta, int tb, int m, int n, int k, float alpha, float beta) {
  const int lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 3, ldc = n + 3;
  float *a = numbers((ta ? k : m) * lda, 1), *b = numbers((tb ? n : k) * ldb, 2), *c = numbers(m * ldc, 3), *before = numbers(m * ldc, 3);
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  int same = 1;
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < ldc; ++j) {
      double sum = 0;
      for (int p = 0; j < n && p < k; ++p) sum += (double)a[ta ? p * lda + i : i * lda + p] * b[tb ? j * ldb + p : p * ldb + j];
      const float was = before[i * ldc + j];
      const double wanted = j < n ? alpha * sum + beta * was : was;
      if (!(fabs(c[i * ldc + j] - wanted) <= (j < n ? 1e-6 * (k + 10) : 0))) same = 0;
    }
  free(a);
  free(b);
  free(c);
  free(before);
  if (!same) printf("WRONG: transposed %d %d, %d x %d x %d, alpha %g, beta %g\n", ta, tb, m, n, k, alpha, beta);
  return same;
}

int main(void) {
  static const int shapes[][3] = {{1, 1, 1},      {1, 17, 33},     {17, 1, 33},    {5, 7, 1},      {2, 3, 4},
                                  {16, 16, 16},   {31, 33, 29},    {64, 64, 64},   {100, 10, 784}, {10, 100, 64},
                                  {129, 65, 257}, {300, 200, 500}, {37, 1030, 90}, {1030, 37, 90}};
  static const float scales[][2] = {{1, 0}, {1, 1}, {0.5f, 0}, {0.5f, 0.25f}};
  int wrong = 0;
  for (unsigned s = 0; s < sizeof shapes / sizeof *shapes; ++s)
    for (int flags = 0; flags < 16; ++flags) {
      const float* scale = scales[flags >> 2];
      wrong += !right(flags & 1, flags >> 1 & 1, shapes[s][0], shapes[s][1], shapes[s][2], scale[0], scale[1]);
    }
  printf("%s\n", openblas_get_corename());
  return wrong != 0;
}
