#include "native/engine/shape.h"

#include "native/engine/error.h"

namespace gemmfit {

std::string toString(const Shape& s) {
  std::string out = "[";
  for (size_t i = 0; i < s.size(); ++i) out += (i ? ", " : "") + std::to_string(s[i]);
  return out + "]";
}

void refuseShape(const Shape& s) {
  throw Error("ERR_MEMORY", "a tensor of shape " + toString(s) + " is larger than any memory. Give smaller sizes");
}

int64_t floatsOf(int64_t perRow, int64_t rows, int64_t fixed) {
  if (perRow < 0 || rows < 0 || fixed < 0 || fixed > kMostFloats || (perRow > 0 && rows > (kMostFloats - fixed) / perRow))
    throw Error("ERR_MEMORY", std::to_string(rows) + " rows of " + std::to_string(perRow) + " numbers and " + std::to_string(fixed) +
                                  " besides are larger than any memory. Give smaller sizes, or a smaller batchSize");
  return perRow * rows + fixed;
}

}  // namespace gemmfit
