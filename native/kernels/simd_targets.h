// Which instruction sets kernels are built for, included before any Highway header. The steps between these add compile
// time and size without speed for us: x86-64 baseline (SSE2), AVX2 + FMA, AVX-512; on other architectures all that apply.
#ifndef HWY_DISABLED_TARGETS
#if defined(__x86_64__) || defined(_M_X64)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#endif
#endif
