#pragma once
#include <memory>

#include "native/engine/op.h"
#include "native/kernels/convolution.h"

namespace gemmfit {

// What convolutions of all kinds are told: sizes along the window's axes, padded in front with 1 to three.
struct ConvolutionSpec {
  ConvolutionSpec(const char* opName, const Value& spec, const OpEnv& env);
  const char* op;
  int64_t rank;           // spatial axes of the sample: 1, 2 or 3
  bool channelsFirst;
  bool useBias;
  int64_t channels;       // of the input
  int64_t in[3], kernel[3], stride[3], dilation[3];

  // Sizes of the sliding window over an image of these sizes, by the padding that the spec names: valid, same or causal.
  void slide(const std::string& padding, Window* w) const;
  Shape sampleShape(const int64_t sizes[3], int64_t channelsOf) const;
  [[noreturn]] void fail(const std::string& what) const;
};

// Convolution and, with image and grid exchanged, its transpose. Weights: kernel [taps, channels / groups, filters], bias of the output.
class ConvolutionOp : public Op {
 public:
  ConvolutionOp(const ConvolutionSpec& spec, const OpEnv& env, const Convolution& convolution, bool transposed);

  std::vector<Phase> backwardPhases() const override;
  void forward(const Step& step, int phase, int64_t begin, int64_t end) override;
  void backward(const Step& step, int phase, int64_t begin, int64_t end) override;
  int64_t weightTasks() const override { return weightTasks_; }
  void weightTask(const Step& step, int64_t task) override;

 private:
  struct Tile {
    Convolution::Block block;
    int64_t offset;  // in the kernel
  };
  void planGradients(const OpEnv& env);
  void run(bool toGrid, const float* from, bool biased, float* to, int64_t samples) const;
  void partialGradients(int64_t first, int64_t samples, float* kernel, float* bias) const;
  void mergeTask(const Step& step, int64_t task);
  void directTask(const Step& step, int64_t task);
  void biasFrom(const Step& step) const;

  Convolution c_;
  bool transposed_, channelsFirst_;
  bool trainsKernel_ = false, trainsBias_ = false;
  const float* kernel_ = nullptr;
  const float* bias_ = nullptr;
  int kernelId_ = -1, biasId_ = -1;
  int64_t channelsOut_, cellsIn_, cellsOut_;
  int64_t groupRows_ = 0, sampleGroups_ = 0;  // partial gradients; 0 groups: tiles come straight from the batch
  std::vector<Tile> tiles_;
  int64_t weightTasks_ = 0;
};

}  // namespace gemmfit
