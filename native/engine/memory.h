#pragma once
#include <cstdint>
#include <string>

namespace gemmfit {

// Bytes that this process may still take, as far as the system tells: what is left of the machine's memory and swap space, or what there is
// at all.
int64_t memoryLeft();

std::string gibibytes(int64_t bytes);  // "1.50 GiB"

}  // namespace gemmfit
