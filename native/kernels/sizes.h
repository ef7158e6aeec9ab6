#pragma once
#include <cstddef>
#include <cstdint>

namespace gemmfit {

// Sizes and positions are int64_t everywhere, as shapes are: differences may be below 0. Where a container wants a size_t they are known
// not to be.
constexpr size_t asSize(int64_t n) { return static_cast<size_t>(n); }

}  // namespace gemmfit
