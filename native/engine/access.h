#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "native/engine/variable.h"

namespace gemmfit {

// Who uses which variables, in the whole process. Held for a few instructions, never while values are read, copied or written.
//
// A training has its variables to itself while it is in a run (some batches, an epoch); between runs nobody is kept out. Readings
// (evaluations and predictions) use the variables themselves while no training is in a run, and a copy, as after a whole batch, while one
// is: see native/engine/training.h and reading.h. No training ever waits for more than one batch of a reading, nor a reading for more
// than one of a training.
struct Access {
  static Access& instance();
  std::mutex mutex;
  std::condition_variable changed;
};

// Values of variables as they were after a whole batch. Nobody writes them while someone holds them.
class Snapshot {
 public:
  explicit Snapshot(const std::vector<VariablePtr>& variables);
  void take();  // copies them: for who may read the variables, and holds this alone
  float* of(const Variable& variable) const { return places_.at(&variable); }

 private:
  std::vector<VariablePtr> variables_;
  std::vector<AlignedFloats> values_;
  std::unordered_map<const Variable*, float*> places_;
};

}  // namespace gemmfit
