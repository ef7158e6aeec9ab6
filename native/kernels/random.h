#pragma once
#include <cstdint>

namespace gemmfit {

// Random numbers for initial weights: value i follows from (seed, i) alone.
void fillUniform(uint64_t seed, float* out, int64_t n, float low, float high);  // in [low, high); low where they are equal
void fillNormal(uint64_t seed, float* out, int64_t n, float mean, float deviation);
// The same distribution without what lies beyond two deviations.
void fillTruncatedNormal(uint64_t seed, float* out, int64_t n, float mean, float deviation);

}  // namespace gemmfit
