#include "native/engine/subnormals.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(_M_ARM64)
#include <intrin.h>
#endif

namespace gemmfit {
namespace {

// The control register of this thread's floating-point unit, and its bits that say "flush".
#if defined(__x86_64__) || defined(_M_X64)
constexpr uint64_t kFlush = 0x8040;  // results (bit 15) and operands (bit 6)
uint64_t control() { return _mm_getcsr(); }
void setControl(uint64_t bits) { _mm_setcsr(static_cast<unsigned>(bits)); }
#elif defined(__aarch64__)
constexpr uint64_t kFlush = uint64_t{1} << 24;  // both
uint64_t control() {
  uint64_t bits;
  asm volatile("mrs %0, fpcr" : "=r"(bits));
  return bits;
}
void setControl(uint64_t bits) { asm volatile("msr fpcr, %0" : : "r"(bits)); }
#elif defined(_M_ARM64)
constexpr uint64_t kFlush = uint64_t{1} << 24;
constexpr int kRegister = 0x5A20;  // FPCR, as the compiler numbers it: 1 << 14 | 3 << 11 | 4 << 7 | 4 << 3
uint64_t control() { return static_cast<uint64_t>(_ReadStatusReg(kRegister)); }
void setControl(uint64_t bits) { _WriteStatusReg(kRegister, static_cast<int64_t>(bits)); }
#else
constexpr uint64_t kFlush = 0;
uint64_t control() { return 0; }
void setControl(uint64_t) {}
#endif

}  // namespace

FlushSubnormals::FlushSubnormals() : before_(control()) { setControl(before_ | kFlush); }
FlushSubnormals::~FlushSubnormals() { setControl(before_); }

}  // namespace gemmfit
