#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/kernels/rows.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kBlock = 256;          // features whose sums are kept on the stack
constexpr double kFlopsPerElement = 10;  // bound by memory: an element takes the time of so many operations of a product

// The mean over the steps of [steps, features] (or [features, steps] when `dataFormat` is channels_first). With a mask: over the steps
// it keeps, and 0 where it keeps none. `keepdims` leaves an axis of one step.
class GlobalAveragePooling1d : public Op {
 public:
  GlobalAveragePooling1d(const Value& spec, const OpEnv& env) {
    const std::string format = spec.text("dataFormat", "channels_last");
    if (format != "channels_last" && format != "channels_first")
      throw Error("ERR_SPEC", "globalAveragePooling1d: unknown data format '" + format + "'");
    if (env.in.size() != 2) throw Error("ERR_SPEC", "globalAveragePooling1d needs samples of rank 2");
    const bool first = format == "channels_first", keepdims = spec.flag("keepdims", false);
    in = env.in;
    steps_ = in[first ? 1 : 0];
    features_ = in[first ? 0 : 1];
    stepStride_ = first ? 1 : features_;
    featureStride_ = first ? steps_ : 1;
    if (env.maskSteps > 0 && env.maskSteps != steps_)
      throw Error("ERR_MASK", "the mean over steps takes a mask of one number a step, and this one has " + std::to_string(env.maskSteps) +
                                  " for " + std::to_string(steps_) + " steps");
    out = {features_};
    if (keepdims) out.insert(first ? out.end() : out.begin(), 1);
    mask = Mask::drop;
    readsStepSums = !first;
    if (!first && env.maskSteps == 0) alikeSteps = steps_;
    flopsPerRow = kFlopsPerElement * static_cast<double>(steps_ * features_);
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    double sum[kBlock];
    took(xSums ? Path::meanBelowSteps : Path::meanOwnSteps);
    for (int64_t r = begin; r < end; ++r) {
      const float* sample = x + r * steps_ * features_;
      const float* keep = keepOf(r);
      const double scale = share(keep);
      for (int64_t f = 0; f < features_; f += kBlock) {
        const int64_t n = std::min(kBlock, features_ - f);
        std::fill(sum, sum + n, 0.0);
        if (xSums)
          xSums->addSteps(r, keep, f, n, sum);
        else
          addOwnSteps(sample + f * featureStride_, keep, n, sum);
        for (int64_t i = 0; i < n; ++i) y[r * features_ + f + i] = static_cast<float>(sum[i] * scale);
      }
    }
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (sharesDx) took(Path::meanSharedDx);
    for (int64_t r = begin; r < end; ++r) {
      const float* keep = keepOf(r);
      const float* from = dy + r * features_;
      const float scale = static_cast<float>(share(keep));
      if (sharesDx) {
        for (int64_t f = 0; f < features_; ++f) dx[r * features_ + f] = from[f] * scale;
        continue;
      }
      for (int64_t t = 0; t < steps_; ++t) {
        float* to = dx + r * steps_ * features_ + t * stepStride_;
        const bool kept = !keep || keep[t] != 0.0f;
        for (int64_t f = 0; f < features_; ++f) to[f * featureStride_] = kept ? from[f] * scale : 0.0f;
      }
    }
  }

 private:
  void addOwnSteps(const float* from, const float* keep, int64_t n, double* sum) const {
    RowSum rows(n, sum);
    for (int64_t t = 0; t < steps_; ++t) {
      if (keep && keep[t] == 0.0f) continue;
      if (featureStride_ == 1)
        rows.add(from + t * stepStride_);
      else
        for (int64_t i = 0; i < n; ++i) sum[i] += from[t + i * featureStride_];
    }
    rows.flush();
  }

  const float* keepOf(int64_t row) const { return maskIn && maskInSteps == steps_ ? maskIn + row * steps_ : nullptr; }

  // What a kept step counts for in the mean.
  double share(const float* keep) const {
    int64_t kept = steps_;
    if (keep) kept = std::count_if(keep, keep + steps_, [](float k) { return k != 0.0f; });
    return kept == 0 ? 0.0 : 1.0 / static_cast<double>(kept);
  }

  int64_t steps_ = 1, features_ = 1, stepStride_ = 1, featureStride_ = 1;
};

}  // namespace

std::unique_ptr<Op> globalAveragePooling1d(const Value& spec, const OpEnv& env) {
  return std::make_unique<GlobalAveragePooling1d>(spec, env);
}

}  // namespace gemmfit::ops
