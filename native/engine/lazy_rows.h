#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "native/engine/idle_steps.h"
#include "native/engine/shape.h"
#include "native/engine/variable.h"

namespace gemmfit {

// Which rows of a table are behind, and by what: the steps that each was last up to date after, and what each step since was worth.
struct LazyState {
  std::vector<int32_t> updated;
  std::vector<double> scales;
};

// The rows of a large table, of which a step of training touches few. The rule moves the others too; a row is brought up to date when
// the next gradient for it arrives, all at once. Until then it is behind: the table and the optimizer's slots hold what they held when
// it was last updated, and whoever reads asks here. Reading changes nothing, so it makes no difference to a training who looks on.
// Belongs to the table (`Variable::rows`) and is known to the slots. Threads: as the table's and the slots' locks allow.
class LazyRows {
 public:
  // The table's, made where there are none yet.
  static LazyRows& of(const VariablePtr& table, int64_t width);
  LazyRows(const VariablePtr& table, int64_t width);

  bool behind() const { return idle_ && idle_->count() > 0; }
  std::vector<VariablePtr> members() const;  // the table and the slots: who reads or settles holds the locks of all of them

  // A training begins, whose optimizer has these slots and this rule. Where they are others than before, the rows are settled first.
  void use(const std::vector<VariablePtr>& slots, const std::shared_ptr<IdleSteps>& rule);
  // Before a row's update in a step of training. Rows are independent of each other.
  void touch(int64_t offset);
  void endStep(double scale);  // by the leader; scale: Optimizer::idleScale

  // Asks for a row's memory ahead of its use: rows come in no order, and each is in several places.
  void prefetch(int64_t row) const;
  // Columns [column, column + count) of the row as it is now: where they are, which is in the table or, made up for, in `out`.
  const float* at(int64_t row, int64_t column, int64_t count, float* out) const;
  // All of a member as it is now.
  void copy(const Variable& member, float* out) const;
  // Brings every row up to date.
  void settle();
  // What `use` goes on from, instead of rows that are all up to date: with the numbers of table and slots as they lay at that moment, a
  // training goes on to the same bits.
  LazyState state() const { return behind() ? LazyState{updated_, scales_} : LazyState(); }
  void restore(LazyState state);
  bool isRestored() const { return restored_ != nullptr; }  // and `use` has not yet been called

 private:
  void add(double scale);
  void clear();

  std::weak_ptr<Variable> table_;
  float* w_;
  int64_t rows_, width_;
  std::vector<VariablePtr> slots_;
  std::vector<float*> state_;  // of the slots
  std::shared_ptr<IdleSteps> idle_;
  std::vector<int32_t> updated_;  // steps done when the row was last up to date
  std::vector<double> scales_;    // of the steps since all rows were up to date
  std::unique_ptr<LazyState> restored_;
};

// A variable's values from outside any job, and new ones. False where a job has it in use.
// Reading an optimizer's slot settles the rows: whoever saves a training's state then goes on from the very bits that were saved.
// `settleRows` does that for the table or the slot alone.
bool settleRows(const VariablePtr& variable);
bool readVariable(const VariablePtr& variable, float* out);
bool writeVariable(const VariablePtr& variable, const float* from);
// A variable's numbers as they lie, rows that are behind included, and which those are; and back again. Nothing is settled: a training that
// is put down and taken up so goes on to the bits of one that was not. All variables of a table are to be read, and written, together.
bool readRaw(const VariablePtr& variable, float* out, LazyState* state);
// What is written is looked at first: Error ERR_SHAPE or ERR_SPEC where it is no state of the variable. One of no size takes the shape.
struct RawState {
  Shape shape;
  const float* values = nullptr;
  int64_t count = 0;
  LazyState rows;
};
bool writeRaw(const VariablePtr& variable, RawState state);

// The locks of several variables, tried in turn; held until it goes.
class VariableLocks {
 public:
  VariableLocks(const std::vector<VariablePtr>& variables, bool exclusive);
  ~VariableLocks();
  VariableLocks(const VariableLocks&) = delete;
  VariableLocks& operator=(const VariableLocks&) = delete;
  bool held() const { return held_; }

 private:
  std::vector<VariablePtr> locked_;
  bool exclusive_, held_ = true;
};

}  // namespace gemmfit
