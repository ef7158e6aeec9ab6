#include "native/engine/lazy_rows.h"

#include <algorithm>
#include <cstring>

#include "hwy/cache_control.h"
#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

void copyFloats(const float* from, int64_t n, float* to) { std::memcpy(to, from, asSize(n) * sizeof(float)); }

}  // namespace

LazyRows& LazyRows::of(const VariablePtr& table, int64_t width) {
  if (!table->rows) table->rows = std::make_shared<LazyRows>(table, width);
  return *table->rows;
}

LazyRows::LazyRows(const VariablePtr& table, int64_t width)
    : table_(table), w_(table->data()), rows_(table->size / width), width_(width), updated_(asSize(rows_)) {}

std::vector<VariablePtr> LazyRows::members() const {
  std::vector<VariablePtr> all = slots_;
  if (VariablePtr table = table_.lock()) all.push_back(std::move(table));
  return all;
}

void LazyRows::use(const std::vector<VariablePtr>& slots, const std::shared_ptr<IdleSteps>& rule) {
  if (!restored_) {
    if (idle_ && slots == slots_ && idle_->sameAs(*rule)) return;
    settle();
  }
  for (const VariablePtr& s : slots_) s->rowsOfTable.reset();
  slots_ = slots;
  state_.clear();
  for (const VariablePtr& s : slots_) {
    s->rowsOfTable = table_.lock()->rows;
    state_.push_back(s->data());
  }
  idle_ = rule;
  clear();
  if (!restored_) return;
  updated_ = std::move(restored_->updated);
  updated_.resize(asSize(rows_));
  for (const double scale : restored_->scales) add(scale);
  restored_.reset();
}

void LazyRows::restore(LazyState state) { restored_ = std::make_unique<LazyState>(std::move(state)); }

void LazyRows::add(double scale) {
  idle_->add(scale);
  scales_.push_back(scale);
}

void LazyRows::clear() {
  std::fill(updated_.begin(), updated_.end(), 0);
  idle_->clear();
  scales_.clear();
  scales_.reserve(IdleSteps::kMost);  // nothing is allocated in a step
}

void LazyRows::touch(int64_t offset) {
  const int64_t row = offset / width_;
  int32_t& updated = updated_[asSize(row)];
  if (updated < idle_->count()) {
    float* state[8];
    for (size_t k = 0; k < state_.size(); ++k) state[k] = state_[k] + offset;
    idle_->weights(updated, w_ + offset, state, w_ + offset, width_);
    idle_->slots(updated, state, width_);
  }
  updated = static_cast<int32_t>(idle_->count() + 1);  // when this step is over
}

void LazyRows::prefetch(int64_t row) const {
  constexpr int64_t kLine = 64 / sizeof(float);
  hwy::Prefetch(&updated_[asSize(row)]);
  for (int64_t i = row * width_; i < (row + 1) * width_; i += kLine) {
    hwy::Prefetch(w_ + i);
    for (const float* state : state_) hwy::Prefetch(state + i);
  }
}

void LazyRows::endStep(double scale) {
  add(scale);
  if (idle_->count() == IdleSteps::kMost) settle();
}

const float* LazyRows::at(int64_t row, int64_t column, int64_t count, float* out) const {
  const int32_t updated = updated_[asSize(row)];
  const int64_t offset = row * width_ + column;
  if (updated == idle_->count()) return w_ + offset;
  const float* state[8];
  for (size_t k = 0; k < state_.size(); ++k) state[k] = state_[k] + offset;
  idle_->weights(updated, w_ + offset, state, out, count);
  return out;
}

void LazyRows::copy(const Variable& member, float* out) const {
  if (member.data() == w_) {
    for (int64_t row = 0; row < rows_; ++row) {
      float* to = out + row * width_;
      const float* from = at(row, 0, width_, to);
      if (from != to) copyFloats(from, width_, to);
    }
    return;
  }
  copyFloats(member.data(), member.size, out);
  std::vector<float> others(state_.size() * asSize(width_));
  for (int64_t row = 0; row < rows_; ++row) {
    const int32_t updated = updated_[asSize(row)];
    if (updated == idle_->count()) continue;
    float* state[8];
    for (size_t k = 0; k < state_.size(); ++k)
      state[k] = state_[k] == member.data() ? out + row * width_ : others.data() + k * asSize(width_);
    idle_->slots(updated, state, width_);
  }
}

void LazyRows::settle() {
  if (!behind()) return;
  for (int64_t row = 0; row < rows_; ++row) touch(row * width_);
  clear();
}

VariableLocks::VariableLocks(const std::vector<VariablePtr>& variables, bool exclusive) : exclusive_(exclusive) {
  for (const VariablePtr& v : variables) {
    held_ = exclusive ? v->tryExclusive() : v->tryShare();
    if (!held_) return;
    locked_.push_back(v);
  }
}

VariableLocks::~VariableLocks() {
  for (const VariablePtr& v : locked_) exclusive_ ? v->release() : v->unshare();
}

namespace {

// The rows that the variable is part of, where some may be behind. Its lock is held: they do not change meanwhile.
std::shared_ptr<LazyRows> rowsBehind(const Variable& v) {
  std::shared_ptr<LazyRows> rows = v.lazyRows();
  return rows && rows->behind() ? rows : nullptr;
}

}  // namespace

bool settleRows(const VariablePtr& variable) {
  std::shared_ptr<LazyRows> rows;
  {
    const VariableLocks own({variable}, false);
    if (!own.held()) return false;
    rows = rowsBehind(*variable);
  }
  if (!rows) return true;
  const VariableLocks all(rows->members(), true);
  if (all.held()) rows->settle();
  return all.held();
}

bool readVariable(const VariablePtr& variable, float* out) {
  if (!variable->rows) settleRows(variable);  // where that cannot be, a job reads too: then what the values would be is copied
  const VariableLocks own({variable}, false);
  if (!own.held()) return false;
  const std::shared_ptr<LazyRows> rows = rowsBehind(*variable);
  if (!rows) {
    copyFloats(variable->data(), variable->size, out);
    return true;
  }
  const VariableLocks all(rows->members(), false);
  if (all.held()) rows->copy(*variable, out);
  return all.held();
}

bool writeVariable(const VariablePtr& variable, const float* from) {
  if (!settleRows(variable)) return false;
  const VariableLocks own({variable}, true);
  if (own.held()) copyFloats(from, variable->size, variable->data());
  return own.held();
}

bool readRaw(const VariablePtr& variable, float* out, LazyState* state) {
  const VariableLocks own({variable}, false);
  if (!own.held()) return false;
  copyFloats(variable->data(), variable->size, out);
  if (variable->rows) *state = variable->rows->state();
  return true;
}

namespace {

void checkRows(const VariablePtr& variable, const LazyState& rows) {
  const bool isTable = variable->shape.size() == 2 && variable->size > 0;
  if (!rows.updated.empty() && (!isTable || static_cast<int64_t>(rows.updated.size()) != variable->shape[0]))
    throw Error("ERR_SPEC", "a table has another number of rows");
  if (static_cast<int64_t>(rows.scales.size()) >= IdleSteps::kMost) throw Error("ERR_SPEC", "a table is never so many steps behind");
  for (const int32_t u : rows.updated)
    if (u < 0 || u > static_cast<int32_t>(rows.scales.size()))
      throw Error("ERR_SPEC", "a row was last up to date after a step that was not");
}

}  // namespace

bool writeRaw(const VariablePtr& variable, RawState state) {
  const VariableLocks own({variable}, true);
  if (!own.held()) return false;
  const bool takesShape = variable->size == 0 && state.count > 0;
  if (state.count != (takesShape ? sizeOf(state.shape) : variable->size))
    throw Error("ERR_SHAPE", "the values have another size than the weight");
  if (takesShape) variable->reshape(std::move(state.shape));
  checkRows(variable, state.rows);
  copyFloats(state.values, variable->size, variable->data());
  const auto rows = static_cast<int64_t>(state.rows.updated.size());
  if (rows > 0 || variable->rows) LazyRows::of(variable, rows > 0 ? variable->size / rows : 1).restore(std::move(state.rows));
  return true;
}

}  // namespace gemmfit
