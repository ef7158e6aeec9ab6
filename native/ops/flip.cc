#include <algorithm>

#include "native/ops/merge.h"

namespace gemmfit::ops {
namespace {

// Its input with an axis turned round. A mask passes as it is: of what a layer made that went backwards, whose steps are then again in the
// mask's order.
class Flip : public Op {
 public:
  Flip(const Value& spec, const OpEnv& env) : runs_(env.in, axisOf("flip", spec, env.in)) {
    in = out = env.in;
    canAddDx = true;
    flopsPerRow = 4 * static_cast<double>(sizeOf(in));
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    each(begin, end, [&](int64_t at, int64_t turned) { std::copy_n(x + turned, runs_.inner, y + at); });
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) each(begin, end, [&](int64_t at, int64_t turned) { give(dx + turned, addsDx, dy + at, runs_.inner); });
  }

 private:
  template <class Function>
  void each(int64_t begin, int64_t end, Function function) const {
    const int64_t run = runs_.length * runs_.inner;
    for (int64_t r = begin * runs_.outer; r < end * runs_.outer; ++r)
      for (int64_t i = 0; i < runs_.length; ++i) function(r * run + i * runs_.inner, r * run + (runs_.length - 1 - i) * runs_.inner);
  }
  AxisRuns runs_;
};

}  // namespace

// { op: 'flip', axis? }
std::unique_ptr<Op> flip(const Value& spec, const OpEnv& env) { return std::make_unique<Flip>(spec, env); }

}  // namespace gemmfit::ops
