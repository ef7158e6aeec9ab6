#include "native/kernels/gemm.h"

#include <cblas.h>

#include <mutex>
#include <string>

#if defined(OPENBLAS_VERSION) || defined(GEMMFIT_OPENBLAS)
extern "C" {
void openblas_set_num_threads(int);
char* openblas_get_config(void);
char* openblas_get_corename(void);
}
#define GEMMFIT_HAS_OPENBLAS 1
#endif

namespace gemmfit {

void gemm(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float* a, int64_t lda, const float* b,
          int64_t ldb, float beta, float* c, int64_t ldc) {
  if (m <= 0 || n <= 0) return;
  cblas_sgemm(CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, static_cast<int>(m),
              static_cast<int>(n), static_cast<int>(k), alpha, a, static_cast<int>(lda), b, static_cast<int>(ldb), beta, c,
              static_cast<int>(ldc));
}

void useOneBlasThread() {
#ifdef GEMMFIT_HAS_OPENBLAS
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
#endif
}

const char* blasName() {
#ifdef GEMMFIT_HAS_OPENBLAS
  static const std::string name = std::string(openblas_get_config()) + " " + openblas_get_corename();
  return name.c_str();
#else
  return "CBLAS";
#endif
}

}  // namespace gemmfit
