#pragma once
#include <atomic>
#include <cstdint>
#include <string>

namespace gemmfit {

// Guard mode: memory that cannot be overrun in silence. On with GEMMFIT_GUARD=1 in the environment, and in the native tests.
// Behind (and, in a memory plan, before) everything that is allocated lie guard words, what is dead or not yet written holds poison, and
// after every stage of a step the leader looks at both (plan_guard.h). Off, it costs a test of a flag where memory is allocated and of a
// pointer a stage.
bool guardFromEnvironment();
void refuseOtherGuards();  // Error ERR_ENVIRONMENT where GEMMFIT_GUARD means nothing
inline std::atomic<bool> guardOn{guardFromEnvironment()};
inline bool guarding() { return guardOn.load(std::memory_order_relaxed); }
inline void setGuarding(bool on) { guardOn.store(on, std::memory_order_relaxed); }  // networks and variables keep to what it was for them

constexpr int64_t kGuardFloats = 16;

// Poison is a signalling NaN of one pattern: whatever is computed from it is a NaN of nearly the same pattern, which numbers that went
// wrong by themselves (inf - inf) never are. Its low half is 0, so that it is known by its upper half, which rounding to bfloat16 keeps.
void poison(float* to, int64_t count);
int64_t firstNotPoison(const float* from, int64_t count);   // the first that does not hold the very pattern; -1: all do
int64_t firstFromPoison(const float* from, int64_t count);  // the first that is poison or was computed from it; -1: none
bool isUntouchedPoison(float value);                        // the very pattern: never written, or copied from what is dead

// Memory with guard words behind `count` floats, from `watch` to `unwatch`; any thread. `what` names it in an error.
void watch(float* block, int64_t count, const char* what);
void unwatch(float* block);  // notes a fault where the words are gone

// Faults are found in tasks, in destructors, on any thread, where nothing may throw: the first is kept until the leader asks, who looks at
// the guard words of all memory watched as well. Empty: none.
void noteFault(const std::string& fault);
std::string takeFault();

}  // namespace gemmfit
