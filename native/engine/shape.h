#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace gemmfit {

using Shape = std::vector<int64_t>;  // of one sample: the batch dimension is never part of it

// Sizes come from descriptions, which may hold anything: no product of them is taken that could pass what integers hold.
constexpr int64_t kMostNumbers = (int64_t{1} << 31) - 1;  // of a sample, between any two ops: 8 GiB
constexpr int64_t kMostFloats = int64_t{1} << 40;         // of a buffer
[[noreturn]] void refuseShape(const Shape& s);            // Error ERR_MEMORY

// Numbers of a shape. Error ERR_MEMORY where they are more than a buffer can have.
inline int64_t sizeOf(const Shape& s) {
  int64_t n = 1;
  for (const int64_t d : s) {
    if (d < 0 || (d > 0 && n > kMostFloats / d)) refuseShape(s);
    n *= d;
  }
  return n;
}
// Floats of a buffer of `rows` rows and what is there once. Likewise.
int64_t floatsOf(int64_t perRow, int64_t rows, int64_t fixed = 0);
inline int64_t lastAxis(const Shape& s) { return s.empty() ? 1 : s.back(); }
std::string toString(const Shape& s);

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace gemmfit
