#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "native/engine/graph.h"
#include "native/engine/head.h"
#include "native/engine/mode.h"
#include "native/engine/weights.h"

namespace gemmfit {

// What a part of a step does.
enum class Do {
  gather,
  gatherColumns,
  forward,
  prepare,
  head,
  combine,
  gradient,
  backward,
  addGradient,
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
  int phase = 0;     // of addGradient: the input
  int label = 0;     // of the trace
  bool rows = true;  // it is cut by rows
};

// A set of tasks without order among them; between stages every task has ended.
struct Stage {
  bool rows = true;
  bool once = false;  // one task goes through all parts, which work on what is single
  int64_t count = 1;  // tasks of a stage that is not cut by rows
  std::vector<Part> parts;
};

// A step of a graph as stages. Consecutive row phases share one: a task then takes its rows through all of them while they are hot in
// cache. In guard mode every part is a stage of its own.
class Schedule {
 public:
  // head: null in prediction.
  Schedule(const Graph& graph, const Head* head, const Weights& weights, Mode mode, bool guarded);

  std::vector<Stage> stages;
  std::vector<std::pair<int, int64_t>> weightTasks;  // op and its task
  std::vector<std::pair<int, int64_t>> sourceTasks;  // likewise, of values that show weights: each hands over a tile of their gradient
  bool oneWeightTask = false;                        // all of them together are too little to share
  std::vector<std::pair<int, int>> dataChecks;       // stage and op
  int64_t chunk = 1;                                 // rows of a task

 private:
  void place(Part part, const Phase& phase);
  void placeOf(const GraphOp& o, const Part& part, const Phase& phase);
  void forward(const Graph& graph, const Head* head, const Weights& weights, Mode mode);
  void backward(const Graph& graph, const Head& head, const Weights& weights);
  void backwardOf(const Graph& graph, int op);
  const bool guarded_;
};

}  // namespace gemmfit
