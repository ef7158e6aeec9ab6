#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "native/engine/guard.h"
#include "native/engine/mode.h"

namespace gemmfit {

// The ways of ops and kernels that sizes, shapes or the processor choose between (paths.def). In guard mode each says when it is taken, so
// that tests can tell which were not.
enum class Path {
#define GEMMFIT_PATH(id, name, modes) id,
#include "native/engine/paths.def"
#undef GEMMFIT_PATH
  count
};

void countPath(Path path);
// Once a call of what goes the way; any thread.
inline void took(Path path) {
  if (guarding()) countPath(path);
}

// While it lives, what the calling thread takes counts for the mode; without one, for none.
class PathMode {
 public:
  explicit PathMode(Mode mode);
  ~PathMode();
};

struct PathCount {
  std::string name;  // "dense.spreadX predict": for each mode in which a plan can take it
  int64_t times;
};
// Of all paths that this machine can take.
std::vector<PathCount> pathCounts();
void resetPaths();

}  // namespace gemmfit
