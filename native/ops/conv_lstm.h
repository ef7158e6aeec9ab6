#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "native/engine/op.h"
#include "native/kernels/sizes.h"
#include "native/ops/convolution.h"
#include "native/ops/lstm_gates.h"
#include "native/ops/step_options.h"

namespace gemmfit::ops {

// An image as the gates see it: all the same one or, with dropout, each a copy with a mask of its own. The copies stand side by side as
// channels, and the convolution has a group for each gate: the kernel's columns lie as groups do.
struct View {
  int64_t cells = 0, channels = 0, copies = 1;
  int64_t size() const { return cells * channels; }

  // masks: [copies, cells, channels].
  void spread(const float* image, const float* masks, float* to) const {
    for (int64_t i = 0; i < cells; ++i)
      for (int64_t q = 0; q < copies; ++q)
        for (int64_t c = 0; c < channels; ++c)
          to[(i * copies + q) * channels + c] = image[i * channels + c] * masks[(q * cells + i) * channels + c];
  }
  // The adjoint.
  void gather(const float* from, const float* masks, float* image) const {
    std::memset(image, 0, asSize(size()) * sizeof(float));
    for (int64_t i = 0; i < cells; ++i)
      for (int64_t q = 0; q < copies; ++q)
        for (int64_t c = 0; c < channels; ++c)
          image[i * channels + c] += from[(i * copies + q) * channels + c] * masks[(q * cells + i) * channels + c];
  }
};

// An LSTM whose products are convolutions over 1 to 3 axes: [steps, ...image] -> [...grid], or [steps, ...grid]. The state is a grid of
// `filters` numbers, and its own convolution has the input's kernel sizes, steps of one cell and padding 'same'.
// Spec: those of conv (without groups), LstmGates and StepOptions. Weights: kernel [...kernel, channels, 4 filters], recurrent kernel
// [...kernel, filters, 4 filters], bias [4 filters] unless useBias is false.
// A row goes through all steps by itself; its tensors are [steps, ...], in the order of the input whichever way the steps are taken,
// so that the gradient of a kernel is one product over the rows and steps of the batch.
class ConvLstm : public Op {
 public:
  ConvLstm(const Value& spec, const OpEnv& env);

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    for (int64_t r = begin; r < end; ++r) forwardRow(step, r);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t r = begin; r < end; ++r) backwardRow(r);
  }
  int64_t weightTasks() const override { return static_cast<int64_t>(tasks_.size()); }
  void weightTask(const Step& step, int64_t task) override;

 private:
  ConvLstm(const Value& spec, const OpEnv& env, const ConvolutionSpec& s);
  static constexpr int64_t kGates = 4;
  void checkWeights(const OpEnv& env, const ConvolutionSpec& s);
  void planMemory(const OpEnv& env);
  void planGradients(const OpEnv& env);

  int memory(int64_t perRow, Scratch::Life life = Scratch::whole) { return addScratch({perRow, 0, life}); }
  float* of(int tensor, int64_t row, int64_t size) const { return scratch[asSize(tensor)] + row * size; }
  float* at(int tensor, int64_t row, int64_t time, int64_t size) const { return of(tensor, row, steps_ * size) + time * size; }
  bool skips(int64_t row, int64_t time) const { return maskIn && maskIn[row * steps_ + time] == 0; }
  // State k before and after the t-th step taken: h, c.
  float* before(int k, int64_t row, int64_t t) const { return at(before_[k], row, options_.time(t), state_.size()); }
  float* after(int k, int64_t row, int64_t t) const { return t + 1 < steps_ ? before(k, row, t + 1) : of(last_[k], row, state_.size()); }
  float* gates(int64_t row, int64_t t) const { return at(gates_, row, options_.time(t), gateSize_); }
  float* sums(int64_t row, int64_t t) const { return cell_.fused() ? nullptr : at(sums_, row, options_.time(t), gateSize_); }
  int64_t turnedSize() const { return std::max(input_.size(), state_.size()); }
  // What the convolutions see.
  const float* images(int64_t row) const {
    return images_ < 0 ? x + row * steps_ * input_.size() : of(images_, row, steps_ * input_.size() * input_.copies);
  }
  const float* stateImage(int64_t row, int64_t t) const {
    return droppedH_ < 0 ? before(0, row, t) : at(droppedH_, row, options_.time(t), gateSize_);
  }

  // State k of a row, from the batch before this one and for the one after it.
  float* carried(int k, int64_t row) const { return states[0].variable->data() + (k * batch_ + row) * state_.size(); }

  void forwardRow(const Step& step, int64_t row);
  void backwardRow(int64_t row);
  void draw(const Step& step, int64_t row, const View& view, int masks, double rate, uint64_t stream) const;
  void loadImages(int64_t row) const;
  void inputGradient(int64_t row) const;
  void stepForward(int64_t row, int64_t t) const;
  void stepBackward(int64_t row, int64_t t) const;
  void writeOutput(int64_t row, int64_t t, bool shown) const;
  void addOutputGradient(int64_t row, int64_t t) const;

  struct Task {
    int weight;
    KernelTile tile;  // not of the bias
  };

  LstmGates cell_;
  std::unique_ptr<Convolution> conv_, recurrentConv_;
  View input_, state_;
  const StepOptions options_;
  int64_t steps_, filters_, gateSize_ = 0;  // gateSize_: of all gates of a step
  bool training_, channelsFirst_;
  const float *kernel_ = nullptr, *recurrent_ = nullptr, *bias_ = nullptr;
  std::vector<int> weightIds_;
  std::vector<Task> tasks_;
  int64_t batch_ = 0;
  // Tensors. What is not there is -1.
  int gates_ = -1, sums_ = -1, tanhC_ = -1, before_[2], last_[2];
  int images_ = -1, inputMasks_ = -1, droppedH_ = -1, stateMasks_ = -1;
  int product_ = -1, turned_ = -1, dh_ = -1, dc_ = -1, dImages_ = -1, work_ = -1;
};

}  // namespace gemmfit::ops
