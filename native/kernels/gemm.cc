#include "native/kernels/gemm.h"

#if defined(GEMMFIT_ACCELERATE)
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif

#include <cstring>
#include <mutex>
#include <string>

#include "native/engine/paths.h"
#include "native/kernels/bf16_gemm.h"
#include "native/kernels/tile_gemm.h"

#ifdef GEMMFIT_OPENBLAS
extern "C" {
void openblas_set_num_threads(int);
char* openblas_get_config(void);
char* openblas_get_corename(void);
}
#endif

namespace gemmfit {

namespace {

// Measured beside OpenBLAS's kernels for Haswell and Cooperlake: never behind by more than noise, up to 1.7 times as fast where rows or
// columns are few. With narrower vectors it has not been measured, so BLAS does those.
bool ownKernel() {
  static const bool wide = tileGemmLanes() >= 8;
  return wide;
}

}  // namespace

void gemm(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda, const float* b,
          int64_t ldb, float beta, float* c, int64_t ldc, const float* bias, Precision precision) {
  if (m <= 0 || n <= 0) return;
  const TileGemm own{transposeA, transposeB, m, n, k, a, lda, b, ldb, c, ldc, beta == 1.0f, bias};
  if (precision == Precision::bfloat16) return bf16Gemm(own);
  if (ownKernel() && alpha == 1.0f && (beta == 0.0f || beta == 1.0f)) return tileGemm(own);
  took(Path::gemmBlas);
  if (bias) {
    for (int64_t r = 0; r < m; ++r) std::memcpy(c + r * ldc, bias, static_cast<size_t>(n) * sizeof(float));
    beta = 1;
  }
  cblas_sgemm(CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, static_cast<int>(m),
              static_cast<int>(n), static_cast<int>(k), alpha, a, static_cast<int>(lda), b, static_cast<int>(ldb), beta, c,
              static_cast<int>(ldc));
}

bool gemmTakesPacked(Precision precision) { return precision == Precision::float32 && ownKernel(); }

void gemmPacked(bool transposeA, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const float* packed, float* c, int64_t ldc) {
  TileGemm own{transposeA, false, m, n, k, a, lda, nullptr, 0, c, ldc};
  own.packed = packed;
  tileGemm(own);
}

void useOneBlasThread() {
#ifdef GEMMFIT_OPENBLAS
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
#endif
}

const char* blasName() {
#ifdef GEMMFIT_OPENBLAS
  static const std::string name = std::string(openblas_get_config()) + " " + openblas_get_corename();
  return name.c_str();
#elif defined(GEMMFIT_ACCELERATE)
  return "Accelerate";
#elif defined(GEMMFIT_BLAS_NAME)
  return GEMMFIT_BLAS_NAME;
#else
  return "CBLAS";
#endif
}

}  // namespace gemmfit
