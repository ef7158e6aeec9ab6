#include "native/ops/recurrent.h"

#include <algorithm>
#include <cstring>

#include "native/engine/error.h"
#include "native/engine/paths.h"
#include "native/engine/philox.h"
#include "native/kernels/gemm/packed.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

size_t bytes(int64_t floats) { return asSize(floats) * sizeof(float); }

}  // namespace

void drawDropout(uint64_t key, uint64_t step, int64_t row, double rate, float* mask, int64_t n) {
  const float scale = static_cast<float>(1 / (1 - rate)), limit = static_cast<float>(rate);
  for (int64_t j = 0; j < n; j += 4) {
    const Philox p(key, step, static_cast<uint64_t>(row) * static_cast<uint64_t>(ceilDiv(n, 4)) + static_cast<uint64_t>(j / 4));
    for (int64_t k = j; k < std::min(n, j + 4); ++k) mask[k] = unitFloat(p.v[k - j]) < limit ? 0.0f : scale;
  }
}

Recurrent::Recurrent(const char* name, const Value& spec, const OpEnv& env, int64_t gates, int64_t biasRows, int stateCount)
    : units_(spec.integer("units")), training_(env.training), options_(name, spec, env), packs_(packsForFewRows()) {
  const auto check = [&](bool right, const char* what) {
    if (!right) throw Error("ERR_SPEC", std::string(name) + ": " + what);
  };
  check(env.in.size() == 2 && units_ >= 1, "its input must be [steps, features] and units above 0");
  steps_ = options_.steps;
  width_ = env.in[1];
  const bool useBias = spec.flag("useBias", true);
  check(env.weights.size() == (useBias ? 3u : 2u), "it takes a kernel, a recurrent kernel and a bias unless useBias is false");
  // Sizes that are larger than the weights cannot be right, and their products might not be numbers.
  const bool small = units_ <= env.weights[1]->size && width_ <= env.weights[0]->size;
  gateWidth_ = small ? gates * units_ : 0;
  check(small && env.weights[0]->size == width_ * gateWidth_ && env.weights[1]->size == units_ * gateWidth_ &&
            (!useBias || env.weights[2]->size == biasRows * gateWidth_),
        "its weights do not have the shape of its input and units");
  take(env.weights[0], &kernel_);
  take(env.weights[1], &recurrent_);
  if (useBias) take(env.weights[2], &bias_);
  weightIds_ = env.weightIds;
  trainable_ = env.trainable;
  maskBackwards_ = options_.backwards || spec.flag("maskBackwards", false);
  batch_ = env.batch;
  if (options_.stateful) states = {stateOf(name, spec, env, stateCount * units_)};

  in = env.in;
  out = options_.sequences ? Shape{steps_, units_} : Shape{units_};
  mask = options_.sequences ? Mask::pass : Mask::drop;
  productFlops = flopsPerRow = 2.0 * static_cast<double>(steps_) * static_cast<double>((width_ + units_) * gateWidth_);
  planMemory(gates, stateCount, env.needsInputGradient);
}

void Recurrent::planMemory(int64_t gates, int stateCount, bool inputGradient) {
  // As in Keras: with recurrent dropout every gate has masks of its own, otherwise all gates see the same dropped input.
  const bool drops = options_.dropout > 0, dropsH = options_.recurrentDropout > 0;
  const int64_t copies = drops && dropsH ? gates : 1;
  for (int64_t q = 0; q < copies; ++q) {
    inputs_.push_back(slabs(width_));
    if (drops) inputMasks_.push_back(memory(width_));
  }
  for (int64_t q = 0; dropsH && q < gates; ++q) {
    droppedH_.push_back(slabs(units_));
    recurrentMasks_.push_back(memory(units_));
  }
  gates_ = slabs(gateWidth_);
  for (int k = 0; k < stateCount; ++k) {
    previous_.push_back(slabs(units_));
    last_.push_back(memory(units_));
  }
  if (training_) dh_ = memory(units_, Scratch::backward);
  if (dropsH) dropTemp_ = memory(units_, Scratch::backward);
  if (inputGradient) dInputs_ = slabs(width_, Scratch::backward);
}

StepMask Recurrent::stepMask(const Chunk& c, int64_t t) const {
  if (!maskIn) return {};
  return {maskIn + c.row * steps_ + (maskBackwards_ ? steps_ - 1 - t : t), steps_};
}

void Recurrent::forward(const Step& step, int phase, int64_t begin, int64_t end) {
  if (packs_ && phase == 0) {
    const GateKernel& u = kernels_[asSize(begin)];
    return pack(matrix(u), scratch[asSize(u.memory)]);
  }
  took(droppedH_.empty() ? Path::recurrentPlain : Path::recurrentDropped);
  const Chunk c{begin, end - begin};
  loadInputs(step, c);
  inputProducts(c);
  for (size_t k = 0; k < previous_.size(); ++k) {
    float* first = previous(static_cast<int>(k), c, 0);
    if (options_.stateful)
      std::memcpy(first, carried(k) + c.row * units_, bytes(c.rows * units_));
    else
      std::memset(first, 0, bytes(c.rows * units_));
  }
  drawMasks(step, c, recurrentMasks_, units_, options_.recurrentDropout, 2);
  for (int64_t t = 0; t < steps_; ++t) {
    const float* h = previous(0, c, t);
    for (size_t q = 0; q < droppedH_.size(); ++q) {
      float* to = slab(droppedH_[q], c, t, units_);
      const float* m = rows(recurrentMasks_[q], c, units_);
      for (int64_t i = 0; i < c.rows * units_; ++i) to[i] = h[i] * m[i];
    }
    stepForward(c, t);
    writeOutput(c, t);
  }
  for (size_t k = 0; options_.stateful && k < last_.size(); ++k)
    std::memcpy(carried(k) + c.row * units_, rows(last_[k], c, units_), bytes(c.rows * units_));
}

void Recurrent::backward(const Step&, int, int64_t begin, int64_t end) {
  const Chunk c{begin, end - begin};
  std::memset(dh(c), 0, bytes(c.rows * units_));
  for (int64_t t = steps_; t-- > 0;) {
    addOutputGradient(c, t);
    stepBackward(c, t);
  }
  if (dx) inputGradients(c);
}

void Recurrent::drawMasks(const Step& step, const Chunk& c, const std::vector<int>& masks, int64_t width, double rate, uint64_t stream) {
  for (size_t q = 0; q < masks.size(); ++q)
    for (int64_t r = 0; r < c.rows; ++r)
      drawDropout(mixKey(options_.seed, stream * 16 + q), step.number, c.row + r, rate, rows(masks[q], c, width) + r * width, width);
}

void Recurrent::loadInputs(const Step& step, const Chunk& c) {
  drawMasks(step, c, inputMasks_, width_, options_.dropout, 1);
  for (size_t q = 0; q < inputs_.size(); ++q)
    for (int64_t t = 0; t < steps_; ++t) {
      float* to = slab(inputs_[q], c, t, width_);
      for (int64_t r = 0; r < c.rows; ++r, to += width_) {
        const float* from = x + ((c.row + r) * steps_ + options_.time(t)) * width_;
        if (inputMasks_.empty()) {
          std::memcpy(to, from, bytes(width_));
          continue;
        }
        const float* m = rows(inputMasks_[q], c, width_) + r * width_;
        for (int64_t j = 0; j < width_; ++j) to[j] = from[j] * m[j];
      }
    }
}

void Recurrent::inputProducts(const Chunk& c) {
  const int64_t columns = gateWidth_ / static_cast<int64_t>(inputs_.size());
  for (size_t q = 0; q < inputs_.size(); ++q) {
    const int64_t at = static_cast<int64_t>(q) * columns;
    gemm({slab(inputs_[q], c, 0, width_), steps_ * c.rows, width_, width_}, {kernel_ + at, width_, columns, gateWidth_},
         {gates(c, 0) + at, gateWidth_});
  }
}

void Recurrent::inputGradients(const Chunk& c) {
  const int64_t columns = gateWidth_ / static_cast<int64_t>(inputs_.size());
  for (size_t q = 0; q < inputs_.size(); ++q) {
    const int64_t at = static_cast<int64_t>(q) * columns;
    gemm({gates(c, 0) + at, steps_ * c.rows, columns, gateWidth_}, {kernel_ + at, columns, width_, gateWidth_, true},
         {slab(dInputs_, c, 0, width_), width_});
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* m = inputMasks_.empty() ? nullptr : rows(inputMasks_[q], c, width_) + r * width_;
      for (int64_t t = 0; t < steps_; ++t) {
        const float* from = slab(dInputs_, c, t, width_) + r * width_;
        float* to = dx + ((c.row + r) * steps_ + options_.time(t)) * width_;
        if (!m)
          std::memcpy(to, from, bytes(width_));
        else
          for (int64_t j = 0; j < width_; ++j) to[j] = (q ? to[j] : 0.0f) + from[j] * m[j];
      }
    }
  }
}

// A skipped step repeats the output before it, which is 0 where there is none, or is 0 always.
void Recurrent::writeOutput(const Chunk& c, int64_t t) {
  if (!options_.sequences && t + 1 < steps_) return;
  const StepMask m = stepMask(c, t);
  for (int64_t r = 0; r < c.rows; ++r) {
    float* to = y + (options_.sequences ? (c.row + r) * steps_ + t : c.row + r) * units_;
    const bool skips = m.skips(r);
    const float* from = next(0, c, t) + r * units_;
    if (skips && options_.sequences && t > 0) from = to - units_;
    if (skips && options_.sequences && t == 0) from = nullptr;
    if (skips && options_.zeroOutput) from = nullptr;
    if (skips && !options_.sequences && options_.stateful) {
      bool any = false;
      for (int64_t s = 0; s < steps_; ++s) any = any || maskIn[(c.row + r) * steps_ + s] != 0;
      if (!any) from = nullptr;
    }
    if (from)
      std::memcpy(to, from, bytes(units_));
    else
      std::memset(to, 0, bytes(units_));
  }
}

void Recurrent::addOutputGradient(const Chunk& c, int64_t t) {
  if (!options_.sequences && t + 1 < steps_) return;
  const StepMask m = options_.zeroOutput ? stepMask(c, t) : StepMask{};
  for (int64_t r = 0; r < c.rows; ++r) {
    if (m.skips(r)) continue;
    const float* from = dy + (options_.sequences ? (c.row + r) * steps_ + t : c.row + r) * units_;
    float* to = dh(c) + r * units_;
    for (int64_t j = 0; j < units_; ++j) to[j] += from[j];
  }
}

}  // namespace gemmfit::ops
