#include "native/ops/random_fill.h"

namespace gemmfit::ops {
namespace {

class GaussianNoise : public NoiseOp {
 public:
  GaussianNoise(const Value& spec, const OpEnv& env, double deviation)
      : NoiseOp(spec, env, deviation > 0), deviation_(static_cast<float>(deviation)) {
    flopsPerRow = identity ? 0 : 150 * static_cast<double>(n_);
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    addNormal(draw(step, begin, n_), deviation_, x + begin * n_, y + begin * n_, (end - begin) * n_);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) copy(dy, dx, begin, end);
  }

 private:
  float deviation_;
};

}  // namespace

// { op: 'gaussianNoise', stddev, seed? }
std::unique_ptr<Op> gaussianNoise(const Value& spec, const OpEnv& env) {
  const double deviation = spec.number("stddev");
  if (!(deviation >= 0)) throw Error("ERR_SPEC", "gaussianNoise: stddev must be 0 or above");
  return std::make_unique<GaussianNoise>(spec, env, deviation);
}

}  // namespace gemmfit::ops
