#pragma once
#include <atomic>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "native/engine/feed.h"
#include "native/engine/plan.h"
#include "native/engine/pool.h"
#include "native/engine/reading.h"
#include "native/engine/training.h"
#include "native/engine/value.h"
#include "native/engine/weights.h"

namespace gemmfit {

struct RunRequest {
  Mode mode = Mode::predict;
  Shape sampleShape;                 // of x
  int64_t weightSteps = 0;           // floats of weight a sample: 0 none, 1 per sample, or one for each step
  int64_t steps = 0;                 // at most so many batches
  std::vector<float> learningRates;  // one, or one for each step
  int64_t call = 0;                  // training steps the optimizer has taken before
  uint64_t step = 0;                 // training steps the model has taken before: the counter of its random numbers
  bool reset = true;                 // start loss and metric totals anew
  int64_t epochSteps = 0;            // above 0: start them anew after each so many batches too, see RunResult::epochs
  bool checkFinite = false;          // end at the first batch whose x is not finite; training has then updated the weights with it
  float* predictions = nullptr;      // of predict: room for every row; of test: for every item's loss, where they are wanted
  int64_t capacity = 0;              // floats of it
};

// Loss and metrics since the last reset, as the logs of an epoch show them.
struct Totals {
  double loss = 0;
  std::vector<std::vector<double>> metrics;
  int64_t steps = 0;
};

struct RunResult {
  int64_t steps = 0;  // batches done: fewer than asked for where the feed ended or `stop` was called
  int64_t samples = 0;
  bool foundNotFinite = false;  // with `checkFinite`: in the batch after these, which is not counted
  int64_t lossNotFinite = -1;   // the first of these batches whose loss is NaN or infinite
  std::vector<Totals> epochs;   // with `epochSteps`: of each epoch that came to its end
};

// A compiled model: program, weights and what happens to them; or a reader of one, with plans, memory and sums of its own, which evaluates
// and predicts while the model trains (native/engine/access.h). One job at a time uses a network: `acquire` before, `release` after.
// Threads: `run` on whichever thread leads; `stop`, `progress` from any.
class Network {
 public:
  // spec: { seed, ops, result, logits?, head?, variables, optimizer? }, see program.h. States are of no size until the first run.
  Network(Value spec, std::vector<VariablePtr> variables, std::vector<VariablePtr> slots, std::vector<VariablePtr> states = {});

  // A reader of the model.
  explicit Network(const Network& model);
  bool isReader() const { return reading_ != nullptr; }

  // Before a run: a training of the model claims its variables, a reader opens its reading. Error ERR_BUSY (a RuntimeError) when another
  // job holds the network, or variables so that this one cannot have them.
  void acquire(Mode mode);
  void release();
  // A reader's evaluation or prediction is over: the next run sees the weights as they are then. A model's training: so are the readings
  // of it, and their copies can go.
  void rest();

  RunResult run(Feeds& feeds, const RunRequest& request, Team* team);
  Totals totals() const;  // between jobs
  // Sums of a training since the last reset, as they are between two batches, and back again: an epoch can be put down and taken up.
  struct Sums {
    double loss = 0;
    int64_t rows = 0, steps = 0;
    Plan::MetricStates metrics;  // of finished jobs; while one runs they are in its plan
  };
  const Sums& trainingSums() const { return sums_[0]; }
  void setTrainingSums(Sums sums);
  // After a checkpoint's variables were written: rows of tables that are behind count as such for whoever reads, also before a run.
  // False where a job has them in use.
  bool takeUpRows() { return weights_.takeUpRows(); }
  // From now on runs are traced, until `endTrace`, which gives the trace. Between jobs.
  void traceWith(const Network& other) { trace_ = other.trace_; }
  void beginTrace() { trace_ = std::make_shared<Trace>(); }
  std::shared_ptr<Trace> endTrace() { return std::move(trace_); }
  Totals progress();  // during one: a recent snapshot, and the wish for a newer one
  void stop() { stop_.store(true, std::memory_order_relaxed); }
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }
  void clearStop() { stop_.store(false, std::memory_order_relaxed); }
  Shape outputShape(const Shape& in);      // also checks that the program fits the shape
  int64_t bytes() const;                   // of the memory that its plans have taken, without variables; between jobs
  void runStage(int stage, int64_t task);  // a task for any thread; what it throws comes out when its stage has ended

 private:
  Plan& plan(Mode mode, const Shape& in, int64_t batch, int64_t weightSteps);
  // The parts of a run, in their order.
  void beginRun(const FeedSpec& feed, const RunRequest& request);
  void checkSizes(const FeedSpec& feed, int64_t weightSteps) const;  // of labels and weights
  void beginSums(Mode mode, bool reset);
  bool runBatch(const Feed& feed, const RunRequest& request, RunResult& result, Team* team);  // false where the run is to end
  void step(const Feed& feed, const Step& step, float* predictions, Team* team);
  void answerProgress();

  const std::shared_ptr<const Program> program_;
  const std::vector<VariablePtr> variables_, slots_, states_;  // the model's
  std::vector<size_t> readWhole_;                              // those that ops read which know nothing of rows that are behind
  std::unique_ptr<Training> training_;                         // of a model
  std::unique_ptr<Reading> reading_;                           // of a reader
  Weights weights_;
  Arena arena_;
  std::list<std::unique_ptr<Plan>> plans_;  // most recently used first
  Plan* plan_ = nullptr;                    // of the running job
  // Sums since the last reset. Training and testing have their own, so that evaluating between two batches of an epoch does not
  // disturb its results.
  Sums sums_[2];
  Sums* current_ = &sums_[0];
  void keepMetrics() { current_->metrics = plan_->metrics(); }
  Totals totals(const Sums& sums, const std::vector<double>& states) const;

  std::shared_ptr<Trace> trace_;
  int waitLabel_ = 0;
  std::atomic<bool> stop_{false}, wanted_{false};
  mutable std::mutex snapshotMutex_;
  Totals snapshot_;
  std::vector<VariablePtr> heldStates_;
  std::atomic<bool> held_{false};
  std::mutex failureMutex_;
  std::exception_ptr failure_;  // of a task of the stage that is running
  std::atomic<bool> failed_{false};
  void refuseFailure();
};

}  // namespace gemmfit
