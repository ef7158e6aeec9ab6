#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/normalization.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kTileElements = 65536;  // of a task that sums: some 20 microseconds of one core
constexpr int64_t kMostTiles = 16;
constexpr int64_t kRun = 64;             // neighbouring floats that a tile of channels should at least read together
constexpr int64_t kBlock = 256;          // channels whose numbers are made on the stack
constexpr double kFlopsPerElement = 20;  // bound by memory: an element takes the time of so many operations of a product

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta for each channel, an entry of one axis of the sample (the axis counts the
// batch dimension, as in Keras). Training takes mean and variance from the batch and lets the moving ones follow; otherwise, and when
// `frozen`, the moving ones are taken. What a mask skips does not count for the statistics. Inside TimeDistributed the steps are batches
// one after the other: each has its own statistics, and the moving ones follow them in turn.
// Weights: gamma (if `scale`), beta (if `center`), moving mean, moving variance.
class BatchNormalization : public Op {
 public:
  BatchNormalization(const Value& spec, const OpEnv& env)
      : momentum_(spec.number("momentum", 0.99)),
        epsilon_(spec.number("epsilon", 1e-3)),
        fromBatch_(env.training && !spec.flag("frozen", false)),
        unbiasedMoving_(spec.flag("unbiasedMovingVariance", false)) {
    const int64_t rank = static_cast<int64_t>(env.in.size());
    axis_ = spec.integer("axis", -1);
    if (axis_ < 0) axis_ += rank + 1;
    if (axis_ < 1 || axis_ > rank) throw Error("ERR_SPEC", "batchNormalization: its axis is none of the sample's");
    in = out = env.in;
    if (fromBatch_) steps_ = env.steps;
    checkMask(env);
    channels_ = in[asSize(axis_ - 1)];
    for (int64_t i = 0; i < rank; ++i)
      if (i != axis_ - 1) (i < axis_ - 1 ? outer_ : inner_) *= in[asSize(i)];
    takeWeights(spec, env);

    const bool trains = trainsGamma_ || trainsBeta_;
    sums_ = fromBatch_ || trains;
    readsX = sums_;
    weightsReadX = false;
    inPlace = !sums_;
    givesDx_ = env.needsInputGradient;
    flopsPerRow = kFlopsPerElement * static_cast<double>(sizeOf(in));
    if (!sums_) return;
    cut(env.batch);
    scratchSpec = {{0, 4 * channels_ * steps_}, {0, 2 * 2 * channels_ * rowTiles_ * steps_}};
  }

  std::vector<Phase> forwardPhases() const override { return fromBatch_ ? phases(true) : std::vector<Phase>{Phase{}}; }
  std::vector<Phase> backwardPhases() const override { return sums_ ? phases(givesDx_) : std::vector<Phase>{Phase{}}; }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    took(!fromBatch_ ? Path::batchNormMoving : rowTiles_ > 1 ? Path::batchNormRowTiles : Path::batchNormOneRowTile);
    if (!fromBatch_ || phase == lastPhase()) return normalize(begin, end);
    if (phase == 1) return eachStep([&](int64_t t) { statistics(step, t, 0, channels_); });
    const ChannelRange tile = tileOf(step, begin);
    eachStep([&](int64_t t) {
      overBlocks(tile, [&](const ChannelRange& part) {
        float centre[kBlock];
        centres(step, t, part.channel, part.channelEnd, centre);
        channelSums(view(t), part, x, nullptr, centre, first(begin, t) + part.channel, second(begin, t) + part.channel);
      });
      if (rowTiles_ == 1) statistics(step, t, tile.channel, tile.channelEnd);
    });
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (!sums_ || phase == lastPhase()) return gradient(begin, end);
    if (phase == 1) return eachStep([&](int64_t t) { gradientSums(step, t, 0, channels_); });
    const ChannelRange tile = tileOf(step, begin);
    eachStep([&](int64_t t) {
      channelSums(view(t), tile, x, dy, mean(t) + tile.channel, first(begin, t) + tile.channel, second(begin, t) + tile.channel);
      if (rowTiles_ == 1) gradientSums(step, t, tile.channel, tile.channelEnd);
    });
  }

  int64_t weightTasks() const override { return trainsGamma_ || trainsBeta_ ? 1 : 0; }

  void weightTask(const Step& step, int64_t) override {
    for (int64_t c = 0; c < channels_; c += kTileFloats) {
      const int64_t n = std::min(kTileFloats, channels_ - c);
      if (trainsGamma_) {
        float* g = step.updater->tile(gammaId_, c, n);
        for (int64_t i = 0; i < n; ++i) g[i] = overSteps([&](int64_t t) { return second(0, t)[c + i] * inverse(t, c + i); });
        step.updater->done(gammaId_, c, n, g);
      }
      if (trainsBeta_) {
        float* g = step.updater->tile(betaId_, c, n);
        for (int64_t i = 0; i < n; ++i) g[i] = overSteps([&](int64_t t) { return first(0, t)[c + i]; });
        step.updater->done(betaId_, c, n, g);
      }
    }
  }

 private:
  void takeWeights(const Value& spec, const OpEnv& env) {
    const bool scale = spec.flag("scale", true), center = spec.flag("center", true);
    const size_t moving = (scale ? 1u : 0u) + (center ? 1u : 0u);
    if (env.weights.size() != moving + 2)
      throw Error("ERR_SPEC", "batchNormalization: its weights are not gamma, beta and the moving ones");
    for (const VariablePtr& w : env.weights)
      if (w->size != channels_) throw Error("ERR_SPEC", "batchNormalization: its weights do not have the size of its axis");
    if (scale) {
      take(env.weights[0], &gamma_);
      gammaId_ = env.weightIds[0];
      trainsGamma_ = env.trainable[0];
    }
    if (center) {
      take(env.weights[moving - 1], &beta_);
      betaId_ = env.weightIds[moving - 1];
      trainsBeta_ = env.trainable[moving - 1];
    }
    take(env.weights[moving], &movingMean_);
    take(env.weights[moving + 1], &movingVariance_);
  }

  // As Keras, it takes a mask of all axes but the last.
  void checkMask(const OpEnv& env) const {
    if (env.maskSteps == 0) return;
    if (env.maskSteps != sizeOf(in) / in.back())
      throw Error("ERR_MASK", "batch normalization takes a mask of all axes but the last, and this one has " +
                                  std::to_string(env.maskSteps) + " numbers a sample");
    if (fromBatch_ && axis_ + 1 < static_cast<int64_t>(in.size()))
      throw Error("ERR_MASK",
                  "batch normalization of masked samples is there for their last two axes, and its axis is " + std::to_string(axis_));
  }

  // Tiles of channels first: their sums are then whole. Few channels with many rows are cut by rows as well, and a phase of one
  // task puts the parts together.
  void cut(int64_t batch) {
    const int64_t wanted = std::clamp<int64_t>(batch * sizeOf(in) / kTileElements, 1, kMostTiles), rows = batch / steps_;
    const int64_t least = std::max<int64_t>(1, kRun / inner_);
    tileChannels_ = std::max(least, ceilDiv(channels_, wanted));
    channelTiles_ = ceilDiv(channels_, tileChannels_);
    rowTiles_ = std::clamp<int64_t>(wanted / channelTiles_, 1, rows);
    tileRows_ = ceilDiv(rows, rowTiles_);
  }

  std::vector<Phase> phases(bool rows) const {
    std::vector<Phase> all{Phase{Phase::tasks, channelTiles_ * rowTiles_}};
    if (rowTiles_ > 1) all.push_back(Phase{Phase::tasks, 1});
    if (rows) all.push_back(Phase{});
    return all;
  }
  int lastPhase() const { return rowTiles_ > 1 ? 2 : 1; }

  // Of every step.
  int64_t rowsOf(const Step& step) const { return step.rows / steps_; }
  ChannelRange tileOf(const Step& step, int64_t tile) const {
    const int64_t rows = rowsOf(step), row = std::min(rows, tile / channelTiles_ * tileRows_),
                  channel = tile % channelTiles_ * tileChannels_;
    return {row * outer_, std::min(rows, row + tileRows_) * outer_, channel, std::min(channels_, channel + tileChannels_)};
  }

  template <class F>
  void eachStep(F&& f) const {
    for (int64_t t = 0; t < steps_; ++t) f(t);
  }
  template <class F>
  float overSteps(F&& f) const {
    double sum = 0;
    eachStep([&](int64_t t) { sum += f(t); });
    return static_cast<float>(sum);
  }

  template <class F>
  static void overBlocks(const ChannelRange& range, F&& f) {
    for (int64_t c = range.channel; c < range.channelEnd; c += kBlock)
      f(ChannelRange{range.outer, range.outerEnd, c, std::min(range.channelEnd, c + kBlock)});
  }

  ChannelView view(int64_t t) const {
    return {channels_, inner_, maskIn, maskIn && axis_ < static_cast<int64_t>(in.size()), steps_, t, outer_};
  }

  // How many elements of a channel count, and the first row that does (-1: none).
  struct Kept {
    double count;
    int64_t first;
  };
  Kept kept(const ChannelView& v, const Step& step, int64_t channel) const {
    const int64_t rows = rowsOf(step) * outer_;
    if (!v.keep) return {static_cast<double>(rows * inner_), v.row(0)};
    Kept k{0, -1};
    for (int64_t o = 0; o < rows; ++o)
      if (v.keeps(v.row(o), channel)) {
        if (k.first < 0) k.first = v.row(o);
        k.count += static_cast<double>(inner_);
      }
    return k;
  }
  template <class F>
  void overKept(const Step& step, int64_t t, int64_t begin, int64_t end, F&& f) const {
    const ChannelView v = view(t);
    Kept k{};
    for (int64_t c = begin; c < end; ++c) {
      if (c == begin || v.keepPerChannel) k = kept(v, step, c);
      f(c, k);
    }
  }

  // Sums go around an element of the channel itself: near enough to the mean that squares do not cancel.
  float centre(const Kept& k, int64_t channel) const { return k.first < 0 ? 0.0f : x[(k.first * channels_ + channel) * inner_]; }
  void centres(const Step& step, int64_t t, int64_t begin, int64_t end, float* to) const {
    overKept(step, t, begin, end, [&](int64_t c, const Kept& k) { to[c - begin] = centre(k, c); });
  }

  void addUp(int64_t t, int64_t channel) {
    for (int64_t tile = 1; tile < rowTiles_; ++tile) {
      first(0, t)[channel] += first(tile * channelTiles_, t)[channel];
      second(0, t)[channel] += second(tile * channelTiles_, t)[channel];
    }
  }

  void statistics(const Step& step, int64_t t, int64_t begin, int64_t end) {
    overKept(step, t, begin, end, [&](int64_t c, const Kept& k) {
      addUp(t, c);
      const double n = std::max(1.0, k.count), s = first(0, t)[c] / n, v = second(0, t)[c] / n - s * s;
      const double average = centre(k, c) + s, variance = v < 0 ? 0.0 : v;
      mean(t)[c] = static_cast<float>(average);
      inverses(t)[c] = static_cast<float>(1.0 / std::sqrt(variance + epsilon_));
      const double seen = unbiasedMoving_ ? variance * n / std::max(1.0, n - 1) : variance;
      movingMean_[c] = static_cast<float>(movingMean_[c] * momentum_ + average * (1 - momentum_));
      movingVariance_[c] = static_cast<float>(movingVariance_[c] * momentum_ + seen * (1 - momentum_));
    });
  }

  // Leaves what `gradient` subtracts: the parts of dy that go through the mean and through the variance.
  void gradientSums(const Step& step, int64_t t, int64_t begin, int64_t end) {
    overKept(step, t, begin, end, [&](int64_t c, const Kept& k) {
      addUp(t, c);
      const double n = std::max(1.0, k.count), inv = inverse(t, c);
      throughMean(t)[c] = static_cast<float>(first(0, t)[c] / n);
      throughVariance(t)[c] = static_cast<float>(second(0, t)[c] * inv * inv / n);
    });
  }

  void scales(int64_t t, int64_t begin, int64_t end, float* to) const {
    for (int64_t c = begin; c < end; ++c) to[c - begin] = inverse(t, c) * (gamma_ ? gamma_[c] : 1.0f);
  }

  // f(step, part) for the rows' steps and blocks of channels. TimeDistributed asks for rows with all of their steps.
  template <class F>
  void overRows(int64_t begin, int64_t end, F&& f) const {
    eachStep([&](int64_t t) {
      overBlocks({begin / steps_ * outer_, end / steps_ * outer_, 0, channels_}, [&](const ChannelRange& part) { f(t, part); });
    });
  }

  void normalize(int64_t begin, int64_t end) {
    overRows(begin, end, [&](int64_t t, const ChannelRange& part) {
      float scale[kBlock];
      scales(t, part.channel, part.channelEnd, scale);
      channelNormalize(view(t), part, x, mean(t) + part.channel, scale, beta_ ? beta_ + part.channel : nullptr, y);
    });
  }

  void gradient(int64_t begin, int64_t end) {
    if (!dx) return;
    overRows(begin, end, [&](int64_t t, const ChannelRange& part) {
      float scale[kBlock];
      scales(t, part.channel, part.channelEnd, scale);
      const float* a = fromBatch_ ? throughMean(t) + part.channel : nullptr;
      const float* b = fromBatch_ ? throughVariance(t) + part.channel : nullptr;
      channelGradient(view(t), part, x, dy, mean(t) + part.channel, scale, a, b, dx);
    });
  }

  // Scratch: [mean | inverse | throughMean | throughVariance] of each step, and for each tile of rows and each step two sums a channel.
  float* mean(int64_t t) const { return fromBatch_ ? scratch[0] + 4 * channels_ * t : movingMean_; }
  float* inverses(int64_t t) const { return scratch[0] + 4 * channels_ * t + channels_; }
  float* throughMean(int64_t t) const { return scratch[0] + 4 * channels_ * t + 2 * channels_; }
  float* throughVariance(int64_t t) const { return scratch[0] + 4 * channels_ * t + 3 * channels_; }
  double* first(int64_t tile, int64_t t) const {
    return reinterpret_cast<double*>(scratch[1]) + (tile / channelTiles_ * steps_ + t) * 2 * channels_;
  }
  double* second(int64_t tile, int64_t t) const { return first(tile, t) + channels_; }
  float inverse(int64_t t, int64_t c) const {
    return fromBatch_ ? inverses(t)[c] : static_cast<float>(1.0 / std::sqrt(movingVariance_[c] + epsilon_));
  }

  double momentum_, epsilon_;
  bool fromBatch_, unbiasedMoving_;
  bool sums_ = false, givesDx_ = false, trainsGamma_ = false, trainsBeta_ = false;
  int64_t axis_ = 1, outer_ = 1, channels_ = 1, inner_ = 1;
  int64_t steps_ = 1;
  int64_t tileChannels_ = 1, channelTiles_ = 1, rowTiles_ = 1, tileRows_ = 1;
  const float* gamma_ = nullptr;
  const float* beta_ = nullptr;
  float* movingMean_ = nullptr;
  float* movingVariance_ = nullptr;
  int gammaId_ = -1, betaId_ = -1;
};

}  // namespace

std::unique_ptr<Op> batchNormalization(const Value& spec, const OpEnv& env) { return std::make_unique<BatchNormalization>(spec, env); }

}  // namespace gemmfit::ops
