#include "native/engine/access.h"

#include <cstring>

#include "native/engine/lazy_rows.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

Access& Access::instance() {
  // Never destroyed: threads may still be in a job when the process ends.
  static Access* access = new Access();
  return *access;
}

Snapshot::Snapshot(const std::vector<VariablePtr>& variables) : variables_(variables) {
  for (const VariablePtr& v : variables_) {
    values_.push_back(allocateFloats(v->size, "a snapshot"));
    places_.emplace(v.get(), values_.back().get());
  }
}

void Snapshot::take() {
  for (size_t i = 0; i < variables_.size(); ++i) {
    const Variable& v = *variables_[i];
    const std::shared_ptr<LazyRows> rows = v.lazyRows();
    if (rows && rows->behind())
      rows->copy(v, values_[i].get());
    else
      std::memcpy(values_[i].get(), v.data(), asSize(v.size) * sizeof(float));
  }
}

}  // namespace gemmfit
