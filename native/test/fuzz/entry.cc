// What libFuzzer calls: GEMMFIT_FUZZ_TARGET is one of targets.h.
#include "native/test/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gemmfit::fuzz::GEMMFIT_FUZZ_TARGET(data, size);
  return 0;
}
