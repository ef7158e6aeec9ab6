#pragma once
#include "native/kernels/tile_gemm.h"

namespace gemmfit {

// A product whose operands are rounded to bfloat16 (to nearest even, numbers below 2^-126 to 0) while they are laid out; sums are float32.
// With AVX512_BF16 by its instruction, elsewhere on rounded copies by the float32 product. The two round alike but sum in another order.
// As in tileGemm, an element of C is the same sum in the same order whatever m and n are.
void bf16Gemm(const TileGemm& g);

bool hasNativeBf16();  // whether it goes by the instruction: this machine has it, and the other kernels use AVX-512
float roundToBf16(float x);

}  // namespace gemmfit
