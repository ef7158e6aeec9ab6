#include "native/engine/guard.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>

#include "native/engine/error.h"

namespace gemmfit {
namespace {

constexpr uint32_t kPoison = 0x7fa50000u;
// All but the sign and what makes a NaN a quiet one; the low half goes when it is rounded to bfloat16.
constexpr uint32_t kSame = 0x7fbf0000u;

// Whether there has ever been anything to watch: memory is freed without a look otherwise.
std::atomic<bool> watches{false};

struct Block {
  int64_t count;
  const char* what;
};

// Never destroyed: threads of the pool free their memory when the process ends.
struct Watched {
  std::mutex mutex;
  std::unordered_map<float*, Block> blocks;
  std::string fault;
};
Watched& watched() {
  static Watched* const all = new Watched;
  return *all;
}

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// With the mutex held.
void look(Watched& all, float* block, const Block& b) {
  const int64_t at = firstNotPoison(block + b.count, kGuardFloats);
  if (at < 0 || !all.fault.empty()) return;
  all.fault =
      "float " + std::to_string(b.count + at) + " of " + std::string(b.what) + ", which has " + std::to_string(b.count) + ", was written";
  poison(block + b.count, kGuardFloats);
}

}  // namespace

bool guardFromEnvironment() {
  const char* set = std::getenv("GEMMFIT_GUARD");
  return set && std::strcmp(set, "1") == 0;
}

void refuseOtherGuards() {
  const char* set = std::getenv("GEMMFIT_GUARD");
  if (!set || !*set || std::strcmp(set, "0") == 0 || guardFromEnvironment()) return;
  throw Error("ERR_ENVIRONMENT", "GEMMFIT_GUARD in the environment must be 1 (memory is guarded) or 0. Received: '" +
                                     std::string(set).substr(0, 100) + "'. Unset it for 0.");
}

void poison(float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) std::memcpy(to + i, &kPoison, sizeof kPoison);
}

int64_t firstNotPoison(const float* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (bitsOf(from[i]) != kPoison) return i;
  return -1;
}

int64_t firstFromPoison(const float* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if ((bitsOf(from[i]) & kSame) == kPoison) return i;
  return -1;
}

bool isUntouchedPoison(float value) { return bitsOf(value) == kPoison; }

void watch(float* block, int64_t count, const char* what) {
  poison(block + count, kGuardFloats);
  watches.store(true, std::memory_order_relaxed);
  Watched& all = watched();
  std::lock_guard<std::mutex> lock(all.mutex);
  all.blocks[block] = {count, what};
}

void unwatch(float* block) {
  if (!watches.load(std::memory_order_relaxed)) return;
  Watched& all = watched();
  std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.blocks.find(block);
  if (found == all.blocks.end()) return;
  look(all, block, found->second);
  all.blocks.erase(found);
}

void noteFault(const std::string& fault) {
  Watched& all = watched();
  std::lock_guard<std::mutex> lock(all.mutex);
  if (all.fault.empty()) all.fault = fault;
}

std::string takeFault() {
  Watched& all = watched();
  std::lock_guard<std::mutex> lock(all.mutex);
  for (const auto& [block, b] : all.blocks) look(all, block, b);
  std::string fault;
  fault.swap(all.fault);
  return fault;
}

}  // namespace gemmfit
