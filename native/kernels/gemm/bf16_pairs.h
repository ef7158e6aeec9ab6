#pragma once
#include <cstdint>

// What GCC and Clang compile for AVX512_BF16 function by function; whether the machine has it shows at run time.
#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 10)
#define GEMMFIT_BF16_NATIVE 1

namespace gemmfit {

// How products lay out their operands: two neighbouring k of a row or column, rounded to bfloat16, make a pair, which takes the place of a
// float. Sizes count in pairs; k is filled up to whole vectors of pairs (32) with 0.
constexpr int64_t kPairVector = 16;              // pairs of a vector
constexpr int64_t kPairPanel = 2 * kPairVector;  // columns of a panel: for each pair of k those of its columns, side by side
inline int64_t pairsFor(int64_t k) { return (k + 2 * kPairVector - 1) / (2 * kPairVector) * kPairVector; }

// Panels of b, each `stride` behind the one before; columns are filled up to whole panels with 0.
void pairPanels(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride);            // b stored [k, n]
void pairPanelsTransposed(int64_t k, int64_t n, const float* from, int64_t ld, float* to, int64_t stride);  // b stored [n, k]

// Rows of a, each `stride` behind the one before.
void pairRows(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride);            // a stored [m, k]
void pairRowsTransposed(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride);  // a stored [k, m]
// Groups of 12 rows: for each pair of k those of its rows, side by side.
constexpr int kPairGroup = 12;
void pairGroups(int64_t m, int64_t k, const float* from, int64_t ld, float* to, int64_t stride);  // a stored [k, m]

}  // namespace gemmfit
#endif
