#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/shape.h"
#include "native/engine/value.h"
#include "native/engine/variable.h"

namespace gemmfit {

class Updater;

// One batch's state. Read by every task of the step; written only by the leader, between stages.
struct Step {
  int64_t rows = 0;     // samples in this batch; at most the plan's batch. Inside TimeDistributed: their steps
  int64_t samples = 0;  // what a penalty is divided by: samples, there too
  bool training = false;
  uint64_t seed = 0;           // of the network; ops mix their own index into it
  uint64_t number = 0;         // training steps this network has taken: the counter of its random numbers
  Updater* updater = nullptr;  // where weight gradients go; null outside training
};

// What an op is told when a plan is made for one input shape, batch size and mode.
struct OpEnv {
  // Of a value that it reads besides its first one.
  struct Other {
    Shape in;
    int64_t maskSteps = 0;
    bool sameMask = false;  // as the first one's, or none as there
    bool single = false;    // one for the whole batch; `in` is then all of it
    bool wantsGradient = false;
  };
  Shape in;             // of one sample
  bool single = false;  // the first value is one for the whole batch, such as a weight; `in` is then all of it
  int64_t batch;        // the most rows a step will have; 1 where all that it reads is single
  bool training;
  int64_t maskSteps = 0;             // of the input mask, for each sample; 0: there will be none
  std::vector<Other> others;         // as the spec's `inputs` name them
  int64_t steps = 1;                 // inside TimeDistributed rows are [samples, steps], and each step is a batch of its own
  int64_t stepsAround = 0;           // of the innermost one
  int64_t maskAround = 0;            // steps of the mask of its input, for a sample there
  bool needsInputGradient;           // something below trains, so dx must be written
  uint64_t seed;                     // this op's own key for random numbers
  std::vector<VariablePtr> weights;  // in the order of the spec
  std::vector<int> weightIds;        // the network's index of each: what Updater is asked with
  std::vector<bool> trainable;       // of each; never true when `training` is false
  std::vector<VariablePtr> states;   // all of the network: a stateful op's spec names its own by position
  // Whether the gradient of a weight may come by rows of so many elements, those of the other rows being 0 in this step.
  std::function<bool(size_t weight, int64_t width)> lazyRows;
};

// How a forward or backward pass is cut up. A `rows` phase works on any range of samples independently of the others;
// consecutive rows phases of neighbouring ops run fused, chunk by chunk, cache-hot. A `tasks` phase needs the whole batch
// and is cut by the op itself into `count` independent tasks. Both cuts follow from shapes alone, never from the number of
// threads, so that results have the same bits on every machine with the same kernels.
struct Phase {
  enum Kind { rows, tasks } kind = rows;
  int64_t count = 0;
  bool layOut = false;  // copies what the products of a later phase read: none of the op's floating-point work is in it
};

// The columns of its input that a task of an op's first forward phase reads, where it reads no others: the planner lets the task gather
// them from the data set by itself.
struct Columns {
  int64_t begin = 0, count = 0;
  bool alone = false;
};

// Memory the planner gives an op besides its input and output. `perRow` floats for each row of the batch plus `fixed`.
// While training it is the op's from the beginning of its forward pass through its weight tasks (`whole`), or only for the forward pass,
// or only from the beginning of its backward pass on; at other times its place holds what is another's.
struct Scratch {
  enum Life { forward, backward, whole };
  int64_t perRow = 0;
  int64_t fixed = 0;
  Life life = whole;
};

// What a stateful op leaves for the batch after this one: `rowFloats` for each row of a plan's batch. It belongs to the layer, so that
// training, testing and predicting go on from each other; all batches have the same rows, until the layer forgets its state.
struct State {
  VariablePtr variable;
  int64_t rowFloats = 0;
};

// A row of the batch that holds what it may not, and what to say of it; none where the row is below 0.
struct DataFault {
  int64_t row = -1;
  std::string what = {};
};

// Adds up steps of a value that is not written itself.
class StepSums {
 public:
  virtual ~StepSums() = default;
  // sum[0, count) += columns [column, column + count) of those steps of a row that `keep` keeps; of all where it is null.
  virtual void addSteps(int64_t row, const float* keep, int64_t column, int64_t count, double* sum) = 0;
};

// An op of a program, made for one plan. It knows what it reads and what it makes, and nothing of other ops: what neighbours can do
// together is found by native/engine/fuse.cc from what each says of itself. The constructor fills in the description; the planner fills in
// the pointers. A batch tensor is row-major [rows, ...shape]; masks are floats (1 keep, 0 skip) [rows, steps]. Nothing is allocated in
// forward, backward or weightTask; none of them throws.
class Op {
 public:
  virtual ~Op() = default;

  // --- description: the constructor's job
  Shape in, out;  // of one sample
  // y may share x's memory. Then backward must not read x (y is fine), and dx may be dy; of several inputs the first one's, which then must
  // be left as it is.
  bool inPlace = false;
  // It takes values of samples and values that are one for the whole batch together. Where all that an op reads is single it works on
  // them as on a batch of one row, and what it makes is single; any op can do that.
  bool mixes = false;
  bool stopsGradient = false;  // nothing below it learns from what it makes
  bool identity = false;       // y is x: where they share memory, forward touches nothing (implies inPlace)
  bool readsX = false;         // backward or weight tasks read x, or another input
  bool readsY = false;         // backward or weight tasks read y
  bool weightsReadX = true;    // weight tasks are among those that read x: false where the backward pass has summed up what they need
  bool writesWeights = false;  // forward, while training: penalties on weights are then taken after it
  bool weightsReadDy = false;  // weight tasks read dy, which then survives until they run
  bool canAddDx = false;       // adds to a gradient that others have written, where it is told to: see `addsDx`
  enum class Mask { pass, drop, make } mask = Mask::pass;
  int64_t maskSteps = 0;  // when `mask` is make: steps of the mask it writes for each sample
  // Whether the steps of a sample are samples of their own to who reads y, or samples become steps again. Forward and backward count
  // samples that have steps.
  // `overAll`: y is one for the whole batch. All forward phases are then tasks.
  enum class Rows { keep, fromSteps, toSteps, overAll } rows = Rows::keep;
  // What it offers to the ops beside it.
  bool isRelu = false;         // its gradient is dy where x is above 0, else 0: an op above may see to that
  bool canMaskDx = false;      // it can: dx is 0 where x is not above 0
  bool canReplaceX = false;    // dx may take x's place: each cell of x is read before its dx is written, or dx does without x
  int64_t alikeSteps = 0;      // dx is the same for so many steps (the sample's first axis); 0: it is not
  bool takesSharedDy = false;  // dy may be of one step for all, see `dySteps`: its weight tasks alone read it
  bool readsStepSums = false;  // needs no more of x than sums over its steps
  virtual StepSums* stepSums() { return nullptr; }  // adds up steps of y, which then need not be written
  std::vector<Scratch> scratchSpec;
  std::vector<State> states;
  double flopsPerRow = 0;   // of the forward pass: decides how many rows make a task
  double productFlops = 0;  // a row's, of the forward pass's matrix products: what a trace gives rates for

  // Asks for scratch: where it will be in `scratch`.
  int addScratch(const Scratch& s) {
    scratchSpec.push_back(s);
    return static_cast<int>(scratchSpec.size()) - 1;
  }

  virtual std::vector<Phase> forwardPhases() const { return {Phase{}}; }
  virtual std::vector<Phase> backwardPhases() const { return {Phase{}}; }
  // rows phase: [begin, end) are rows. tasks phase: task `begin`, end = begin + 1.
  virtual void forward(const Step& step, int phase, int64_t begin, int64_t end) = 0;
  // Reads dy, writes dx (all of the rows asked for; dx is null when nothing below trains).
  virtual void backward(const Step& step, int phase, int64_t begin, int64_t end) = 0;
  // Gradients of trainable weights from the whole batch, cut into independent tasks; each hands tiles to step.updater.
  virtual int64_t weightTasks() const { return 0; }
  virtual void weightTask(const Step& /*step*/, int64_t /*task*/) {}
  // Per-sample penalty added to the loss (activity regularization): summed over [begin, end) rows, before division by n. In the backward
  // pass of such an op dy may be null: there is no gradient but the penalty's.
  virtual bool hasPenalty() const { return false; }
  virtual double penalty(const Step& /*step*/, int64_t /*begin*/, int64_t /*end*/) { return 0; }
  virtual Columns inputColumns(int64_t /*task*/) const { return {}; }
  // Whether forward looks for data that no batch may hold, such as ids outside a table. It works on as if they were others; the leader asks
  // for the first of them when the stage has ended, before any gradient reaches a weight.
  virtual bool checksData() const { return false; }
  virtual DataFault fault() { return {}; }
  // Weights whose gradient cannot be handed over in tiles of at most kTileFloats get a buffer of their own.
  virtual bool wantsGradientBuffer(int /*weight*/) const { return false; }

  // --- wiring: the planner's job. Pointers hold for row 0 of the batch.
  const float* x = nullptr;
  float* y = nullptr;
  const float* dy = nullptr;
  float* dx = nullptr;
  bool addsDx = false;  // dx is added to, of those that `canAddDx`
  // The values that it reads besides the first one, in the spec's order.
  struct Other {
    const float* x = nullptr;
    float* dx = nullptr;
    bool addsDx = false;
    const float* mask = nullptr;  // as maskIn
  };
  std::vector<Other> others;
  const float* maskIn = nullptr;  // [rows, steps of the input mask]; null when there is none
  float* maskOut = nullptr;       // to write when mask == make
  int64_t maskInSteps = 0;
  std::vector<float*> scratch;  // as scratchSpec orders them; 64-byte aligned
  // What it does for the ops beside it, or they for it.
  StepSums* xSums = nullptr;  // x is not written: its steps are added up by this
  bool yIsSummed = false;     // y is not to be written: others read it by `stepSums`
  bool masksDx = false;       // dx is 0 where x is not above 0
  bool replacesX = false;     // dx is x
  bool sharesDx = false;      // dx has one step, which stands for `alikeSteps`
  int64_t dySteps = 1;        // a step of dy stands for so many

  // The backward pass of an op that changes no number: of rows of so many.
  void passGradient(int64_t begin, int64_t end, int64_t size) const {
    if (dx && dx != dy) std::copy(dy + begin * size, dy + end * size, dx + begin * size);
  }

  // Where an op keeps the place of a weight's values. Those of a view may move between two batches.
  struct WeightPlace {
    Variable* variable;
    float** place;
  };
  std::vector<WeightPlace> weightPlaces;
  void take(const VariablePtr& weight, float** place) {
    *place = weight->data();
    weightPlaces.push_back({weight.get(), place});
  }
  void take(const VariablePtr& weight, const float** place) { take(weight, const_cast<float**>(place)); }
};

// The state that a stateful op's spec names by `state`. Throws Error ERR_SPEC where the network has no such state.
State stateOf(const char* op, const Value& spec, const OpEnv& env, int64_t rowFloats);

constexpr int64_t kTileFloats = 65536;

using OpFactory = std::unique_ptr<Op> (*)(const Value& spec, const OpEnv& env);
// The table in native/ops/registry.cc. Throws Error ERR_SPEC for an unknown name.
std::unique_ptr<Op> makeOp(const Value& spec, const OpEnv& env);
bool readsRows(const std::string& op);                   // of its weight, and sees to those that are behind (LazyRows)
bool handsOver(const std::string& op);                   // gradients of its weights; false where the op that it stands before does
void addOp(const std::string& name, OpFactory factory);  // for tests, before any other thread runs

}  // namespace gemmfit
