#pragma once
#include <memory>
#include <string>
#include <vector>

#include "native/engine/activation.h"
#include "native/engine/op.h"
#include "native/kernels/convolution.h"

namespace gemmfit {

// What convolutions of all kinds are told. Sizes are those along the window's three axes; axes that a sample lacks have length 1.
struct ConvolutionSpec {
  ConvolutionSpec(const char* opName, const Value& spec, const OpEnv& env);

  const char* op;
  int64_t rank;  // spatial axes of the sample: 1 to 3
  bool channelsFirst;
  bool useBias;
  int64_t channels;  // of the input
  int64_t in[3] = {1, 1, 1}, kernel[3] = {1, 1, 1}, stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1};
  std::string padding;

  // The window of a convolution over the input: valid, same or causal padding.
  Window window() const;
  Shape sampleShape(const int64_t sizes[3], int64_t channelsOf) const;
  [[noreturn]] void fail(const std::string& what) const;
};

// By products of matrices alone with precision 'bfloat16', since register tiles are float32, and where OpenBLAS does all products.
std::unique_ptr<Convolution> makeConvolution(const Value& spec);

// A part of a kernel whose gradient is handed over at once.
struct KernelTile {
  Convolution::Block block;
  int64_t offset;  // of its first element in the kernel
};
// Together all of the kernel, with at most so many taps each.
std::vector<KernelTile> kernelTiles(const Convolution& c, int64_t mostTaps);

// A convolution of any kind or, with image and grid exchanged, its transpose. Weights: the kernel, and the bias of the output's channels.
class ConvolutionOp : public Op {
 public:
  ConvolutionOp(const ConvolutionSpec& spec, const OpEnv& env, std::unique_ptr<Convolution> convolution, bool transposed);

  std::vector<Phase> backwardPhases() const override;
  void forward(const Step& step, int phase, int64_t begin, int64_t end) override;
  void backward(const Step& step, int phase, int64_t begin, int64_t end) override;
  int64_t weightTasks() const override { return weightTasks_; }
  void weightTask(const Step& step, int64_t task) override;

 private:
  void planGradients(const OpEnv& env);
  void run(bool toGrid, const float* from, bool biased, float* to, int64_t samples) const;
  void inputGradient(int64_t first, int64_t samples) const;
  void blockGradient(const Convolution::Block& block, int64_t first, int64_t samples, float* gradient, int64_t stride) const;
  void biasGradient(int64_t first, int64_t samples, int64_t channel, int64_t n, float* sum) const;
  void mergeTile(const Step& step, int weight, int64_t offset, int64_t size, const float* partial, int64_t parts) const;

  const std::unique_ptr<const Convolution> own_;
  const Convolution& c_;
  bool transposed_, channelsFirst_;
  bool trainsKernel_ = false, trainsBias_ = false;
  const ActivationFunction relu_ = makeActivation("relu");  // below, whose gradient it masks
  const float* kernel_ = nullptr;
  const float* bias_ = nullptr;
  int kernelId_ = -1, biasId_ = -1;
  int64_t channelsOut_, cellsIn_, cellsOut_;
  int64_t groupRows_ = 0, sampleGroups_ = 0;  // of partial gradients; none where weight tasks go through the whole batch
  std::vector<KernelTile> tiles_;
  int64_t weightTasks_ = 0;
};

}  // namespace gemmfit
