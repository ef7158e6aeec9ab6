#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/gather.h"
#include "native/engine/graph.h"
#include "native/engine/head.h"
#include "native/engine/memory_plan.h"
#include "native/engine/mode.h"
#include "native/engine/plan_guard.h"
#include "native/engine/schedule.h"
#include "native/engine/trace.h"
#include "native/engine/weights.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

// A program for one input shape, batch size and mode, ready to run: its graph of ops and values (graph.h), what neighbours do together
// (fuse.h), a schedule of stages (schedule.h) and where everything lies (places.h, memory_plan.h). A stage is a set of tasks without order
// among them; between stages every task has ended.
class Plan {
 public:
  Plan(const Program& program, Weights& weights, const std::vector<VariablePtr>& states, Mode mode, const Shape& in, int64_t batch,
       int64_t weightSteps);

  const Mode mode;
  const Shape in;
  const int64_t batch;
  const int64_t weightSteps;
  const Shape& out() const { return graph_.out(); }

  // One step: beginStep, then stage by stage its tasks and endStage, then endStep.
  void bind(Arena& arena);  // gives the ops their memory; again when the arena has moved
  void aimWeights();        // where the weights' values are now: of views
  void
  takeStates();  // before the first step of a run: gives states that nobody has left yet their rows; ERR_STATEFUL where others do not fit
  void checkFinite(bool check) { gather_.checkFinite(check); }  // x of the steps of a run is looked at while it is gathered
  bool foundNotFinite() const { return gather_.foundNotFinite(); }
  void beginStep(const Feed& feed, Step step, float* predictions);
  int64_t stages() const { return static_cast<int64_t>(schedule_.stages.size()); }
  int64_t tasks(int stage) const;
  // Whether any stage has work for more than one thread.
  bool isParallel() const {
    return std::any_of(schedule_.stages.begin(), schedule_.stages.end(),
                       [&](const Stage& s) { return (s.rows ? ceilDiv(batch, schedule_.chunk) : s.count) > 1; });
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
  const std::vector<int>& lazyTables() const { return graph_.lazyTables; }  // weights that are updated row by row
  void trace(Trace* trace);                                                 // records what tasks do, until it is called with null

 private:
  const Stage& stageAt(int stage) const { return schedule_.stages[asSize(stage)]; }
  void run(const Part& part, int64_t begin, int64_t end);
  void runOp(const Part& part, int64_t begin, int64_t end);
  Step stepOf(const GraphOp& o) const;
  void addGradient(const Part& part, int64_t begin, int64_t end);
  void runHead(int64_t begin, int64_t end);
  void runWeights(int64_t task);
  void weightTask(size_t index);
  void sourceTask(size_t index);
  void aimForeign();
  void runGuarded(const Stage& stage, int64_t begin, int64_t end);
  void runTraced(const Stage& stage, int64_t begin, int64_t end);

  std::string memoryMessage() const;
  void refuseFaults(int stage);
  std::string labelOf(const Part& part) const;
  double flopsOf(const Part& part, int64_t begin, int64_t end) const;

  friend class PlanGuard;
  Weights& weights_;
  Graph graph_;
  std::unique_ptr<Head> head_;
  Gather gather_;
  Schedule schedule_;
  MemoryPlan memory_;
  std::unique_ptr<PlanGuard> guard_;  // in guard mode alone
  const float* bound_ = nullptr;
  std::vector<Slot> slots_;
  Trace* trace_ = nullptr;
  std::vector<int> weightLabels_;  // of the ops, for the trace
  // The step at hand.
  Step step_;
  float* predictions_ = nullptr;
};

}  // namespace gemmfit
