#include "native/ops/convolution.h"

#include <algorithm>
#include <cstring>

#include "native/engine/error.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/direct_convolution.h"
#include "native/kernels/gemm/choice.h"
#include "native/kernels/sizes.h"
#include "native/ops/precision.h"

namespace gemmfit {
namespace {

constexpr int64_t kMostSampleGroups = 16;
constexpr double kGroupFlops = 4e6;
constexpr int kMaskedPanel = 6;

}  // namespace

std::unique_ptr<Convolution> makeConvolution(const Value& spec) {
  const Precision precision = ops::readPrecision(spec);
  std::unique_ptr<Convolution> c;
  if (precision == Precision::bfloat16 || gemmChoice() == GemmChoice::openblas)
    c = std::make_unique<Convolution>();
  else
    c = std::make_unique<DirectConvolution>();
  c->precision = precision;
  return c;
}

std::vector<KernelTile> kernelTiles(const Convolution& c, int64_t mostTaps) {
  std::vector<KernelTile> tiles;
  for (int64_t g = 0; g < c.blocks(); ++g) {
    const Convolution::Block all = c.block(g);
    const int64_t columns = std::min(all.filters, kTileFloats), rows = std::max<int64_t>(1, kTileFloats / columns);
    const int64_t channels = std::min(all.part.channels, rows);
    const int64_t taps = channels < all.part.channels ? 1 : std::max<int64_t>(1, std::min({all.part.taps, rows / channels, mostTaps}));
    for (int64_t tap = 0; tap < all.part.taps; tap += taps)
      for (int64_t ch = 0; ch < all.part.channels; ch += channels)
        for (int64_t f = 0; f < all.filters; f += columns) {
          const WindowPart part{tap, std::min(taps, all.part.taps - tap), all.part.channel + ch,
                                std::min(channels, all.part.channels - ch)};
          tiles.push_back(
              {{part, all.filter + f, std::min(columns, all.filters - f)}, (tap * all.part.channels + ch) * c.filters + all.filter + f});
        }
  }
  return tiles;
}

ConvolutionOp::ConvolutionOp(const ConvolutionSpec& spec, const OpEnv& env, std::unique_ptr<Convolution> convolution, bool transposed)
    : own_(std::move(convolution)), c_(*own_), transposed_(transposed), channelsFirst_(spec.channelsFirst) {
  const Window& w = c_.window;
  const int64_t imageCells = w.in[0] * w.in[1] * w.in[2];
  channelsOut_ = transposed ? w.channels : c_.filters;
  cellsIn_ = transposed ? w.positions() : imageCells;
  cellsOut_ = transposed ? imageCells : w.positions();
  // In doubles: sizes of a bad spec may be past what integers hold.
  double size = static_cast<double>(w.channels / c_.groups) * static_cast<double>(c_.filters);
  for (int a = 0; a < 3; ++a) size *= static_cast<double>(w.kernel[a]);
  if (env.weights.size() != (spec.useBias ? 2u : 1u) || static_cast<double>(env.weights[0]->size) != size ||
      (spec.useBias && env.weights[1]->size != channelsOut_))
    spec.fail("its weights do not have the shape of its input");
  take(env.weights[0], &kernel_);
  kernelId_ = env.weightIds[0];
  trainsKernel_ = env.trainable[0];
  if (spec.useBias) {
    take(env.weights[1], &bias_);
    biasId_ = env.weightIds[1];
    trainsBias_ = env.trainable[1];
  }
  in = env.in;
  out = spec.sampleShape(transposed ? w.in : w.out, channelsOut_);
  mask = Mask::drop;
  readsX = trainsKernel_;
  productFlops = flopsPerRow = 2.0 * static_cast<double>(w.positions()) * static_cast<double>(c_.kernelSize());
  canMaskDx = true;
  if (trainsKernel_ || trainsBias_) planGradients(env);
  canReplaceX = weightTasks_ == 0 || sampleGroups_ > 0;  // else weight tasks come after it
}

// Gradients of the weights are summed in groups of samples while dy is there, and added up in the order of the groups. Where such
// sums would be large beside the batch itself, or the work is little, weight tasks go through the whole batch instead, a tile each.
void ConvolutionOp::planGradients(const OpEnv& env) {
  const int64_t size = c_.kernelSize(), batchFloats = env.batch * (sizeOf(in) + sizeOf(out));
  const double flops = flopsPerRow * static_cast<double>(env.batch);
  const int64_t wanted = std::min({static_cast<int64_t>(std::min(flops / kGroupFlops, 1e6)), env.batch, kMostSampleGroups});
  const int64_t affordable = batchFloats / 4 / (size + channelsOut_);
  if (!c_.divisible() || (wanted >= 2 && affordable >= std::min<int64_t>(wanted, 4))) {
    // A power of two, so that two, four or eight threads get equal shares.
    int64_t groups = 1;
    while (2 * groups <= std::min(wanted, affordable)) groups *= 2;
    groupRows_ = ceilDiv(env.batch, groups);
    sampleGroups_ = ceilDiv(env.batch, groupRows_);
    scratchSpec.push_back({0, sampleGroups_ * size, Scratch::backward});
    scratchSpec.push_back({0, sampleGroups_ * channelsOut_, Scratch::backward});
    weightTasks_ = trainsKernel_ ? ceilDiv(size, kTileFloats) : 1;
    weightsReadX = false;
    return;
  }
  weightsReadDy = true;
  if (trainsKernel_) tiles_ = kernelTiles(c_, wanted < 2 ? c_.window.taps() : 1);
  weightTasks_ = wanted < 2 ? 1 : std::max<int64_t>(1, static_cast<int64_t>(tiles_.size()));
}

std::vector<Phase> ConvolutionOp::backwardPhases() const {
  if (sampleGroups_ == 0) return {Phase{}};
  return {Phase{Phase::tasks, sampleGroups_}, Phase{}};
}

// `to` = the product from image to grid or back, on top of the bias of the output channels.
void ConvolutionOp::run(bool toGrid, const float* from, bool biased, float* to, int64_t samples) const {
  const Window& w = c_.window;
  const int64_t imageCells = w.in[0] * w.in[1] * w.in[2], gridCells = w.positions();
  const int64_t fromCells = toGrid ? imageCells : gridCells, fromChannels = toGrid ? w.channels : c_.filters;
  const int64_t toCells = toGrid ? gridCells : imageCells, toChannels = toGrid ? c_.filters : w.channels;
  const auto product = [&](const float* a, float* b, int64_t n) {
    if (toGrid)
      c_.toGrid(kernel_, biased ? bias_ : nullptr, a, n, b);
    else
      c_.toImage(kernel_, biased ? bias_ : nullptr, a, n, b);
  };
  if (!channelsFirst_) return product(from, to, samples);
  took(Path::convChannelsFirst);
  float* a = threadPanel(1, fromCells * fromChannels);
  float* b = threadPanel(2, toCells * toChannels);
  for (int64_t s = 0; s < samples; ++s) {
    transpose(from + s * fromCells * fromChannels, fromChannels, fromCells, fromCells, a);
    product(a, b, 1);
    transpose(b, toCells, toChannels, toChannels, to + s * toCells * toChannels);
  }
}

void ConvolutionOp::forward(const Step&, int, int64_t begin, int64_t end) {
  run(!transposed_, x + begin * sizeOf(in), bias_ != nullptr, y + begin * sizeOf(out), end - begin);
}

void ConvolutionOp::backward(const Step& step, int phase, int64_t begin, int64_t end) {
  if (sampleGroups_ == 0 || phase == 1) return inputGradient(begin, end - begin);
  const int64_t first = begin * groupRows_, samples = std::min(groupRows_, step.rows - first);
  if (samples <= 0) return;
  float* kernel = trainsKernel_ ? scratch[0] + begin * c_.kernelSize() : nullptr;
  for (int64_t g = 0; g < c_.blocks() && kernel; ++g) {
    const Convolution::Block b = c_.block(g);
    blockGradient(b, first, samples, kernel + b.filter, c_.filters);
  }
  if (trainsBias_) biasGradient(first, samples, 0, channelsOut_, scratch[1] + begin * channelsOut_);
}

void ConvolutionOp::inputGradient(int64_t first, int64_t samples) const {
  if (!dx) return;
  const int64_t size = samples * sizeOf(in);
  float *own = dx + first * sizeOf(in), *to = masksDx && replacesX ? threadPanel(kMaskedPanel, size) : own;
  run(transposed_, dy + first * sizeOf(out), false, to, samples);
  if (masksDx) relu_.backward(x + first * sizeOf(in), to, own, size);
}

// The gradient of a block of the kernel over some samples.
void ConvolutionOp::blockGradient(const Convolution::Block& block, int64_t first, int64_t samples, float* gradient, int64_t stride) const {
  const float* from = x + first * sizeOf(in);
  const float* slope = dy + first * sizeOf(out);
  const auto add = [&](const float* a, const float* b, int64_t n, float beta) {
    c_.kernelGradient(block, transposed_ ? b : a, transposed_ ? a : b, n, beta, gradient, stride);
  };
  if (!channelsFirst_) return add(from, slope, samples, 0);
  const int64_t inSize = sizeOf(in), outSize = sizeOf(out);
  float* a = threadPanel(1, inSize);
  float* b = threadPanel(2, outSize);
  for (int64_t s = 0; s < samples; ++s) {
    transpose(from + s * inSize, inSize / cellsIn_, cellsIn_, cellsIn_, a);
    transpose(slope + s * outSize, channelsOut_, cellsOut_, cellsOut_, b);
    add(a, b, 1, s == 0 ? 0.0f : 1.0f);
  }
}

// Sums of dy over samples and cells, for channels [channel, channel + n).
void ConvolutionOp::biasGradient(int64_t first, int64_t samples, int64_t channel, int64_t n, float* sum) const {
  const int64_t size = sizeOf(out);
  std::memset(sum, 0, asSize(n) * sizeof(float));
  const float* from = dy + first * size;
  if (!channelsFirst_) return addColumnSums(from + channel, samples * cellsOut_, channelsOut_, n, sum);
  for (int64_t s = 0; s < samples; ++s)
    for (int64_t c = 0; c < n; ++c) {
      const float* line = from + s * size + (channel + c) * cellsOut_;
      double all = 0;
      for (int64_t i = 0; i < cellsOut_; ++i) all += line[i];
      sum[c] += static_cast<float>(all);
    }
}

void ConvolutionOp::weightTask(const Step& step, int64_t task) {
  took(sampleGroups_ > 0 ? Path::convSampleGroups : weightTasks_ == 1 ? Path::convOneWeightTask : Path::convWeightTiles);
  if (sampleGroups_ > 0) {
    const int64_t parts = ceilDiv(step.rows, groupRows_);
    if (trainsKernel_) mergeTile(step, kernelId_, task * kTileFloats, c_.kernelSize(), scratch[0], parts);
    if (trainsBias_ && task == weightTasks_ - 1)
      for (int64_t at = 0; at < channelsOut_; at += kTileFloats) mergeTile(step, biasId_, at, channelsOut_, scratch[1], parts);
    return;
  }
  const bool one = weightTasks_ == 1;
  for (size_t i = one ? 0 : asSize(task); i < (one ? tiles_.size() : asSize(task) + 1); ++i) {
    const KernelTile& t = tiles_[i];
    const int64_t rows = t.block.part.taps * t.block.part.channels;
    int64_t stride;
    float* g = step.updater->block(kernelId_, t.offset, rows, t.block.filters, c_.filters, &stride);
    blockGradient(t.block, 0, step.rows, g, stride);
    step.updater->blockDone(kernelId_, t.offset, rows, t.block.filters, c_.filters, g, stride);
  }
  if (trainsBias_ && task == weightTasks_ - 1)
    for (int64_t at = 0; at < channelsOut_; at += kTileFloats) {
      const int64_t n = std::min(kTileFloats, channelsOut_ - at);
      float* g = step.updater->tile(biasId_, at, n);
      biasGradient(0, step.rows, at, n, g);
      step.updater->done(biasId_, at, n, g);
    }
}

// Hands over the tile at `offset` of a weight of `size`: the sum of `parts` partial gradients.
void ConvolutionOp::mergeTile(const Step& step, int weight, int64_t offset, int64_t size, const float* partial, int64_t parts) const {
  const int64_t n = std::min(kTileFloats, size - offset);
  float* g = step.updater->tile(weight, offset, n);
  std::memcpy(g, partial + offset, asSize(n) * sizeof(float));
  for (int64_t p = 1; p < parts; ++p) {
    const float* from = partial + p * size + offset;
    for (int64_t i = 0; i < n; ++i) g[i] += from[i];
  }
  step.updater->done(weight, offset, n, g);
}

}  // namespace gemmfit
