#include <algorithm>
#include <cstring>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/updater.h"
#include "native/kernels/gemm.h"

namespace gemmfit::ops {
namespace {

// y[r, t, :] = x[r, t, :] W + b on the last axis. Weights: kernel [in, units], bias [units] unless useBias is false.
class Dense : public Op {
 public:
  Dense(const Value& spec, const OpEnv& env)
      : width_(lastAxis(env.in)), units_(spec.integer("units")), steps_(sizeOf(env.in) / std::max<int64_t>(1, width_)), batch_(env.batch) {
    const bool bias = spec.flag("useBias", true);
    if (env.in.empty() || units_ < 1 || width_ < 1) throw Error("ERR_SPEC", "dense needs an input of rank 1 or more and units above 0");
    if (env.weights.size() != (bias ? 2u : 1u) || env.weights[0]->size != width_ * units_ || (bias && env.weights[1]->size != units_))
      throw Error("ERR_SPEC", "dense: its weights do not have the shape of its input");
    kernel_ = env.weights[0]->data();
    kernelId_ = env.weightIds[0];
    bias_ = bias ? env.weights[1]->data() : nullptr;
    biasId_ = bias ? env.weightIds[1] : -1;
    trainsKernel_ = env.trainable[0];
    trainsBias_ = bias && env.trainable[1];
    in = env.in;
    out = env.in;
    out.back() = units_;
    readsX = weightsReadDy = trainsKernel_ || trainsBias_;
    flopsPerRow = 2.0 * static_cast<double>(steps_ * width_ * units_);
    // A tile of the kernel's gradient is some of its rows: as many as stay in a core's cache beside the optimizer's state.
    tileRows_ = std::max<int64_t>(1, std::min(width_, kTileFloats / 2 / units_));
    kernelTiles_ = ceilDiv(width_, tileRows_);
    // Small gradients are not worth more than one task.
    if (flopsPerRow * static_cast<double>(batch_) < 4e6) tasks_ = 1;
    else tasks_ = kernelTiles_;
  }

  bool wantsGradientBuffer(int weight) const override { return weight == 0 && units_ > kTileFloats; }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t rows = (end - begin) * steps_;
    const float* from = x + begin * steps_ * width_;
    float* to = y + begin * steps_ * units_;
    if (bias_)
      for (int64_t r = 0; r < rows; ++r) std::memcpy(to + r * units_, bias_, static_cast<size_t>(units_) * sizeof(float));
    gemm(false, false, rows, units_, width_, 1, from, width_, kernel_, units_, bias_ ? 1.0f : 0.0f, to, units_);
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    const int64_t rows = (end - begin) * steps_;
    gemm(false, true, rows, width_, units_, 1, dy + begin * steps_ * units_, units_, kernel_, units_, 0, dx + begin * steps_ * width_, width_);
  }

  int64_t weightTasks() const override { return trainsKernel_ || trainsBias_ ? tasks_ : 0; }

  void weightTask(const Step& step, int64_t task) override {
    const int64_t first = tasks_ == 1 ? 0 : task, last = tasks_ == 1 ? kernelTiles_ : task + 1;
    const int64_t rows = step.rows * steps_;
    if (trainsKernel_)
      for (int64_t tile = first; tile < last; ++tile) {
        const int64_t k = tile * tileRows_, n = std::min(tileRows_, width_ - k);
        float* g = step.updater->tile(kernelId_, k * units_, n * units_);
        gemm(true, false, n, units_, rows, 1, x + k, width_, dy, units_, 0, g, units_);
        step.updater->done(kernelId_, k * units_, n * units_, g);
      }
    if (!trainsBias_ || last != kernelTiles_) return;
    for (int64_t j = 0; j < units_; j += kTileFloats) {
      const int64_t n = std::min(kTileFloats, units_ - j);
      float* g = step.updater->tile(biasId_, j, n);
      std::memset(g, 0, static_cast<size_t>(n) * sizeof(float));
      for (int64_t r = 0; r < rows; ++r) {
        const float* from = dy + r * units_ + j;
        for (int64_t i = 0; i < n; ++i) g[i] += from[i];
      }
      step.updater->done(biasId_, j, n, g);
    }
  }

 private:
  int64_t width_, units_, steps_, batch_;
  int64_t tileRows_ = 1, kernelTiles_ = 1, tasks_ = 1;
  const float* kernel_ = nullptr;
  const float* bias_ = nullptr;
  int kernelId_ = -1, biasId_ = -1;
  bool trainsKernel_ = false, trainsBias_ = false;
};

}  // namespace

std::unique_ptr<Op> dense(const Value& spec, const OpEnv& env) { return std::make_unique<Dense>(spec, env); }

}  // namespace gemmfit::ops
