#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/constraint.h"
#include "native/engine/lazy_rows.h"
#include "native/engine/optimizer.h"
#include "native/engine/regularizer.h"
#include "native/engine/trace.h"
#include "native/engine/updater.h"
#include "native/engine/variable.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

// The network's weights and what happens to them in a step: regularization, clipping, the optimizer's rule, averaging,
// accumulation and constraints. Where nothing needs a whole gradient first, a tile is updated the moment it is handed over,
// while it is hot in cache, and gradients never go to memory. Otherwise tiles collect in buffers and `finish` does the rest.
class Weights : public Updater {
 public:
  // spec: { variables: [{ trainable, regularizer?, constraint?, decay? }], optimizer?: { optimizer, ..., common options } }
  // trains: whether it will ever change them.
  // slots: for each trainable variable in order: the rule's slots, then the average (EMA), then the accumulator.
  Weights(const Value& spec, std::vector<VariablePtr> variables, const std::vector<VariablePtr>& slots, bool trains = true);

  bool wants(int id) const { return records_[asSize(id)].trainable; }
  int64_t count() const { return static_cast<int64_t>(records_.size()); }
  const VariablePtr& variable(int id) const { return variables_[asSize(id)]; }
  bool anyTrainable() const { return anyTrainable_; }
  void needBuffer(int id);  // an op cannot hand over tiles: called while a plan is made
  // What the updater is asked with for the n-th use of a weight that several ops share, counted from 0: each use hands over a gradient of
  // its own, and `gatherTask` adds them in this order. Called while a plan is made.
  int sharer(int id, int n);

  // Whether a table's rows may fall behind: where the rule allows it, and nothing else needs all rows each step. Prepares for it.
  bool offersLazyRows(int id, int64_t width);
  // Before a run that trains: these tables are updated row by row, where the gradient is; all others are brought up to date.
  void beginRun(const std::vector<int>& lazyTables);
  // What LazyRows::restore was given counts from now on for whoever reads. False where a job has a table in use.
  bool takeUpRows();

  int64_t bytes() const;  // of gradients that are kept whole

  void trace(Trace* trace);

  void begin(double lr, int64_t call);  // by the leader, before a training step; call: gradients applied so far
  void end();                           // by the leader, after it
  float* tile(int weight, int64_t offset, int64_t n) override;
  void done(int weight, int64_t offset, int64_t n, float* g) override;
  float* block(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, int64_t* ld) override;
  void blockDone(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, float* g, int64_t ld) override;

  // In guard mode: which weight, slot or gradient holds what came from dead memory, or was not handed over; empty where none does.
  std::string poisoned(bool handedOver) const;

  // Regularization losses: tasks over tiles, then their sum in a fixed order.
  int64_t penaltyTasks() const { return static_cast<int64_t>(penaltyTiles_.size()); }
  void penaltyTask(int64_t task);
  double penalty() const;

  // What remains when all tiles are in: gradients kept whole, then constraints. Three stages of independent tasks.
  int64_t gatherTasks() const { return static_cast<int64_t>(buffered_.size()); }
  void gatherTask(int64_t task);
  void combine();  // by the leader, between
  int64_t updateTasks() const { return static_cast<int64_t>(updateTiles_.size()); }
  void updateTask(int64_t task);
  int64_t constraintTasks() const { return static_cast<int64_t>(constrained_.size()); }
  void constraintTask(int64_t task);

 private:
  struct Tile {
    int id;
    int64_t offset, n;
  };
  struct Record {
    Variable* variable = nullptr;
    bool trainable = false, decay = true;
    std::unique_ptr<Regularizer> regularizer;
    std::unique_ptr<Constraint> constraint;
    std::vector<float*> slots;
    float* average = nullptr;
    float* accumulator = nullptr;
    AlignedFloats buffer;      // the whole gradient, where it must be whole
    std::vector<int> sharers;  // records of its further uses, which have a buffer and nothing else
    double normSquared = 0;
    float factor = 1;  // clipping by norm
    size_t firstSlot = 0;
    std::shared_ptr<IdleSteps> idle;  // of a table whose rows may fall behind
    LazyRows* rows = nullptr;         // in a run that updates it row by row
  };
  void useRows(size_t id);
  float* leaveGuarded(int weight, int64_t offset, int64_t n, float* g);
  void take(int weight, int64_t offset, int64_t n, float* g) const;
  void apply(const Record& r, int64_t offset, int64_t n, float* g) const;
  void average(const Record& r, int64_t offset, int64_t n) const;

  const bool guarded_;
  Trace* trace_ = nullptr;
  int updateLabel_ = 0;
  std::vector<VariablePtr> variables_;
  std::vector<VariablePtr> slotVariables_;
  std::vector<Record> records_;
  std::vector<Tile> penaltyTiles_, updateTiles_;
  std::vector<double> penalties_;
  std::vector<int> buffered_, constrained_;
  std::vector<LazyRows*> lazy_;  // of the run
  std::unique_ptr<Optimizer> optimizer_;
  bool anyTrainable_ = false, wholeGradients_ = false, applies_ = true, averages_ = false, averageCopies_ = true, overwrites_ = false;
  double weightDecay_ = 0, clipNorm_ = 0, globalClipNorm_ = 0, clipValue_ = 0, emaMomentum_ = 0.99;
  int64_t emaOverwrite_ = 0, accumulate_ = 1;
  float lr_ = 0;
  float emaKeep_ = 0;
};

}  // namespace gemmfit
