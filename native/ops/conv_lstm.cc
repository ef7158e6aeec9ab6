#include "native/ops/conv_lstm.h"

#include <string>

#include "native/engine/error.h"
#include "native/engine/paths.h"
#include "native/engine/philox.h"
#include "native/engine/updater.h"
#include "native/kernels/sizes.h"

// What a ConvLstm is made of, and the gradients of its weights.
namespace gemmfit::ops {
namespace {

// Gradients of all taps are one task up to about this much arithmetic, above it each tap has its own.
constexpr double kWeightTaskFlops = 8e6;

OpEnv ofOneStep(const OpEnv& env) {
  OpEnv step = env;
  if (!step.in.empty()) step.in.erase(step.in.begin());
  return step;
}

}  // namespace

ConvLstm::ConvLstm(const Value& spec, const OpEnv& env) : ConvLstm(spec, env, ConvolutionSpec("convLstm", spec, ofOneStep(env))) {}

ConvLstm::ConvLstm(const Value& spec, const OpEnv& env, const ConvolutionSpec& s)
    : cell_(spec),
      options_("convLstm", spec, env),
      steps_(options_.steps),
      filters_(spec.integer("filters")),
      training_(env.training),
      channelsFirst_(s.channelsFirst),
      weightIds_(env.weightIds) {
  if (filters_ < 1) s.fail("filters must be above 0");
  checkWeights(env, s);
  const Window w = s.window();
  Window around = w;  // of the state
  for (int a = 0; a < 3; ++a) {
    around.in[a] = w.out[a];
    around.stride[a] = around.dilation[a] = 1;
    around.before[a] = (w.kernel[a] - 1) / 2;
  }
  input_ = {w.in[0] * w.in[1] * w.in[2], s.channels, options_.dropout > 0 ? kGates : 1};
  state_ = {w.positions(), filters_, options_.recurrentDropout > 0 ? kGates : 1};
  gateSize_ = kGates * state_.size();
  const auto make = [&](Window window, const View& view) {
    std::unique_ptr<Convolution> c = makeConvolution(spec);
    window.channels = view.copies * view.channels;
    c->window = window;
    c->groups = view.copies;
    c->filters = kGates * filters_;
    return c;
  };
  conv_ = make(w, input_);
  recurrentConv_ = make(around, state_);
  in = env.in;
  out = s.sampleShape(w.out, filters_);
  if (options_.sequences) out.insert(out.begin(), steps_);
  mask = options_.sequences ? Mask::pass : Mask::drop;
  productFlops = flopsPerRow = 2.0 * static_cast<double>(steps_) * static_cast<double>(w.positions()) *
                               static_cast<double>(conv_->kernelSize() + recurrentConv_->kernelSize());
  batch_ = env.batch;
  if (options_.stateful) states = {stateOf("convLstm", spec, env, 2 * state_.size())};
  planMemory(env);
  planGradients(env);
}

void ConvLstm::checkWeights(const OpEnv& env, const ConvolutionSpec& s) {
  // In doubles: sizes of a bad spec may be past what integers hold.
  double columns = static_cast<double>(kGates) * static_cast<double>(filters_), taps = 1;
  for (const int64_t k : s.kernel) taps *= static_cast<double>(k);
  const auto has = [&](size_t weight, double size) { return static_cast<double>(env.weights[weight]->size) == size; };
  if (env.weights.size() != (s.useBias ? 3u : 2u) || !has(0, taps * static_cast<double>(s.channels) * columns) ||
      !has(1, taps * static_cast<double>(filters_) * columns) || (s.useBias && !has(2, columns)))
    s.fail("its weights do not have the shape of its input and filters");
  take(env.weights[0], &kernel_);
  take(env.weights[1], &recurrent_);
  if (s.useBias) take(env.weights[2], &bias_);
}

void ConvLstm::planMemory(const OpEnv& env) {
  const int64_t state = state_.size(), image = input_.size() * input_.copies;
  const bool drops = input_.copies > 1, dropsH = state_.copies > 1;
  gates_ = memory(steps_ * gateSize_);
  tanhC_ = memory(steps_ * state);
  for (int k = 0; k < 2; ++k) {
    before_[k] = memory(steps_ * state);
    last_[k] = memory(state);
  }
  if (drops || channelsFirst_) images_ = memory(steps_ * image);
  if (drops) inputMasks_ = memory(image);
  if (dropsH) droppedH_ = memory(steps_ * gateSize_);
  if (dropsH) stateMasks_ = memory(gateSize_);
  product_ = memory(gateSize_);
  if (channelsFirst_) turned_ = memory(turnedSize());
  if (!cell_.fused()) {
    sums_ = memory(steps_ * gateSize_);
    work_ = memory(5 * filters_);
  }
  if (!training_) return;
  dh_ = memory(state, Scratch::backward);
  dc_ = memory(state, Scratch::backward);
  if (images_ >= 0 && env.needsInputGradient) dImages_ = memory(steps_ * image, Scratch::backward);
}

void ConvLstm::planGradients(const OpEnv& env) {
  readsX = images_ < 0 && env.trainable[0];
  const bool small = flopsPerRow * static_cast<double>(env.batch) < kWeightTaskFlops;
  for (const int weight : {0, 1}) {
    const Convolution& c = weight == 0 ? *conv_ : *recurrentConv_;
    if (!env.trainable[asSize(weight)]) continue;
    for (const KernelTile& tile : kernelTiles(c, small ? c.window.taps() : 1)) tasks_.push_back({weight, tile});
  }
  if (bias_ && env.trainable[2]) tasks_.push_back({2, {}});
}

void ConvLstm::weightTask(const Step& step, int64_t task) {
  const Task& t = tasks_[asSize(task)];
  const int id = weightIds_[asSize(t.weight)];
  const int64_t columns = kGates * filters_, samples = step.rows * steps_;
  const float* grid = of(gates_, 0, 0);
  if (t.weight == 2) {
    for (int64_t from = 0; from < columns; from += kTileFloats) {
      const int64_t n = std::min(kTileFloats, columns - from);
      float* g = step.updater->tile(id, from, n);
      std::memset(g, 0, asSize(n) * sizeof(float));
      addColumnSums(grid + from, samples * state_.cells, columns, n, g);
      step.updater->done(id, from, n, g);
    }
    return;
  }
  const Convolution& c = t.weight == 0 ? *conv_ : *recurrentConv_;
  const float* image = t.weight == 0 ? images(0) : of(droppedH_ < 0 ? before_[0] : droppedH_, 0, 0);
  const Convolution::Block& b = t.tile.block;
  took(b.part.taps == c.window.taps() ? Path::convLstmOneTask : Path::convLstmTasks);
  const int64_t rows = b.part.taps * b.part.channels;
  int64_t stride;
  float* g = step.updater->block(id, t.tile.offset, rows, b.filters, columns, &stride);
  c.kernelGradient(b, image, grid, samples, 0, g, stride);
  step.updater->blockDone(id, t.tile.offset, rows, b.filters, columns, g, stride);
}

std::unique_ptr<Op> convLstm(const Value& spec, const OpEnv& env) { return std::make_unique<ConvLstm>(spec, env); }

}  // namespace gemmfit::ops
