#pragma once
#include <memory>
#include <string>
#include <vector>

#include "native/engine/op.h"
#include "native/kernels/gates.h"
#include "native/kernels/gemm/gemm.h"
#include "native/kernels/gemm/tiling.h"
#include "native/kernels/sizes.h"
#include "native/ops/cell_function.h"
#include "native/ops/step_options.h"

namespace gemmfit::ops {

// Dropout of one row of the batch: each of n numbers 0 with probability `rate`, else 1 / (1 - rate). A function of the row within the
// batch, so that the cut into chunks leaves it alone.
void drawDropout(uint64_t key, uint64_t step, int64_t row, double rate, float* mask, int64_t n);

// What recurrent ops share: time steps in their order, masks, dropout, states, and the products that are one for all steps.
// A chunk of rows goes through all time steps by itself. Its tensors are slabs, [steps, rows of the chunk, width], in memory that
// follows that of the chunk before: each step is one contiguous matrix, and all chunks together one matrix [steps * rows, width]
// whose rows have the same order in every tensor, so that the gradient of a weight is one product over all of it.
class Recurrent : public Op {
 public:
  std::vector<Phase> forwardPhases() const final {
    const Phase layOut{Phase::tasks, static_cast<int64_t>(kernels_.size()), true};
    return packs_ ? std::vector<Phase>{layOut, {}} : std::vector<Phase>{{}};
  }
  void forward(const Step& step, int phase, int64_t begin, int64_t end) final;
  void backward(const Step& step, int phase, int64_t begin, int64_t end) final;
  int64_t weightTasks() const final { return static_cast<int64_t>(tasks_.size()); }
  void weightTask(const Step& step, int64_t task) final;

 protected:
  struct Chunk {
    int64_t row, rows;
  };
  // Spec: that of StepOptions, units, useBias, and maskBackwards: the input is in the order in which a layer below went backwards, but the
  // mask is not.
  // Weights: kernel [width, gates * units], recurrent kernel [units, gates * units], bias [biasRows * gates * units].
  Recurrent(const char* name, const Value& spec, const OpEnv& env, int64_t gates, int64_t biasRows, int stateCount);

  // One time step of a chunk. stepForward finds the products of the inputs in gates(c, t) and writes every state's next(k, c, t).
  // stepBackward finds the gradient of h in dh(c) and leaves there that of the step before; it writes the gradients the products need.
  virtual void stepForward(const Chunk& c, int64_t t) = 0;
  virtual void stepBackward(const Chunk& c, int64_t t) = 0;

  int memory(int64_t perRow, Scratch::Life life = Scratch::whole) { return addScratch({perRow, 0, life}); }
  int slabs(int64_t width, Scratch::Life life = Scratch::whole) { return memory(steps_ * width, life); }
  float* slab(int tensor, const Chunk& c, int64_t t, int64_t width) const {
    return scratch[asSize(tensor)] + (c.row * steps_ + t * c.rows) * width;
  }
  float* rows(int tensor, const Chunk& c, int64_t width) const { return scratch[asSize(tensor)] + c.row * width; }
  float* gates(const Chunk& c, int64_t t) const { return slab(gates_, c, t, gateWidth_); }
  float* dh(const Chunk& c) const { return rows(dh_, c, units_); }
  float* previous(int state, const Chunk& c, int64_t t) const { return slab(previous_[asSize(state)], c, t, units_); }
  float* next(int state, const Chunk& c, int64_t t) const {
    return t + 1 < steps_ ? previous(state, c, t + 1) : rows(last_[asSize(state)], c, units_);
  }
  StepMask stepMask(const Chunk& c, int64_t t) const;

  // h of the step before as gate q sees it, and its dropout mask (null without).
  const float* beforeGate(int64_t q, const Chunk& c, int64_t t) const {
    return droppedH_.empty() ? previous(0, c, t) : slab(droppedH_[asSize(q)], c, t, units_);
  }
  const float* recurrentMask(int64_t q, const Chunk& c) const {
    return recurrentMasks_.empty() ? nullptr : rows(recurrentMasks_[asSize(q)], c, units_);
  }
  // Products with the recurrent kernel. Those a cell takes are declared by its constructor: gates [gate, gate + count) at once.
  void usesForward(int64_t gate, int64_t count);
  void usesBackward(int64_t gate, int64_t count);
  void usesGates(int64_t gate, int64_t count) {
    usesForward(gate, count);
    usesBackward(gate, count);
  }
  // z[:, gates] += h U[:, gates], or = where it does not add; h of the step before, z [rows, gateWidth].
  void addRecurrent(const Chunk& c, int64_t t, float* z, int64_t gate, int64_t count, bool adds) const;
  // dh += g U[:, gates]^T for gradients g [rows, those gates], rows `stride` apart; `fresh`: dh = that.
  void addRecurrentBackward(const Chunk& c, const float* g, int64_t stride, int64_t gate, int64_t count, bool fresh) const;
  // The same for a matrix [rows, units] in place of h: z[:, gates] += a U[:, gates]; d = g U[:, gates]^T.
  void recurrentProduct(const Chunk& c, const float* a, float* z, int64_t gate) const;
  void recurrentProductBackward(const Chunk& c, const float* g, int64_t stride, float* d, int64_t gate) const;
  // Some columns of a tensor, from `column` on, whose rows are `stride` apart.
  struct View {
    int tensor;
    int64_t stride, column;
  };
  View gatesFrom(int64_t gate) const { return {gates_, gateWidth_, gate * units_}; }
  // Declare gradients, as products a^T b over all rows and steps: of the recurrent kernel for gates that see h itself; of `columns`
  // of a weight from `column` on; of `columns` of the bias from `offset` on, as sums of b. b holds gradients of those gates.
  void recurrentGradient(int64_t gate, int64_t count, View b);
  void product(int weight, int64_t height, int64_t column, int64_t columns, View a, View b);
  void biasSum(int64_t offset, int64_t columns, View b);
  void finish(const OpEnv& env);  // the last thing a constructor does: declares the kernel's gradient and cuts the tasks

  int64_t units_, width_, steps_, gateWidth_;
  bool training_;
  const float* kernel_ = nullptr;
  const float* recurrent_ = nullptr;
  const float* bias_ = nullptr;
  int gates_ = -1;

 private:
  struct Product {
    int weight;
    int64_t column, columns;
    View a, b;
    Tiling tiles;
  };
  struct BiasSum {
    int64_t offset, columns;
    View b;
  };
  // Columns of the recurrent kernel, or their transpose, laid out for the products of all steps where that pays.
  struct GateKernel {
    bool transposed;
    int64_t gate, count;
    int memory;  // -1: read where it is
  };
  struct Task {
    int product;  // -1: sums of the bias
    int64_t tile;
  };
  void planMemory(int64_t gates, int stateCount, bool inputGradient);
  void usesKernel(bool transposed, int64_t gate, int64_t count);
  const GateKernel& kernelOf(bool transposed, int64_t gate) const;
  Matrix matrix(const GateKernel& u) const;
  const float* at(View v, int64_t column) const { return scratch[asSize(v.tensor)] + v.column + column; }
  void loadInputs(const Step& step, const Chunk& c);
  void drawMasks(const Step& step, const Chunk& c, const std::vector<int>& masks, int64_t width, double rate, uint64_t stream);
  void inputProducts(const Chunk& c);
  void inputGradients(const Chunk& c);
  void writeOutput(const Chunk& c, int64_t t);
  void addOutputGradient(const Chunk& c, int64_t t);
  void runBias(const Step& step);

  const StepOptions options_;
  bool maskBackwards_ = false;
  std::vector<int> weightIds_;
  std::vector<bool> trainable_;
  std::vector<int> previous_, last_;            // of each state: slabs of the values before every step; the value after the last
  std::vector<int> inputs_, inputMasks_;        // one, or one a gate where gates have dropout masks of their own
  std::vector<int> droppedH_, recurrentMasks_;  // one a gate with recurrent dropout (SimpleRNN has one gate)
  int dh_ = -1, dropTemp_ = -1, dInputs_ = -1;
  float* carried(size_t state) const {
    return states[0].variable->data() + static_cast<int64_t>(state) * batch_ * units_;
  }  // [batch, units]
  int64_t batch_;
  bool packs_;
  std::vector<GateKernel> kernels_;
  std::vector<Product> products_;
  std::vector<BiasSum> biasSums_;
  std::vector<Task> tasks_;
};

}  // namespace gemmfit::ops
