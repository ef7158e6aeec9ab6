#include <algorithm>

#include "native/engine/error.h"
#include "native/ops/rearrange.h"

namespace gemmfit::ops {
namespace {

// What lies above or below a diagonal of the last two axes; the rest is 0. Its gradient is cut in the same way.
class Triangle : public Op {
 public:
  Triangle(const Value& spec, const OpEnv& env) : upper_(spec.flag("upper", false)), k_(spec.integer("k", 0)) {
    in = out = env.in;
    if (in.size() < 2) throw Error("ERR_SHAPE", "rearrange 'triangle' needs rank 2 or more. Received: " + toString(in));
    rows_ = in[in.size() - 2];
    columns_ = in.back();
    planes_ = sizeOf(in) / (rows_ * columns_);
    inPlace = canAddDx = true;
    mask = Mask::drop;
    flopsPerRow = 2 * static_cast<double>(sizeOf(in));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override { cut(x, y, false, begin, end); }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) cut(dy, dx, addsDx, begin, end);
  }

 private:
  void cut(const float* from, float* to, bool adds, int64_t begin, int64_t end) const {
    for (int64_t line = begin * planes_ * rows_; line < end * planes_ * rows_; ++line) {
      const int64_t at = line * columns_, edge = line % rows_ + std::clamp(k_, -rows_, columns_);
      const int64_t first = upper_ ? std::clamp<int64_t>(edge, 0, columns_) : 0;
      const int64_t last = upper_ ? columns_ : std::clamp<int64_t>(edge + 1, 0, columns_);
      if (adds) {
        for (int64_t i = at + first; i < at + last; ++i) to[i] += from[i];
        continue;
      }
      if (to != from) std::copy(from + at + first, from + at + last, to + at + first);
      std::fill(to + at, to + at + first, 0.0f);
      std::fill(to + at + last, to + at + columns_, 0.0f);
    }
  }

  const bool upper_;
  const int64_t k_;
  int64_t rows_ = 1, columns_ = 1, planes_ = 1;
};

}  // namespace

// { op: 'rearrange', how: 'triangle', upper?, k? }: as NumPy's triu and tril.
std::unique_ptr<Op> triangle(const Value& spec, const OpEnv& env) { return std::make_unique<Triangle>(spec, env); }

}  // namespace gemmfit::ops
