#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace gemmfit {

using Shape = std::vector<int64_t>;  // of one sample: the batch dimension is never part of it

inline int64_t sizeOf(const Shape& s) {
  int64_t n = 1;
  for (const int64_t d : s) n *= d;
  return n;
}
inline int64_t lastAxis(const Shape& s) { return s.empty() ? 1 : s.back(); }
std::string toString(const Shape& s);

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace gemmfit
