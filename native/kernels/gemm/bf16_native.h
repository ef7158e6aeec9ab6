#pragma once
#include "native/kernels/gemm/bf16_pairs.h"
#include "native/kernels/gemm/tiles.h"

#ifdef GEMMFIT_BF16_NATIVE

namespace gemmfit {

bool cpuHasBf16();  // whether the system saves the registers is not asked: where the other kernels use AVX-512, it does
void bf16ProductNative(const Product& g);

}  // namespace gemmfit
#endif
