#pragma once
#include <cstdint>

namespace gemmfit {

// While it lives, this thread takes subnormal numbers (below 1.2e-38) as 0 and makes none: gradients that have faded in a deep stack
// and the averages of optimizers would otherwise pass through them, where a processor takes up to a hundred times as long for an
// addition. TensorFlow and JAX do the same. Every thread that works for a network holds one, or bits would depend on who did a task.
class FlushSubnormals {
 public:
  FlushSubnormals();
  ~FlushSubnormals();
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  uint64_t before_;
};

}  // namespace gemmfit
