#include "native/engine/variable.h"

#include <cstdlib>
#include <cstring>

#include "native/engine/access.h"
#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/engine/memory.h"
#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gemmfit {
namespace {
constexpr size_t kHugePage = size_t{2} << 20;
constexpr int64_t kLarge = int64_t{1} << 26;  // floats: from here on it is asked whether the memory is there
}  // namespace

void FreeAligned::operator()(float* p) const {
  unwatch(p);
#ifdef _WIN32
  _aligned_free(p);
#else
  std::free(p);
#endif
}

AlignedFloats allocateFloats(int64_t count, const char* what) {
  if (count < 0 || count > kMostFloats)
    throw Error("ERR_MEMORY", "a buffer of " + std::to_string(count) + " floats cannot be allocated", false);
  // The system may promise more than it has, and end the process when that is used.
  if (count > kLarge && count * static_cast<int64_t>(sizeof(float)) > memoryLeft())
    throw Error("ERR_MEMORY", "out of memory: " + gibibytes(count * 4) + " were asked for, and " + gibibytes(memoryLeft()) + " are left",
                false);
  const size_t bytes = (asSize(count) * sizeof(float) + 63) / 64 * 64 + 64;
#ifdef _WIN32
  void* p = _aligned_malloc(bytes, 64);
#elif defined(__linux__)
  // Kernels walk down columns, a page or more at a step: large buffers get large pages, where the system has them.
  const bool large = bytes >= kHugePage;
  void* p = std::aligned_alloc(large ? kHugePage : 64, large ? (bytes + kHugePage - 1) / kHugePage * kHugePage : bytes);
  if (p && large) madvise(p, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#else
  void* p = std::aligned_alloc(64, bytes);
#endif
  if (!p) throw Error("ERR_MEMORY", "out of memory: " + std::to_string(bytes) + " bytes were asked for", false);
  std::memset(p, 0, bytes);
  AlignedFloats floats(static_cast<float*>(p));
  if (guarding()) watch(floats.get(), count, what);
  return floats;
}

Variable::Variable(std::vector<int64_t> shapeOf) { reshape(std::move(shapeOf)); }

Variable::Variable(const VariablePtr& of) : shape(of->shape), size(of->size), data_(of->data_) {}

void Variable::reshape(std::vector<int64_t> shapeOf) {
  int64_t all = 1;
  for (const int64_t d : shapeOf) {
    if (d < 0 || (d > 0 && all > (int64_t{1} << 40) / d))
      throw Error("ERR_SHAPE", "a variable's shape must be of whole numbers that fit in memory");
    all *= d;
  }
  own_ = allocateFloats(all, "a variable");
  data_ = own_.get();
  shape = std::move(shapeOf);
  size = all;
}

bool Variable::tryShare() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  if (exclusive || claimed || training) return false;
  ++readers;
  return true;
}

void Variable::unshare() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  --readers;
  Access::instance().changed.notify_all();
}

bool Variable::tryExclusive() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  if (exclusive || claimed || training || readers > 0) return false;
  exclusive = true;
  writer = nullptr;
  return true;
}

void Variable::release() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  exclusive = false;
  Access::instance().changed.notify_all();
}

}  // namespace gemmfit
