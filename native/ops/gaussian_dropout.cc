#include "native/ops/random_fill.h"

namespace gemmfit::ops {
namespace {

class GaussianDropout : public NoiseOp {
 public:
  GaussianDropout(const Value& spec, const OpEnv& env, double rate)
      : NoiseOp(spec, env, rate > 0), deviation_(static_cast<float>(std::sqrt(rate / (1 - rate)))) {
    flopsPerRow = identity ? 0 : 150 * static_cast<double>(n_);
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    multiply(step, x, y, begin, end);
  }
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (identity) return copy(dy, dx, begin, end);
    multiply(step, dy, dx, begin, end);
  }

 private:
  void multiply(const Step& step, const float* from, float* to, int64_t begin, int64_t end) const {
    multiplyNormal(draw(step, begin, n_), 1, deviation_, from + begin * n_, to + begin * n_, (end - begin) * n_);
  }
  float deviation_;
};

}  // namespace

// { op: 'gaussianDropout', rate, seed? }: times noise of mean 1 and variance rate / (1 - rate).
std::unique_ptr<Op> gaussianDropout(const Value& spec, const OpEnv& env) {
  const double rate = spec.number("rate");
  if (!(rate >= 0 && rate < 1)) throw Error("ERR_SPEC", "gaussianDropout: rate must be from 0 to less than 1");
  return std::make_unique<GaussianDropout>(spec, env, rate);
}

}  // namespace gemmfit::ops
