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

// A weight, an optimizer slot, a moving statistic or a state that goes on from batch to batch: float32, 64-byte aligned, shared by every
// network that uses it. The lock is only ever tried, never waited for: a running job holds it (exclusively while training), so that a
// second job or a write from JavaScript is refused instead of racing.
class Variable {
 public:
  explicit Variable(std::vector<int64_t> shapeOf);
  std::vector<int64_t> shape;
  int64_t size = 0;
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }

  void reshape(std::vector<int64_t> shapeOf);  // anew, all zeros; for who holds it exclusively

  bool tryShare();  // for reading; false while a training job holds it
  void unshare();
  bool tryExclusive();  // for writing; false while any job holds it
  void release();

  // Of a table some of whose rows may be behind; and of a slot of such a table. Read with the variable's lock held.
  std::shared_ptr<LazyRows> rows;
  std::weak_ptr<LazyRows> rowsOfTable;
  std::shared_ptr<LazyRows> lazyRows() const { return rows ? rows : rowsOfTable.lock(); }

 private:
  AlignedFloats data_;
  std::atomic<int> users_{0};  // -1: exclusive, n > 0: n readers
};

using VariablePtr = std::shared_ptr<Variable>;

}  // namespace gemmfit
