#include "native/engine/paths.h"

#include <atomic>

#include "native/kernels/convolution_tiles.h"
#include "native/kernels/gemm/bf16.h"
#include "native/kernels/gemm/choice.h"
#include "native/kernels/gemm/gemm.h"

namespace gemmfit {
namespace {

constexpr int kModes = 3, kNoMode = 3;
constexpr const char* kModeNames[] = {"train", "test", "predict"};
constexpr int kPaths = static_cast<int>(Path::count);

enum Modes { train = 1, rest = 6, all = 7 };  // bits of Mode
struct Described {
  const char* name;
  Modes modes;
};
constexpr Described kDescribed[] = {
#define GEMMFIT_PATH(id, name, modes) {name, modes},
#include "native/engine/paths.def"
#undef GEMMFIT_PATH
};

std::atomic<int64_t> counts[kPaths][kModes];
thread_local int mode = kNoMode;

// A path that this machine's processor or build never takes.
bool isPossible(Path path) {
  const bool own = packsForTiles(Precision::float32);  // else BLAS does the products
  switch (path) {
    case Path::gemmBf16Amx:
      return bf16Kernel() == Bf16Kernel::amx;
    case Path::gemmBf16Native:
      return bf16Kernel() == Bf16Kernel::avx512;
    case Path::gemmBf16Emulated:
      return bf16Kernel() == Bf16Kernel::emulated;
    case Path::gemmBlas:
      return !own;
    // What the engine's own kernel alone does.
    case Path::gemmInPlace:
    case Path::gemmLayOutA:
    case Path::gemmLayOutB:
    case Path::gemmColumnsOfA:
    case Path::gemmRowsOfB:
    case Path::gemmTurned:
    case Path::gemmDots:
    case Path::denseSpreadX:
    case Path::denseSpreadDy:
    case Path::densePackedDy:
      return own;
    case Path::gemmPacked:
      return packsForFewRows();
    // Vectors of fewer than four floats leave convolutions to panels, and one filter fills a vector of one.
    case Path::convDirect:
    case Path::convImageDirect:
    case Path::convGradientDirect:
    case Path::convGradientRest:
      return filterLanes() >= 4 && gemmChoice() != GemmChoice::openblas;
    default:
      return true;
  }
}

}  // namespace

void countPath(Path path) {
  if (mode != kNoMode) counts[static_cast<int>(path)][mode].fetch_add(1, std::memory_order_relaxed);
}

PathMode::PathMode(Mode of) { mode = static_cast<int>(of); }
PathMode::~PathMode() { mode = kNoMode; }

std::vector<PathCount> pathCounts() {
  std::vector<PathCount> list;
  for (int p = 0; p < kPaths; ++p)
    for (int m = 0; m < kModes; ++m)
      if ((kDescribed[p].modes >> m & 1) && isPossible(static_cast<Path>(p)))
        list.push_back({std::string(kDescribed[p].name) + " " + kModeNames[m], counts[p][m].load(std::memory_order_relaxed)});
  return list;
}

void resetPaths() {
  for (auto& path : counts)
    for (auto& c : path) c.store(0, std::memory_order_relaxed);
}

}  // namespace gemmfit
