#include "native/engine/weights.h"

#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

// A thread's memory for the tile it works on. Allocated once a thread, at its first tile.
float* threadTile() {
  thread_local AlignedFloats tile = allocateFloats(kTileFloats);
  return tile.get();
}

// In guard mode a tile of the very size, whose end is watched.
float* guardedTile(int64_t n) {
  thread_local AlignedFloats tile;
  tile.reset();
  tile = allocateFloats(n, "a tile of a gradient");
  poison(tile.get(), n);
  return tile.get();
}

}  // namespace

Weights::Weights(const Value& spec, std::vector<VariablePtr> variables, const std::vector<VariablePtr>& slots, bool trains)
    : guarded_(guarding()), variables_(std::move(variables)), slotVariables_(slots) {
  const Value::Array& described = spec.items("variables");
  if (described.size() != variables_.size()) throw Error("ERR_SPEC", "variables and their descriptions differ in number");
  size_t slotsPerVariable = 0;
  if (trains && spec.has("optimizer")) {
    const Value& o = spec.at("optimizer");
    optimizer_ = makeOptimizer(o);
    weightDecay_ = o.number("weightDecay", 0);
    clipNorm_ = o.number("clipnorm", 0);
    globalClipNorm_ = o.number("globalClipnorm", 0);
    clipValue_ = o.number("clipvalue", 0);
    averages_ = o.flag("useEma", false);
    emaMomentum_ = o.number("emaMomentum", 0.99);
    emaOverwrite_ = o.integer("emaOverwriteFrequency", 0);
    averageCopies_ = o.flag("emaCopyFirst", true);
    accumulate_ = std::max<int64_t>(1, o.integer("gradientAccumulationSteps", 1));
    wholeGradients_ = clipNorm_ > 0 || globalClipNorm_ > 0 || accumulate_ > 1;
    slotsPerVariable = asSize(optimizer_->slots()) + (averages_ ? 1 : 0) + (accumulate_ > 1 ? 1 : 0);
  }
  size_t nextSlot = 0;
  records_.resize(variables_.size());
  for (size_t i = 0; i < records_.size(); ++i) {
    Record& r = records_[i];
    const Value& d = described[i];
    r.variable = variables_[i].get();
    r.trainable = d.flag("trainable", false);
    r.decay = d.flag("decay", true);
    if (!r.trainable) continue;
    anyTrainable_ = true;
    if (d.has("regularizer")) r.regularizer = makeRegularizer(d.at("regularizer"), r.variable->shape);
    if (d.has("constraint")) r.constraint = makeConstraint(d.at("constraint"), r.variable->shape);
    if (optimizer_) {
      if (nextSlot + slotsPerVariable > slots.size()) throw Error("ERR_SPEC", "the optimizer's slots are too few");
      for (size_t k = 0; k < slotsPerVariable; ++k)
        if (slots[nextSlot + k]->size != r.variable->size) throw Error("ERR_SPEC", "an optimizer slot's size differs from its weight's");
      r.firstSlot = nextSlot;
      for (int k = 0; k < optimizer_->slots(); ++k) r.slots.push_back(slots[nextSlot++]->data());
      if (averages_) r.average = slots[nextSlot++]->data();
      if (accumulate_ > 1) r.accumulator = slots[nextSlot++]->data();
    }
    if (r.regularizer) {
      const int64_t size = r.variable->size, step = r.regularizer->elementwise() ? kTileFloats : std::max<int64_t>(1, size);
      for (int64_t o = 0; o < size; o += step) penaltyTiles_.push_back({static_cast<int>(i), o, std::min(step, size - o)});
    }
    if (r.constraint) constrained_.push_back(static_cast<int>(i));
  }
  penalties_.resize(penaltyTiles_.size());
  for (size_t i = 0; i < records_.size(); ++i) {
    const Record& r = records_[i];
    if (optimizer_ && r.trainable && (wholeGradients_ || (r.regularizer && !r.regularizer->elementwise()))) needBuffer(static_cast<int>(i));
  }
}

void Weights::needBuffer(int id) {
  Record& r = records_[asSize(id)];
  if (r.buffer || !r.trainable) return;
  r.buffer = allocateFloats(r.variable->size, "the gradient of a weight");
  buffered_.insert(std::lower_bound(buffered_.begin(), buffered_.end(), id), id);
  updateTiles_.clear();
  for (const int b : buffered_) {
    const int64_t size = records_[asSize(b)].variable->size;
    for (int64_t o = 0; o < size; o += kTileFloats) updateTiles_.push_back({b, o, std::min(kTileFloats, size - o)});
  }
}

int Weights::sharer(int id, int n) {
  if (n == 0) return id;
  needBuffer(id);
  while (static_cast<int>(records_[asSize(id)].sharers.size()) < n) {
    records_[asSize(id)].sharers.push_back(static_cast<int>(records_.size()));
    variables_.push_back(variables_[asSize(id)]);
    Record r;
    r.variable = variables_[asSize(id)].get();
    r.trainable = true;
    r.buffer = allocateFloats(r.variable->size, "the gradient of a weight");
    records_.push_back(std::move(r));
  }
  return records_[asSize(id)].sharers[asSize(n - 1)];
}

int64_t Weights::bytes() const {
  int64_t all = 0;
  for (const Record& r : records_)
    if (r.buffer) all += r.variable->size * static_cast<int64_t>(sizeof(float));
  return all;
}

bool Weights::offersLazyRows(int id, int64_t width) {
  Record& r = records_[asSize(id)];
  if (!r.trainable || !optimizer_ || r.buffer || r.regularizer || r.constraint || averages_ || (weightDecay_ != 0 && r.decay)) return false;
  if (!r.idle) r.idle = optimizer_->idleSteps();
  if (r.idle) LazyRows::of(variables_[asSize(id)], width);
  return r.idle != nullptr;
}

void Weights::useRows(size_t id) {
  const Record& r = records_[id];
  const auto first = slotVariables_.begin() + static_cast<std::ptrdiff_t>(r.firstSlot);
  variables_[id]->lazyRows()->use(std::vector<VariablePtr>(first, first + static_cast<std::ptrdiff_t>(r.slots.size())), r.idle);
}

bool Weights::takeUpRows() {
  for (size_t i = 0; i < records_.size(); ++i) {
    Record& r = records_[i];
    const std::shared_ptr<LazyRows> rows = variables_[i]->rows;
    if (!r.trainable || !optimizer_ || !rows || !rows->isRestored()) continue;
    if (!r.idle) r.idle = optimizer_->idleSteps();
    if (!r.idle) continue;
    const auto first = slotVariables_.begin() + static_cast<std::ptrdiff_t>(r.firstSlot);
    std::vector<VariablePtr> all(first, first + static_cast<std::ptrdiff_t>(r.slots.size()));
    all.push_back(variables_[i]);
    const VariableLocks locks(all, true);
    if (!locks.held()) return false;
    useRows(i);
  }
  return true;
}

void Weights::beginRun(const std::vector<int>& lazyTables) {
  if (!optimizer_) throw Error("ERR_SPEC", "a model without an optimizer does not train");
  lazy_.clear();
  for (size_t i = 0; i < records_.size(); ++i) {
    Record& r = records_[i];
    r.rows = nullptr;
    const std::shared_ptr<LazyRows> rows = variables_[i]->lazyRows();
    if (std::find(lazyTables.begin(), lazyTables.end(), static_cast<int>(i)) != lazyTables.end()) {
      useRows(i);
      r.rows = rows.get();
      lazy_.push_back(r.rows);
    } else if (rows)
      rows->settle();
  }
}

void Weights::end() {
  for (LazyRows* rows : lazy_) rows->endStep(optimizer_->idleScale());
}

void Weights::begin(double lr, int64_t call) {
  applies_ = (call + 1) % accumulate_ == 0;
  const int64_t iteration = call / accumulate_;
  lr_ = static_cast<float>(lr);
  emaKeep_ = iteration == 0 && averageCopies_ ? 0.0f : static_cast<float>(emaMomentum_);
  overwrites_ = averages_ && emaOverwrite_ > 0 && (iteration + 1) % emaOverwrite_ == 0;
  optimizer_->begin(lr, iteration + 1);
  if (!guarded_) return;
  for (const Record& r : records_)
    if (r.buffer) poison(r.buffer.get(), r.variable->size);
}

float* Weights::tile(int weight, int64_t offset, int64_t n) {
  if (guarded_) return guardedTile(n);
  Record& r = records_[asSize(weight)];
  return r.buffer ? r.buffer.get() + offset : threadTile();
}

void Weights::done(int weight, int64_t offset, int64_t n, float* g) {
  const double from = trace_ ? trace_->now() : 0;
  take(weight, offset, n, guarded_ ? leaveGuarded(weight, offset, n, g) : g);
  if (trace_) trace_->add(updateLabel_, from, trace_->now());
}

void Weights::take(int weight, int64_t offset, int64_t n, float* g) const {
  const Record& r = records_[asSize(weight)];
  took(r.buffer ? Path::weightsBuffer : Path::weightsTile);
  if (r.regularizer && r.regularizer->elementwise()) r.regularizer->addGradient(r.variable->data() + offset, g, n);
  if (!r.buffer) apply(r, offset, n, g);
}

// What an op has handed over in a guarded tile: looked at, and where the weight has a buffer, moved there. What to go on with.
float* Weights::leaveGuarded(int weight, int64_t offset, int64_t n, float* g) {
  const Record& r = records_[asSize(weight)];
  const std::string which = "the gradient of weight " + std::to_string(weight);
  if (offset < 0 || n < 0 || offset + n > r.variable->size) {
    noteFault(which + " was handed over for floats that the weight does not have: " + std::to_string(n) + " from " +
              std::to_string(offset) + " on, of " + std::to_string(r.variable->size));
    return g;
  }
  const int64_t at = firstFromPoison(g, n);
  if (at >= 0)
    noteFault(which + ", float " + std::to_string(offset + at) +
              (isUntouchedPoison(g[at]) ? ", was not written" : ", was computed from memory that is dead or not yet written"));
  if (!r.buffer) return g;
  std::copy(g, g + n, r.buffer.get() + offset);
  return r.buffer.get() + offset;
}

std::string Weights::poisoned(bool handedOver) const {
  for (size_t i = 0; i < records_.size(); ++i) {
    const Record& r = records_[i];
    const int64_t size = r.variable->size;
    const std::string which = " weight " + std::to_string(i);
    if (firstFromPoison(r.variable->data(), size) >= 0) return "was computed from memory that is dead or not yet written:" + which;
    for (size_t k = 0; k < r.slots.size(); ++k)
      if (firstFromPoison(r.slots[k], size) >= 0) return "was computed from memory that is dead or not yet written: a slot of" + which;
    const int64_t at = handedOver && r.buffer ? firstFromPoison(r.buffer.get(), size) : -1;
    if (at >= 0) return "the gradient of" + which + ", float " + std::to_string(at) + ", was not handed over";
  }
  return "";
}

float* Weights::block(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, int64_t* ld) {
  if (guarded_) return *ld = columns, guardedTile(rows * columns);
  Record& r = records_[asSize(weight)];
  *ld = r.buffer ? stride : columns;
  return r.buffer ? r.buffer.get() + offset : threadTile();
}

void Weights::blockDone(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, float* g, int64_t ld) {
  if (columns == stride && ld == columns) return done(weight, offset, rows * columns, g);
  const double from = trace_ ? trace_->now() : 0;
  for (int64_t i = 0; i < rows; ++i) {
    float* row = g + i * ld;
    take(weight, offset + i * stride, columns, guarded_ ? leaveGuarded(weight, offset + i * stride, columns, row) : row);
  }
  if (trace_) trace_->add(updateLabel_, from, trace_->now());
}

void Weights::trace(Trace* trace) {
  trace_ = trace;
  if (trace) updateLabel_ = trace->label("update of weights");
}

void Weights::apply(const Record& r, int64_t offset, int64_t n, float* g) const {
  float* w = r.variable->data() + offset;
  if (r.rows) r.rows->touch(offset);
  if (r.factor != 1.0f)
    for (int64_t i = 0; i < n; ++i) g[i] *= r.factor;
  if (clipValue_ > 0) {
    const float c = static_cast<float>(clipValue_);
    for (int64_t i = 0; i < n; ++i) g[i] = g[i] > c ? c : g[i] < -c ? -c : g[i];
  }
  if (weightDecay_ != 0 && r.decay) {
    const float shrink = lr_ * static_cast<float>(weightDecay_);
    for (int64_t i = 0; i < n; ++i) w[i] -= shrink * w[i];
  }
  float* slot[8];
  for (size_t k = 0; k < r.slots.size() && k < 8; ++k) slot[k] = r.slots[k] + offset;
  optimizer_->update(w, g, slot, n);
  if (averages_) average(r, offset, n);
}

void Weights::average(const Record& r, int64_t offset, int64_t n) const {
  float *w = r.variable->data() + offset, *a = r.average + offset;
  for (int64_t i = 0; i < n; ++i) a[i] = emaKeep_ == 0.0f ? w[i] : emaKeep_ * a[i] + (1.0f - emaKeep_) * w[i];
  if (overwrites_) std::copy(a, a + n, w);
}

void Weights::penaltyTask(int64_t task) {
  const Tile& t = penaltyTiles_[asSize(task)];
  const Record& r = records_[asSize(t.id)];
  penalties_[asSize(task)] = r.regularizer->value(r.variable->data() + t.offset, t.n);
}

double Weights::penalty() const {
  double sum = 0;
  for (const double p : penalties_) sum += p;
  return sum;
}

void Weights::gatherTask(int64_t task) {
  Record& r = records_[asSize(buffered_[asSize(task)])];
  float* g = r.buffer.get();
  const int64_t n = r.variable->size;
  for (const int sharer : r.sharers) {
    const float* more = records_[asSize(sharer)].buffer.get();
    for (int64_t i = 0; i < n; ++i) g[i] += more[i];
  }
  if (r.regularizer && !r.regularizer->elementwise()) r.regularizer->addGradient(r.variable->data(), g, n);
  if (r.accumulator) {
    for (int64_t i = 0; i < n; ++i) r.accumulator[i] += g[i];
    if (!applies_) return;
    const float scale = 1.0f / static_cast<float>(accumulate_);
    for (int64_t i = 0; i < n; ++i) {
      g[i] = r.accumulator[i] * scale;
      r.accumulator[i] = 0;
    }
  }
  r.normSquared = 0;
  if (clipNorm_ > 0 || globalClipNorm_ > 0)
    for (int64_t i = 0; i < n; ++i) r.normSquared += static_cast<double>(g[i]) * g[i];
}

void Weights::combine() {
  double all = 0;
  for (const int id : buffered_) all += records_[asSize(id)].normSquared;
  for (const int id : buffered_) {
    Record& r = records_[asSize(id)];
    const double limit = clipNorm_ > 0 ? clipNorm_ : globalClipNorm_, norm = std::sqrt(clipNorm_ > 0 ? r.normSquared : all);
    r.factor = limit > 0 && !(norm <= limit) ? static_cast<float>(limit / norm) : 1.0f;
  }
}

void Weights::updateTask(int64_t task) {
  const Tile& t = updateTiles_[asSize(task)];
  const Record& r = records_[asSize(t.id)];
  if (applies_)
    apply(r, t.offset, t.n, r.buffer.get() + t.offset);
  else if (averages_)
    average(r, t.offset, t.n);  // as Keras does, also while gradients are only gathered
}

void Weights::constraintTask(int64_t task) {
  const Record& r = records_[asSize(constrained_[asSize(task)])];
  r.constraint->apply(r.variable->data());
}

}  // namespace gemmfit
