#include "native/kernels/gemm/choice.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "native/engine/error.h"

namespace gemmfit {
namespace {

constexpr const char* kNames[] = {"auto", "openblas", "own"};

GemmChoice fromEnvironment() {
  const char* set = std::getenv("GEMMFIT_GEMM");
  if (!set || !*set) return GemmChoice::automatic;
  const std::string given = set;
  for (int i = 0; i < 3; ++i)
    if (given == kNames[i]) return static_cast<GemmChoice>(i);
  throw Error(
      "ERR_ENVIRONMENT",
      "GEMMFIT_GEMM in the environment must be auto (the faster for each shape), openblas or own (the engine's kernels). Received: '" +
          given.substr(0, 100) + "'. Unset it for auto.");
}

std::atomic<GemmChoice>& choice() {
  static std::atomic<GemmChoice> chosen{fromEnvironment()};
  return chosen;
}

}  // namespace

GemmChoice gemmChoice() { return choice().load(std::memory_order_relaxed); }
const char* gemmChoiceName() { return kNames[static_cast<int>(gemmChoice())]; }

OtherGemmChoice::OtherGemmChoice(GemmChoice other) : before_(choice().exchange(other)) {}
OtherGemmChoice::~OtherGemmChoice() { choice().store(before_); }

}  // namespace gemmfit
