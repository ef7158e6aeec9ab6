#include <cstring>

#include "native/engine/philox.h"
#include "native/kernels/sizes.h"
#include "native/ops/conv_lstm.h"
#include "native/ops/recurrent.h"

// A row of a ConvLstm through all its steps, and back.
namespace gemmfit::ops {
namespace {

void copy(const float* from, int64_t n, float* to) { std::memcpy(to, from, asSize(n) * sizeof(float)); }
void clear(float* to, int64_t n) { std::memset(to, 0, asSize(n) * sizeof(float)); }

}  // namespace

void ConvLstm::draw(const Step& step, int64_t row, const View& view, int masks, double rate, uint64_t stream) const {
  if (masks < 0) return;
  for (int64_t q = 0; q < kGates; ++q)
    drawDropout(mixKey(options_.seed, stream * 16 + static_cast<uint64_t>(q)), step.number, row, rate,
                of(masks, row, kGates * view.size()) + q * view.size(), view.size());
}

// The input with its channels last, in copies where gates drop parts of it.
void ConvLstm::loadImages(int64_t row) const {
  if (images_ < 0) return;
  const int64_t n = input_.size();
  for (int64_t t = 0; t < steps_; ++t) {
    const float* from = x + (row * steps_ + t) * n;
    float* to = at(images_, row, t, n * input_.copies);
    float* image = input_.copies > 1 && channelsFirst_ ? of(turned_, row, turnedSize()) : to;
    if (channelsFirst_) {
      transpose(from, input_.channels, input_.cells, input_.cells, image);
      from = image;
    }
    if (input_.copies > 1) input_.spread(from, of(inputMasks_, row, n * kGates), to);
  }
}

void ConvLstm::inputGradient(int64_t row) const {
  const int64_t n = input_.size();
  float* to = dx + row * steps_ * n;
  float* images = dImages_ < 0 ? to : of(dImages_, row, steps_ * n * input_.copies);
  conv_->toImage(kernel_, nullptr, of(gates_, row, steps_ * gateSize_), steps_, images);
  for (int64_t t = 0; t < steps_ && dImages_ >= 0; ++t, to += n, images += n * input_.copies) {
    const float* image = images;
    if (input_.copies > 1) {
      float* sum = channelsFirst_ ? of(turned_, row, turnedSize()) : to;
      input_.gather(images, of(inputMasks_, row, n * kGates), sum);
      image = sum;
    }
    if (channelsFirst_) transpose(image, input_.cells, input_.channels, input_.channels, to);
  }
}

void ConvLstm::forwardRow(const Step& step, int64_t row) {
  const int64_t n = state_.size();
  draw(step, row, input_, inputMasks_, options_.dropout, 1);
  draw(step, row, state_, stateMasks_, options_.recurrentDropout, 2);
  loadImages(row);
  conv_->toGrid(kernel_, nullptr, images(row), steps_, of(gates_, row, steps_ * gateSize_));
  for (int k = 0; k < 2; ++k) {
    if (options_.stateful)
      copy(carried(k, row), n, before(k, row, 0));
    else
      clear(before(k, row, 0), n);
  }
  bool any = false;
  for (int64_t t = 0; t < steps_; ++t) {
    // Also of a step that is skipped, which the gradient of the kernel meets with zeros.
    if (droppedH_ >= 0) state_.spread(before(0, row, t), of(stateMasks_, row, gateSize_), at(droppedH_, row, options_.time(t), gateSize_));
    const bool skip = skips(row, options_.time(t));
    if (skip)
      for (int k = 0; k < 2; ++k) copy(before(k, row, t), n, after(k, row, t));
    else
      stepForward(row, t);
    any = any || !skip;
    // A skipped step repeats the output before it, which is 0 where there is none, or is 0 always.
    writeOutput(row, t, !skip || (any && !options_.zeroOutput));
  }
  for (int k = 0; options_.stateful && k < 2; ++k) copy(of(last_[k], row, n), n, carried(k, row));
}

void ConvLstm::stepForward(int64_t row, int64_t t) const {
  float* z = gates(row, t);
  if (t > 0 || options_.stateful) {
    float* product = of(product_, row, gateSize_);
    recurrentConv_->toGrid(recurrent_, nullptr, stateImage(row, t), 1, product);
    for (int64_t i = 0; i < gateSize_; ++i) z[i] += product[i];
  }
  const LstmForward s{state_.cells,
                      filters_,
                      bias_,
                      z,
                      before(1, row, t),
                      before(0, row, t),
                      after(1, row, t),
                      at(tanhC_, row, options_.time(t), state_.size()),
                      after(0, row, t),
                      {}};
  cell_.forward(s, sums(row, t));
}

void ConvLstm::writeOutput(int64_t row, int64_t t, bool shown) const {
  if (!options_.sequences && t + 1 < steps_) return;
  const int64_t n = state_.size();
  float* to = y + (options_.sequences ? row * steps_ + t : row) * n;
  if (!shown)
    clear(to, n);
  else if (channelsFirst_)
    transpose(after(0, row, t), state_.cells, filters_, filters_, to);
  else
    copy(after(0, row, t), n, to);
}

void ConvLstm::addOutputGradient(int64_t row, int64_t t) const {
  if ((!options_.sequences && t + 1 < steps_) || (options_.zeroOutput && skips(row, options_.time(t)))) return;
  const int64_t n = state_.size();
  const float* from = dy + (options_.sequences ? row * steps_ + t : row) * n;
  if (channelsFirst_) {
    float* turned = of(turned_, row, turnedSize());
    transpose(from, filters_, state_.cells, state_.cells, turned);
    from = turned;
  }
  float* dh = of(dh_, row, n);
  for (int64_t i = 0; i < n; ++i) dh[i] += from[i];
}

void ConvLstm::backwardRow(int64_t row) {
  const int64_t n = state_.size();
  clear(of(dh_, row, n), n);
  clear(of(dc_, row, n), n);
  for (int64_t t = steps_; t-- > 0;) {
    addOutputGradient(row, t);
    // The gradients of a skipped step's state are those of the state before it.
    if (skips(row, options_.time(t)))
      clear(gates(row, t), gateSize_);
    else
      stepBackward(row, t);
  }
  if (dx) inputGradient(row);
}

void ConvLstm::stepBackward(int64_t row, int64_t t) const {
  const int64_t n = state_.size();
  float *g = gates(row, t), *dh = of(dh_, row, n);
  const LstmBackward s{state_.cells, filters_, g, before(1, row, t), at(tanhC_, row, options_.time(t), n), dh, of(dc_, row, n), {}};
  cell_.backward(s, sums(row, t), after(1, row, t), cell_.fused() ? nullptr : of(work_, row, 5 * filters_));
  if (t == 0) return;
  if (droppedH_ < 0) return recurrentConv_->toImage(recurrent_, nullptr, g, 1, dh);
  float* copies = of(product_, row, gateSize_);
  recurrentConv_->toImage(recurrent_, nullptr, g, 1, copies);
  state_.gather(copies, of(stateMasks_, row, gateSize_), dh);
}

}  // namespace gemmfit::ops
