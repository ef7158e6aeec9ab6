#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/elementwise.h"

namespace gemmfit::ops {
namespace {

// A step counts where any of its features differs from the value; the others become 0, and their gradients too.
class Masking : public Op {
 public:
  Masking(const Value& spec, const OpEnv& env) : width_(lastAxis(env.in)), value_(static_cast<float>(spec.number("maskValue", 0))) {
    if (env.in.empty()) throw Error("ERR_SPEC", "masking takes samples of rank 1 or more, [..., features]");
    in = out = env.in;
    inPlace = true;
    mask = Mask::make;
    maskSteps = sizeOf(env.in) / width_;
    flopsPerRow = 12 * static_cast<double>(sizeOf(env.in));
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t i = begin * maskSteps; i < end * maskSteps; ++i) {
      maskOut[i] = anyDiffers(x + i * width_, value_, width_) ? 1.0f : 0.0f;
      pass(x, y, i);
    }
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    for (int64_t i = begin * maskSteps; i < end * maskSteps; ++i) pass(dy, dx, i);
  }

 private:
  void pass(const float* from, float* to, int64_t step) const {
    float* target = to + step * width_;
    if (maskOut[step] == 0)
      std::fill(target, target + width_, 0.0f);
    else if (from != to)
      std::copy(from + step * width_, from + (step + 1) * width_, target);
  }
  int64_t width_;
  float value_;
};

}  // namespace

// { op: 'masking', maskValue? }
std::unique_ptr<Op> masking(const Value& spec, const OpEnv& env) { return std::make_unique<Masking>(spec, env); }

}  // namespace gemmfit::ops
