#pragma once

namespace gemmfit {

// What one thread multiplies and adds in registers, in GFLOP/s: the most that any product can reach. Takes some milliseconds.
double measurePeak();

}  // namespace gemmfit
