#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "native/engine/feed.h"
#include "native/engine/head.h"
#include "native/engine/mode.h"
#include "native/engine/op.h"
#include "native/engine/plan_guard.h"
#include "native/engine/trace.h"
#include "native/engine/weights.h"

namespace gemmfit {

// Memory of a network's batches: one block that all its plans use in turn.
class Arena {
 public:
  float* reserve(int64_t floats);  // keeps its block where it is large enough
  int64_t bytes() const { return size_ * static_cast<int64_t>(sizeof(float)); }

 private:
  AlignedFloats block_;
  int64_t size_ = 0;
};

// A program for one input shape, batch size and mode, ready to run: the ops, a schedule of stages, and a memory plan.
// A stage is a set of tasks without order among them; between stages every task has ended. Consecutive row phases share a
// stage: a task then takes its rows through all of them while they are hot in cache.
class Plan {
 public:
  // program: { seed, ops: [...], head: {...} }
  Plan(const Value& program, Weights& weights, const std::vector<VariablePtr>& states, Mode mode, const Shape& in, int64_t batch,
       int64_t weightSteps);

  const Mode mode;
  const Shape in;
  const int64_t batch;
  const int64_t weightSteps;
  const Shape& out() const { return ops_.empty() ? in : ops_.back()->out; }

  // One step: beginStep, then stage by stage its tasks and endStage, then endStep.
  void bind(Arena& arena);  // gives the ops their memory; again when the arena has moved
  void aimWeights();        // where the weights' values are now: of views
  void
  takeStates();  // before the first step of a run: gives states that nobody has left yet their rows; ERR_STATEFUL where others do not fit
  void checkFinite(bool check) { check_ = check, notFinite_ = false; }  // x of the steps of a run is looked at while it is gathered
  bool foundNotFinite() const { return notFinite_.load(std::memory_order_relaxed); }
  void beginStep(const Feed& feed, Step step, float* predictions);
  int64_t stages() const { return static_cast<int64_t>(stages_.size()); }
  int64_t tasks(int stage) const;
  int64_t tasksAtMost(int stage) const {
    return stages_[static_cast<size_t>(stage)].rows ? ceilDiv(batch, chunk_) : stages_[static_cast<size_t>(stage)].count;
  }
  void task(int stage, int64_t index);  // any thread
  void endStage(int stage);             // the leader, when all tasks have ended; Error ERR_INDEX where they met data that cannot be
  double endStep();                     // the leader: the batch's loss with penalties
  // The states of metrics, one a row chunk: a run goes on from those of the run before it, so that its sums do not hang on how an epoch is
  // cut into runs. Where that one had more chunks, theirs go to the first ones.
  using MetricStates = std::vector<std::vector<double>>;
  void setMetrics(const MetricStates& chunks);
  MetricStates metrics() const;
  std::vector<double> metricStates() const;  // merged
  const Head* head() const { return head_.get(); }
  int64_t bytes() const;  // of the plan itself: about what its ops and stages take, the arena not counted
  const std::vector<int>& lazyTables() const { return lazyTables_; }  // weights that are updated row by row
  void trace(Trace* trace);                                           // records what tasks do, until it is called with null

 private:
  enum class Do {
    gather,
    gatherColumns,
    forward,
    prepare,
    head,
    combine,
    gradient,
    penaltyGradient,
    backward,
    weights,
    penalties,
    collect,
    update,
    constrain,
    emit
  };
  struct Part {
    Do what;
    int op = -1;
    int phase = 0;
    int label = 0;  // of the trace
  };
  struct Stage {
    bool rows = true;
    int64_t count = 1;  // tasks of a stage that is not cut by rows
    std::vector<Part> parts;
  };
  // A tensor of the memory plan: live from stage `from` to stage `to`.
  struct Buffer {
    int64_t floats;
    int from, to;
    std::vector<float**> users;
    int64_t used = 0;  // floats that are not there to fill a line
    int64_t offset = 0;
  };

  void makeOps(const Value& program, const std::vector<VariablePtr>& states, const Shape& in);
  void schedule();
  // The loss writes the gradient of the last op's input, and that op has a penalty of its own.
  bool penaltyBesideLogits() const { return head_->usesLogits() && ops_.back()->hasPenalty(); }
  void planMemory();
  int place(Part part, const Phase& phase);  // appends to the schedule; the stage's index
  void run(const Part& part, int64_t begin, int64_t end);
  void gather(int64_t begin, int64_t end, int64_t from, int64_t columns);
  void gatherLabels(int64_t begin, int64_t end);

  std::string memoryMessage() const;
  void refuseFaults(int stage);
  std::string labelOf(const Part& part) const;
  double flopsOf(const Part& part, int64_t begin, int64_t end) const;
  void runGuarded(const Stage& stage, int64_t begin, int64_t end);
  void runTraced(const Stage& stage, int64_t begin, int64_t end);
  void weightTask(size_t index);

  friend class PlanGuard;
  std::unique_ptr<PlanGuard> guard_;  // in guard mode alone
  Weights& weights_;
  Trace* trace_ = nullptr;
  std::vector<std::string> names_;   // of the ops
  std::vector<std::string> labels_;  // of their layers
  std::vector<int> weightLabels_;    // of the ops, for the trace
  std::vector<std::unique_ptr<Op>> ops_;
  std::vector<int> lazyTables_;
  std::unique_ptr<Head> head_;
  std::vector<Stage> stages_;
  std::vector<std::pair<int, int64_t>> weightTasks_;  // op and its task
  bool oneWeightTask_ = false;                        // all of them together are too little to share
  std::vector<Buffer> buffers_;
  int64_t arenaFloats_ = 0;
  std::vector<std::pair<int, int>> dataChecks_;  // stage and op
  const float* bound_ = nullptr;
  int lowest_ = 0;     // ops below get no backward pass
  int64_t chunk_ = 1;  // rows of a task
  int64_t maskSteps_ = 0;
  bool backward_ = false;
  std::vector<Slot> slots_;
  // Pointers that name the input batch: re-aimed each step at the data itself where it can be read in place.
  std::vector<const float**> inputReaders_;
  std::vector<float**> inputAliases_;
  float* input_ = nullptr;
  float* label_ = nullptr;
  float* weight_ = nullptr;
  // The step at hand.
  const Feed* feed_ = nullptr;
  Step step_;
  bool direct_ = false;
  bool check_ = false;
  std::atomic<bool> notFinite_{false};
  float* predictions_ = nullptr;
};

}  // namespace gemmfit
