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
  Source source = Source::none;
  bool single = false;         // one for the whole batch
  int64_t rows = 1;            // of that shape, for each sample: more than one inside TimeDistributed
  std::vector<Around> within;  // the outermost first
  int mask = -1;               // the value that says which of its steps count; below 0: all do
  int maker = -1;              // the op; below 0: the batch itself
  std::vector<Reader> readers;
  bool trains = false;          // something below it trains: it wants a gradient
  std::vector<Reader> writers;  // of its gradient, in their order: the last reader first. The loss, where it writes too, is before them
  bool headReads = false;       // the loss or a metric reads it, or it is the result
  bool lossWrites = false;      // it gets a gradient from the loss
  int weight = -1;              // of a source: what the updater is asked with
  Variable* variable = nullptr;
  std::vector<float> numbers;                              // of a constant
  int place = -1, gradientPlace = -1;                      // in memory: see places.h
  const float* data = nullptr;                             // where the head reads it
  float* gradient = nullptr;                               // where it has one
  int64_t floats() const { return sizeOf(shape) * rows; }  // of a sample; of a single value: all
  bool hasGradient() const { return lossWrites || !writers.empty(); }
};

// Room of a value or a gradient: floats of each sample, or of the whole batch. What lies elsewhere, in a variable or the label's memory,
// has none, and nobody writes there.
struct Place {
  int64_t perRow = 0, fixed = 0;
  int foreign = -1;  // the source that it shows
};

// An op in its place.
struct GraphOp {
  std::unique_ptr<Op> op;
  std::string name, label;  // "dense #3", and of its layer
  std::vector<int> inputs;
  std::vector<int> masks;  // the masks it reads, one an input; below 0: none
  int output = 0;
  int64_t rows = 1;           // that it counts for each sample
  bool once = false;          // all that it reads is single: it runs as on a batch of one row
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
  int result, logits, losses;  // values, see Program
  std::vector<int> addedLosses, metricValues;
  std::vector<int> sources;     // values that show weights, constants or labels
  std::vector<int> lazyTables;  // weights that are updated row by row
  std::vector<Place> places;    // in memory

  int count() const { return static_cast<int>(ops.size()); }
  Op& op(int i) { return *ops[asSize(i)].op; }
  const Op& op(int i) const { return *ops[asSize(i)].op; }
  GraphValue& value(int i) { return values[asSize(i)]; }
  const GraphValue& value(int i) const { return values[asSize(i)]; }
  bool isOnlyReader(int op, int value) const;  // neither another op nor the loss reads it
  bool isForeign(int place) const { return place == value(0).place || places[asSize(place)].foreign >= 0; }  // nobody may write there
  const Shape& out() const { return value(result).shape; }
  int64_t maskSteps(int value) const;  // of its mask, a row; 0 without one

  // Which ops have a backward pass, where the loss writes the gradient of that value, and of those added to it. Error ERR_SPEC where none
  // of them reaches a weight.
  void traceBackward(int fromLoss);
  bool wantsDx(const Reader& edge) const;  // the op is to write a gradient for this input
  bool isFirstWriter(const Reader& edge) const;

 private:
  std::vector<bool> findLive(const Program& program, Mode mode);
  int resolved(int value) const { return same_[asSize(value)]; }
  void countUses(const Program& program, const std::vector<bool>& live, int64_t weights);
  void addSource(const Node& node, Weights& weights, bool training);
  void add(const Node& node, const Program& program, Weights& weights, const std::vector<VariablePtr>& states, bool training);
  OpEnv envOf(const Node& node, const Program& program, Weights& weights, bool training);
  int use(int weight, Weights& weights, bool training);
  void addRows(GraphOp& made);
  void addMask(GraphOp& made);

  std::vector<int> same_;         // the value that each one is in this mode
  std::vector<int> uses_, used_;  // of each weight by ops and sources: in all, and so far
};

}  // namespace gemmfit
