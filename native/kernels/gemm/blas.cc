#include "native/kernels/gemm/blas.h"

#if defined(GEMMFIT_ACCELERATE)
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif

#include <cstring>
#include <mutex>
#include <string>

#include "native/engine/paths.h"
#include "native/kernels/sizes.h"

#ifdef GEMMFIT_OPENBLAS
extern "C" {
void openblas_set_num_threads(int);
char* openblas_get_config(void);
char* openblas_get_corename(void);
}
#endif

namespace gemmfit {

void blasProduct(const Product& g) {
  took(Path::gemmBlas);
  if (g.c.bias)
    for (int64_t r = 0; r < g.m(); ++r) std::memcpy(g.c.data + r * g.c.stride, g.c.bias, asSize(g.n()) * sizeof(float));
  const auto order = [](const Matrix& x) { return x.transposed ? CblasTrans : CblasNoTrans; };
  cblas_sgemm(CblasRowMajor, order(g.a), order(g.b), static_cast<int>(g.m()), static_cast<int>(g.n()), static_cast<int>(g.k()), 1, g.a.data,
              static_cast<int>(g.a.stride), g.b.data, static_cast<int>(g.b.stride), g.c.adds || g.c.bias ? 1.0f : 0.0f, g.c.data,
              static_cast<int>(g.c.stride));
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
