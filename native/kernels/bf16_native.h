#pragma once
#include "native/kernels/tile_gemm.h"

// What GCC and Clang compile for AVX512_BF16 function by function; whether the machine has it shows at run time.
#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 10)
#define GEMMFIT_BF16_NATIVE 1

namespace gemmfit {

bool cpuHasBf16();
void bf16GemmNative(const TileGemm& g);

}  // namespace gemmfit
#endif
