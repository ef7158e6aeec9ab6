// What a file of instructions includes. For each it has a struct with Value(d, a[, b[, c]]), and, where a gradient flows, Slope(d, a, y,
// dy) of one operand, SlopeA and SlopeB(d, a, b, y, dy) of two. The macros behind it make their loops for each instruction set, and choose
// among them. Slopes are those that TensorFlow has, at joints and ties too.
#if defined(NATIVE_INSTRUCTIONS_INSTRUCTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NATIVE_INSTRUCTIONS_INSTRUCTION_INL_H_
#undef NATIVE_INSTRUCTIONS_INSTRUCTION_INL_H_
#else
#define NATIVE_INSTRUCTIONS_INSTRUCTION_INL_H_
#endif

#include <utility>

#include "native/engine/instruction.h"
#include "native/kernels/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using vm::Of;

// out[i] = f(d, those of the operands that are named).
template <int... K, class F>
HWY_INLINE void MapOperands(std::integer_sequence<int, K...>, const Operands& of, float* out, int64_t n, F&& f) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const Operands o = of;  // so that the loop need not look again where they are
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, o.at[K] + i * o.stride[K])...), d, out + i);
  if (i < n) vm::StoreSome(d, f(d, vm::LoadSome(d, o.at[K] + i * o.stride[K], n - i)...), out + i, n - i);
}

using One = std::integer_sequence<int, 0>;
using Two = std::integer_sequence<int, 0, 1>;
using Three = std::integer_sequence<int, 0, 1, 2>;
using OneAndSlope = std::integer_sequence<int, 0, kY, kDy>;
using TwoAndSlope = std::integer_sequence<int, 0, 1, kY, kDy>;
using Dy = std::integer_sequence<int, kDy>;

// y, except where a condition holds: there it is computed one by one.
template <class D, class M, class F, class... Vs>
HWY_INLINE Of<D> OneByOne(D d, M where, Of<D> y, F&& f, Vs... x) {
  if (hn::AllFalse(d, where)) return y;
  HWY_ALIGN float out[HWY_MAX_BYTES / sizeof(float)], is[HWY_MAX_BYTES / sizeof(float)];
  HWY_ALIGN float in[sizeof...(x)][HWY_MAX_BYTES / sizeof(float)];
  size_t k = 0;
  (hn::Store(x, d, in[k++]), ...);
  hn::Store(y, d, out);
  hn::Store(hn::IfThenElseZero(where, hn::Set(d, 1.0f)), d, is);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    if (is[i] != 0) {
      if constexpr (sizeof...(x) == 1)
        out[i] = f(in[0][i]);
      else
        out[i] = f(in[0][i], in[1][i]);
    }
  return hn::Load(d, out);
}

template <class D, class M>
HWY_INLINE Of<D> Truth(D d, M is) {
  return hn::IfThenElseZero(is, hn::Set(d, 1.0f));
}

}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#endif

#ifndef GEMMFIT_INSTRUCTION_LOOPS
#define GEMMFIT_INSTRUCTION_LOOPS(Struct, Name, Sequence, Method)                                             \
  void Struct##Name(const Operands& of, float* out, int64_t n) {                                              \
    MapOperands(Sequence(), of, out, n, [](auto d, auto... v) HWY_ATTR { return Struct().Method(d, v...); }); \
  }
#define GEMMFIT_FLAT_LOOPS(Struct, Sequence) GEMMFIT_INSTRUCTION_LOOPS(Struct, Forward, Sequence, Value)
#define GEMMFIT_UNARY_LOOPS(Struct) \
  GEMMFIT_FLAT_LOOPS(Struct, One)   \
  GEMMFIT_INSTRUCTION_LOOPS(Struct, Slope, OneAndSlope, Slope)
#define GEMMFIT_BINARY_LOOPS(Struct)                             \
  GEMMFIT_FLAT_LOOPS(Struct, Two)                                \
  GEMMFIT_INSTRUCTION_LOOPS(Struct, SlopeA, TwoAndSlope, SlopeA) \
  GEMMFIT_INSTRUCTION_LOOPS(Struct, SlopeB, TwoAndSlope, SlopeB)

#define GEMMFIT_LOOP_CHOICE(Loop) \
  HWY_EXPORT(Loop);               \
  void Loop##Chosen(const Operands& of, float* out, int64_t n) { HWY_DYNAMIC_DISPATCH(Loop)(of, out, n); }
#define GEMMFIT_UNARY_CHOICE(Struct)   \
  GEMMFIT_LOOP_CHOICE(Struct##Forward) \
  GEMMFIT_LOOP_CHOICE(Struct##Slope)
#define GEMMFIT_BINARY_CHOICE(Struct)  \
  GEMMFIT_LOOP_CHOICE(Struct##Forward) \
  GEMMFIT_LOOP_CHOICE(Struct##SlopeA)  \
  GEMMFIT_LOOP_CHOICE(Struct##SlopeB)

namespace gemmfit {
namespace instructions {
constexpr unsigned kA = Instruction::kReadsA, kB = Instruction::kReadsB, kC = Instruction::kReadsC, kReadsY = Instruction::kReadsY;
constexpr double kFew = 8, kMany = 60;  // flops
constexpr Instruction::Slope kNone{}, kPass{Instruction::Slope::pass, nullptr, 0};
constexpr Instruction::Slope slope(ElementLoop loop, unsigned reads) { return {Instruction::Slope::computed, loop, reads}; }
}  // namespace instructions
}  // namespace gemmfit
#endif
