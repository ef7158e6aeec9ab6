#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/mode.h"
#include "native/engine/op.h"
#include "native/engine/program.h"
#include "native/engine/weights.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

// Who reads a value: an op, by one of its inputs.
struct Reader {
  int op, input;
};

// TimeDistributed around a value: its steps, and the mask of its input.
struct Around {
  int64_t steps;
  int mask;
};

// A value of a program in one plan. Those that the program numbers come first; masks follow, a number a step, of shape [steps of a sample].
struct GraphValue {
  Shape shape;
  int64_t rows = 1;            // of that shape, for each sample: more than one inside TimeDistributed
  std::vector<Around> within;  // the outermost first
  int mask = -1;               // the value that says which of its steps count; below 0: all do
  int maker = -1;              // the op; below 0: the batch itself
  std::vector<Reader> readers;
  bool trains = false;          // something below it trains: it wants a gradient
  std::vector<Reader> writers;  // of its gradient, in their order: the last reader first. The loss, where it writes too, is before them
  bool lossWrites = false;      // it gets a gradient from the loss
  int place = -1, gradientPlace = -1;                      // in memory: see places.h
  const float* data = nullptr;                             // of the program's result
  float* gradient = nullptr;                               // where it has one
  int64_t floats() const { return sizeOf(shape) * rows; }  // of a sample
  bool hasGradient() const { return lossWrites || !writers.empty(); }
};

// An op in its place.
struct GraphOp {
  std::unique_ptr<Op> op;
  std::string name, label;  // "dense #3", and of its layer
  std::vector<int> inputs;
  std::vector<int> masks;  // the masks it reads, one an input; below 0: none
  int output = 0;
  int64_t rows = 1;           // that it counts for each sample
  std::vector<int> dxPlaces;  // of the gradients it writes, one an input; below 0: none
  bool trains = false;        // a weight of its own is trained, or something below is
  // runs: it has a backward pass. passes: its gradient is seen to by the op above, and dx is dy.
  enum class Backward { none, passes, runs } backward = Backward::none;
  bool runsBackward() const { return backward == Backward::runs; }
};

// A program for one input shape, batch size and mode: its ops made, its values with their shapes and masks, and which of them get
// gradients, from whom and in which order. The first who writes a gradient sets it, the others add: bits follow from the program alone.
class Graph {
 public:
  Graph(const Program& program, Weights& weights, const std::vector<VariablePtr>& states, Mode mode, const Shape& in, int64_t batch);

  const int64_t batch;
  std::vector<GraphOp> ops;
  std::vector<GraphValue> values;
  const int result, logits;
  std::vector<int> lazyTables;  // weights that are updated row by row
  std::vector<int64_t> places;  // floats a sample of each place in memory

  int count() const { return static_cast<int>(ops.size()); }
  Op& op(int i) { return *ops[asSize(i)].op; }
  const Op& op(int i) const { return *ops[asSize(i)].op; }
  GraphValue& value(int i) { return values[asSize(i)]; }
  const GraphValue& value(int i) const { return values[asSize(i)]; }
  bool isOnlyReader(int op, int value) const;  // neither another op nor the loss reads it
  const Shape& out() const { return value(result).shape; }
  int64_t maskSteps(int value) const;  // of its mask, a row; 0 without one

  // Which ops have a backward pass, where the loss writes the gradient of that value. Error ERR_SPEC where it reaches no weight.
  void traceBackward(int fromLoss);
  bool wantsDx(const Reader& edge) const;  // the op is to write a gradient for this input
  bool isFirstWriter(const Reader& edge) const;

 private:
  void add(const Node& node, const Program& program, Weights& weights, const std::vector<VariablePtr>& states, bool training);
  OpEnv envOf(const Node& node, const Program& program, Weights& weights, bool training);
  void addRows(const GraphOp& made);
  void addMask(GraphOp& made);
};

}  // namespace gemmfit
