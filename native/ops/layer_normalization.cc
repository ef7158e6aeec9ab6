#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/normalization.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kBlock = 256;           // elements whose gradients are summed on the stack
constexpr int64_t kTileElements = 65536;  // of a weight task
constexpr int64_t kMostTasks = 16;
constexpr double kFlopsPerElement = 30;  // bound by memory: an element takes the time of so many operations of a product

// Where each element of a sample goes when the normalized axes are moved behind the others, keeping the order within both.
std::vector<int64_t> axesBehind(const Shape& in, const std::vector<bool>& normalized) {
  std::vector<size_t> order;
  for (const bool behind : {false, true})
    for (size_t i = 0; i < in.size(); ++i)
      if (normalized[i] == behind) order.push_back(i);
  std::vector<int64_t> stride(in.size());
  int64_t step = 1;
  for (size_t i = order.size(); i-- > 0; step *= in[order[i]]) stride[order[i]] = step;
  std::vector<int64_t> to(asSize(sizeOf(in)));
  for (size_t e = 0; e < to.size(); ++e) {
    int64_t rest = static_cast<int64_t>(e);
    for (size_t i = in.size(); i-- > 0; rest /= in[i]) to[e] += rest % in[i] * stride[i];
  }
  return to;
}

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, each sample by itself over some of its axes (which count the batch
// dimension, as in Keras). With `rmsScaling` x is not moved, only scaled. Weights: gamma (if `scale`), beta (if `center`), of the sizes
// of the axes. Axes that are not the last ones are moved behind the others and back.
class LayerNormalization : public Op {
 public:
  LayerNormalization(const Value& spec, const OpEnv& env) {
    in = out = env.in;
    const std::vector<bool> normalized = readAxes(spec);
    norm_ = {1, spec.number("epsilon", 1e-3), !spec.flag("rmsScaling", false), nullptr, nullptr};
    bool last = true;
    for (size_t i = in.size(); i-- > 0;) {
      if (normalized[i]) norm_.n *= in[i];
      if (normalized[i] && !last) moved_ = true;
      last = last && normalized[i];
    }
    size_ = sizeOf(in);
    groups_ = size_ / norm_.n;
    if (moved_) to_ = axesBehind(in, normalized);
    takeWeights(spec, env);

    training_ = env.training;
    inPlace = !training_;
    readsX = training_;
    weightsReadDy = trainsGamma_ || trainsBeta_;
    flopsPerRow = kFlopsPerElement * static_cast<double>(size_);
    tasks_ = std::clamp<int64_t>(env.batch * size_ / kTileElements, 1, std::min(kMostTasks, ceilDiv(norm_.n, kBlock / 4)));
    if (training_) scratchSpec = {{groups_}, {groups_}};
    if (moved_) scratchSpec.insert(scratchSpec.end(), {{size_}, {size_, 0, Scratch::backward}, {size_}});
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t from = begin * size_, groups = (end - begin) * groups_;
    float* mean = training_ ? scratch[0] + begin * groups_ : nullptr;
    float* inverse = training_ ? scratch[1] + begin * groups_ : nullptr;
    if (!moved_) return groupNormalize(norm_, groups, x + from, mean, inverse, y + from);
    moveBehind(x, begin, end, behind(0));
    groupNormalize(norm_, groups, behind(0) + from, mean, inverse, behind(2) + from);
    moveBack(behind(2), begin, end, y);
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t from = begin * size_, groups = (end - begin) * groups_;
    const float* mean = scratch[0] + begin * groups_;
    const float* inverse = scratch[1] + begin * groups_;
    if (moved_) moveBehind(dy, begin, end, behind(1));
    if (!dx) return;
    if (!moved_) return groupGradient(norm_, groups, x + from, dy + from, mean, inverse, dx + from);
    groupGradient(norm_, groups, behind(0) + from, behind(1) + from, mean, inverse, behind(2) + from);
    moveBack(behind(2), begin, end, dx);
  }

  int64_t weightTasks() const override { return weightsReadDy ? tasks_ : 0; }

  void weightTask(const Step& step, int64_t task) override {
    took(tasks_ == 1 ? Path::layerNormOneTask : Path::layerNormTasks);
    const int64_t each = ceilDiv(norm_.n, tasks_), last = std::min(norm_.n, (task + 1) * each);
    double dgamma[kBlock], dbeta[kBlock];
    for (int64_t i = task * each; i < last; i += kBlock) {
      const int64_t n = std::min(kBlock, last - i);
      groupWeightGradients(norm_, step.rows * groups_, moved_ ? behind(0) : x, moved_ ? behind(1) : dy, scratch[0], scratch[1], i, i + n,
                           dgamma, dbeta);
      if (trainsGamma_) handOver(step, gammaId_, i, n, dgamma);
      if (trainsBeta_) handOver(step, betaId_, i, n, dbeta);
    }
  }

 private:
  std::vector<bool> readAxes(const Value& spec) const {
    const int64_t rank = static_cast<int64_t>(in.size());
    std::vector<int64_t> axes = spec.integers("axis");
    if (axes.empty()) axes = {-1};
    std::vector<bool> normalized(in.size());
    for (int64_t a : axes) {
      if (a < 0) a += rank + 1;
      if (a < 1 || a > rank || normalized[asSize(a - 1)])
        throw Error("ERR_SPEC", "layerNormalization: its axes must be different ones of the sample's");
      normalized[asSize(a - 1)] = true;
    }
    return normalized;
  }

  void takeWeights(const Value& spec, const OpEnv& env) {
    const bool scale = spec.flag("scale", true), center = spec.flag("center", true);
    if (env.weights.size() != (scale ? 1u : 0u) + (center ? 1u : 0u))
      throw Error("ERR_SPEC", "layerNormalization: its weights are not gamma and beta");
    for (const VariablePtr& w : env.weights)
      if (w->size != norm_.n) throw Error("ERR_SPEC", "layerNormalization: its weights do not have the size of its axes");
    if (scale) {
      take(env.weights[0], &norm_.gamma);
      gammaId_ = env.weightIds[0];
      trainsGamma_ = env.trainable[0];
    }
    if (center) {
      take(env.weights.back(), &norm_.beta);
      betaId_ = env.weightIds.back();
      trainsBeta_ = env.trainable.back();
    }
  }

  static void handOver(const Step& step, int weight, int64_t offset, int64_t n, const double* sum) {
    float* g = step.updater->tile(weight, offset, n);
    for (int64_t k = 0; k < n; ++k) g[k] = static_cast<float>(sum[k]);
    step.updater->done(weight, offset, n, g);
  }

  // Scratch: mean and inverse deviation of each group in training; for moved axes three samples a row: x, dy, and what is moved back.
  float* behind(size_t which) const { return scratch[scratch.size() - 3 + which]; }
  void moveBehind(const float* from, int64_t begin, int64_t end, float* to) const {
    for (int64_t r = begin * size_; r < end * size_; r += size_)
      for (size_t e = 0; e < to_.size(); ++e) to[r + to_[e]] = from[r + static_cast<int64_t>(e)];
  }
  void moveBack(const float* from, int64_t begin, int64_t end, float* to) const {
    for (int64_t r = begin * size_; r < end * size_; r += size_)
      for (size_t e = 0; e < to_.size(); ++e) to[r + static_cast<int64_t>(e)] = from[r + to_[e]];
  }

  GroupNorm norm_{};
  int64_t size_ = 1, groups_ = 1, tasks_ = 1;
  bool moved_ = false, training_ = false, trainsGamma_ = false, trainsBeta_ = false;
  std::vector<int64_t> to_;
  int gammaId_ = -1, betaId_ = -1;
};

}  // namespace

std::unique_ptr<Op> layerNormalization(const Value& spec, const OpEnv& env) { return std::make_unique<LayerNormalization>(spec, env); }

}  // namespace gemmfit::ops
