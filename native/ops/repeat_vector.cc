#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;  // floats of a sample, so that sizes stay numbers

class RepeatVector : public Op {
 public:
  RepeatVector(const Value& spec, const OpEnv& env) : times_(spec.integer("n")), width_(sizeOf(env.in)) {
    if (env.in.size() != 1) throw Error("ERR_SPEC", "repeatVector takes samples of rank 1; got shape " + toString(env.in));
    if (times_ < 1 || times_ > kMost / width_) throw Error("ERR_SPEC", "repeatVector: n must be above 0, and n copies must fit memory");
    in = env.in;
    out = {times_, width_};
    mask = Mask::drop;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t r = begin; r < end; ++r)
      for (int64_t t = 0; t < times_; ++t) std::copy(x + r * width_, x + (r + 1) * width_, y + (r * times_ + t) * width_);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    constexpr int64_t kRun = 128;
    double sums[kRun];
    for (int64_t r = begin; r < end; ++r)
      for (int64_t j = 0; j < width_; j += kRun) {
        const int64_t n = std::min(kRun, width_ - j);
        std::fill(sums, sums + n, 0.0);
        for (int64_t t = 0; t < times_; ++t) {
          const float* from = dy + (r * times_ + t) * width_ + j;
          for (int64_t i = 0; i < n; ++i) sums[i] += from[i];
        }
        for (int64_t i = 0; i < n; ++i) dx[r * width_ + j + i] = static_cast<float>(sums[i]);
      }
  }

 private:
  int64_t times_, width_;
};

}  // namespace

// { op: 'repeatVector', n }: [width] becomes [n, width].
std::unique_ptr<Op> repeatVector(const Value& spec, const OpEnv& env) { return std::make_unique<RepeatVector>(spec, env); }

}  // namespace gemmfit::ops
