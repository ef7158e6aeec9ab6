#pragma once
#include "native/kernels/gemm/bf16_native.h"

// Registers of 16 by 16 sums that multiply matrices of pairs. Linux alone is asked for them; whether it gives them shows at run time.
#if defined(GEMMFIT_BF16_NATIVE) && defined(__linux__) && (defined(__clang__) || __GNUC__ >= 11)
#define GEMMFIT_BF16_AMX 1

namespace gemmfit {

bool mayUseAmx();  // asks the system for the process, at the first call
void bf16ProductAmx(const Product& g);

}  // namespace gemmfit
#endif
