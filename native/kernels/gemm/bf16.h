#pragma once
#include "native/kernels/gemm/tiles.h"

namespace gemmfit {

// A product whose operands are rounded to bfloat16 (to nearest even, numbers below 2^-126 to 0) while they are laid out; sums are float32.
// With AVX512_BF16 by its instruction, elsewhere on rounded copies by the float32 product. The two round alike but sum in another order.
// As in tileProduct, an element of C is the same sum in the same order whatever m and n are.
void bf16Product(const Product& g);

// What it goes by on this machine; by instructions only where the other kernels use AVX-512, too.
enum class Bf16Kernel { emulated, avx512, amx };
Bf16Kernel bf16Kernel();
void bf16ProductBy(Bf16Kernel kernel, const Product& g);  // by one that the machine has

float roundToBf16(float x);

}  // namespace gemmfit
