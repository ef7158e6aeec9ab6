#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gemmfit {

struct FreeAligned {
  void operator()(float* p) const;
};
using AlignedFloats = std::unique_ptr<float[], FreeAligned>;
// 64-byte aligned, zeroed; throws Error ERR_MEMORY. `what` it is, a guard says.
AlignedFloats allocateFloats(int64_t count, const char* what = "a kernel's own memory");

class LazyRows;
class Reading;
class Training;

// A weight, an optimizer slot, a moving statistic or a state that goes on from batch to batch: float32, 64-byte aligned, shared by every
// network that uses it. Who uses it now is written down here, and `Access` (native/engine/access.h) guards that. `tryShare` and
// `tryExclusive` are only ever tried, never waited for, so that a write from JavaScript is refused instead of racing a job.
class Variable {
 public:
  explicit Variable(std::vector<int64_t> shapeOf);
  // A view, which has no memory of its own: it shows the variable's values, or, once `aim` says so, a copy of them.
  explicit Variable(const std::shared_ptr<Variable>& of);
  std::vector<int64_t> shape;
  int64_t size = 0;
  float* data() { return data_; }
  const float* data() const { return data_; }

  void reshape(std::vector<int64_t> shapeOf);  // anew, all zeros; for who holds it exclusively
  void aim(float* values) { data_ = values; }  // of a view

  bool tryShare();  // for reading; false while a training has it: what is read one after the other belongs to one batch
  void unshare();
  bool tryExclusive();  // for writing; false while any job has it
  void release();

  // Of a table some of whose rows may be behind; and of a slot of such a table. Read with the variable's lock held.
  std::shared_ptr<LazyRows> rows;
  std::weak_ptr<LazyRows> rowsOfTable;
  std::shared_ptr<LazyRows> lazyRows() const { return rows ? rows : rowsOfTable.lock(); }

  // Guarded by Access::mutex.
  int readers = 0;                 // who reads its values, and not a copy of them
  bool exclusive = false;          // somebody writes it
  bool claimed = false;            // a training has it, from its submission until JavaScript has the results
  Training* training = nullptr;    // the one that is in its batches now, and may write it
  const void* writer = nullptr;    // the training that wrote it last; null where it was JavaScript
  std::vector<Reading*> readings;  // those that read its values, in a call or between two

 private:
  AlignedFloats own_;
  float* data_ = nullptr;
};

using VariablePtr = std::shared_ptr<Variable>;

}  // namespace gemmfit
