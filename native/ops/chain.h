#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "native/engine/op.h"

namespace gemmfit::ops {

// Ops inside another op, one after the other: what wrappers hold. Their memory is part of the owner's scratch; their phases and
// weight tasks become the owner's. A row of the owner may be several of theirs (`rowsPerRow`: time steps).
class Chain {
 public:
  struct Options {
    Shape in;  // of one of their samples
    int64_t rowsPerRow = 1;
    bool masked = false;     // they see the owner's mask, of which each of their samples has an equal part
    bool steps = false;      // the rows of a row are time steps
    bool givesMask = false;  // a mask made inside that reaches the end is the owner's `maskOut`
    bool needsInputGradient = false;
    uint64_t stream = 0;  // tells chains of one owner apart
  };
  // Makes the ops from their specs, whose weights are among those of `env`, the owner's, and adds to the owner's scratchSpec and flops.
  Chain(const Value::Array& specs, const OpEnv& env, Options options, Op& owner);

  const Shape& out() const { return ops_.back()->out; }
  bool readsX() const { return ops_.front()->readsX || ops_.front()->hasPenalty(); }
  bool readsY() const { return ops_.back()->readsY || ops_.back()->hasPenalty(); }
  bool weightsReadDy() const { return ops_.back()->weightsReadDy; }
  // What has become of the owner's mask at the end: it is still that, an op inside made another (of `maskSteps` a sample of theirs), or
  // none.
  enum class MaskEnd { owners, made, none };
  MaskEnd maskEnd() const { return maskEnd_; }
  int64_t maskSteps() const { return maskSteps_; }
  void appendForward(std::vector<Phase>* phases) const;
  void appendBackward(std::vector<Phase>* phases) const;

  // Where the ends are. Before every pass, by one thread.
  void wire(const Op& owner, const float* x, float* y, const float* dy, float* dx);
  // `phase` counts those of the chain; rows are the owner's.
  int forwardCount() const { return static_cast<int>(forward_.size()); }
  int backwardCount() const { return static_cast<int>(backward_.size()); }
  void forward(const Step& step, int phase, int64_t begin, int64_t end);
  void backward(const Step& step, int phase, int64_t begin, int64_t end);
  int64_t weightTasks() const { return static_cast<int64_t>(tasks_.size()); }
  void weightTask(const Step& step, int64_t task);
  bool hasPenalty() const;
  double penalty(const Step& step, int64_t begin, int64_t end);
  bool wantsGradientBuffer(int ownersWeight) const;
  bool checksData() const;
  DataFault fault();

 private:
  struct Part {
    int op, phase;
    Phase::Kind kind;
  };
  static constexpr int kMaskOut = -3, kNoMask = -2, kOwnersMask = -1;
  Step inner(const Step& step) const;
  int reserve(Op& owner, Scratch s) const;

  int64_t per_;
  std::vector<std::unique_ptr<Op>> ops_;
  std::vector<std::vector<int>> weights_;  // of each op, as positions among the owner's
  std::vector<int> values_, gradients_;    // scratch of the owner between op i and op i + 1
  std::vector<int> masksIn_, masksMade_;   // of each op: scratch of the owner, or one of the above
  std::vector<std::vector<int>> scratch_;  // of each op
  MaskEnd maskEnd_ = MaskEnd::none;
  int64_t maskSteps_ = 0;
  int lowest_ = 0;  // ops below have no backward pass
  std::vector<Part> forward_, backward_;
  std::vector<std::pair<int, int64_t>> tasks_;
};

}  // namespace gemmfit::ops
