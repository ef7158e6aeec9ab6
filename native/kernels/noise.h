#pragma once
#include <cstdint>

namespace gemmfit {

// Random numbers of a tensor's elements: that of an element follows from the key and its index alone, whatever range it is asked for
// in. `first` is the index of element 0 of the arrays given here.
struct Draw {
  uint64_t key;
  int64_t first;
};

// y = a x + b where an element is kept, which it is with probability 1 - rate; else c. y may be x. rate in [0, 1].
struct Drop {
  float a, b, c;
};
void drop(const Draw& draw, double rate, const Drop& values, const float* x, float* y, int64_t n);
// keep = 1 for elements that are kept, 0 for the others: the same as `drop` would.
void keepMask(const Draw& draw, double rate, float* keep, int64_t n);

// y = x + noise or y = x * noise for normally distributed noise. y may be x.
void addNormal(const Draw& draw, float deviation, const float* x, float* y, int64_t n);
void multiplyNormal(const Draw& draw, float mean, float deviation, const float* x, float* y, int64_t n);

}  // namespace gemmfit
