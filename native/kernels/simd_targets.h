// Which instruction sets kernels are built for, included before any Highway header. On x86-64: what every such machine has,
// AVX2 with FMA, and AVX-512; the steps between add compile time and size for machines older than 2013. Elsewhere all that apply.
#ifndef HWY_DISABLED_TARGETS
#if defined(__x86_64__) || defined(_M_X64)
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#endif
#endif
