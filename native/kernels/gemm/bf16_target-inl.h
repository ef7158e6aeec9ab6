// Functions for AVX512_BF16. Without -mavx512bf16 for the file: what it shares with others (templates of the standard library) must run on
// every machine.
#pragma once
#include <immintrin.h>

#include <cstdint>

#ifndef __clang__
// GCC 12 takes what its own header leaves undefined on purpose for a mistake.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define BF16_INLINE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), always_inline)) inline

namespace gemmfit {

BF16_INLINE __mmask16 firstN(int64_t n) { return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1u << n) - 1u); }

}  // namespace gemmfit
