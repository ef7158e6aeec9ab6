#include "native/engine/reading.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/lazy_rows.h"
#include "native/engine/training.h"

namespace gemmfit {

Reading::Reading(const std::vector<VariablePtr>& variables) : variables_(variables), sources_(variables.size()) {
  for (const VariablePtr& v : variables_) views_.push_back(std::make_shared<Variable>(v));
}

void Reading::open() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  resolve();
}

// Whether it is known where all values are. Variables of one training come from one place: it has all of them, or none.
bool Reading::resolve() {
  bool all = true;
  for (size_t i = 0; i < variables_.size(); ++i) {
    Source& s = sources_[i];
    Variable& v = *variables_[i];
    if (!s.known && v.training) {
      s.copy = v.training->latest();
      s.known = s.copy != nullptr;
      if (!s.known && v.training->failed())
        throw Error("ERR_MEMORY", "there is no memory for a copy of the weights that are being trained", false);
    } else if (!s.known && !v.exclusive) {
      s.known = true;
      v.readings.push_back(this);
    }
    if (s.known && !s.copy && !s.counted) {
      s.counted = true;
      ++v.readers;
    }
    all = all && s.known;
  }
  return all;
}

void Reading::enter(const std::vector<size_t>& whole) {
  Access& access = Access::instance();
  std::unique_lock<std::mutex> lock(access.mutex);
  access.changed.wait(lock, [this] { return resolve(); });
  running_ = true;
  for (const size_t i : whole) {
    const std::shared_ptr<LazyRows> rows = variables_[i]->lazyRows();
    if (sources_[i].copy || !rows || !rows->behind()) continue;
    lock.unlock();
    const auto own = std::make_shared<Snapshot>(std::vector<VariablePtr>{variables_[i]});
    own->take();
    lock.lock();
    sources_[i].copy = sources_[i].next ? std::move(sources_[i].next) : own;
    sources_[i].next.reset();
    letGo(i);
  }
  aim();
}

// The variable itself is read no longer.
void Reading::letGo(size_t i) {
  Variable& v = *variables_[i];
  if (sources_[i].counted) --v.readers;
  sources_[i].counted = false;
  v.readings.erase(std::find(v.readings.begin(), v.readings.end(), this));
  Access::instance().changed.notify_all();
}

void Reading::aim() {
  for (size_t i = 0; i < variables_.size(); ++i) {
    const Source& s = sources_[i];
    views_[i]->aim(s.copy ? s.copy->of(*variables_[i]) : variables_[i]->data());
    if (views_[i]->rows != (s.copy ? nullptr : variables_[i]->rows)) views_[i]->rows = s.copy ? nullptr : variables_[i]->rows;
  }
}

void Reading::move() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  asked_.store(false, std::memory_order_relaxed);
  for (size_t i = 0; i < sources_.size(); ++i) {
    Source& s = sources_[i];
    if (!s.next) continue;
    s.copy = std::move(s.next);
    s.next.reset();
    letGo(i);
  }
  aim();
}

void Reading::leave() {
  move();
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  running_ = false;
}

void Reading::close() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (!sources_[i].counted) continue;
    sources_[i].counted = false;
    --variables_[i]->readers;
  }
  Access::instance().changed.notify_all();
}

void Reading::rest() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].known && !sources_[i].copy) letGo(i);
    sources_[i] = Source();
  }
}

void Reading::handOver(const Training& training, const std::shared_ptr<const Snapshot>& copy) {
  for (size_t i = 0; i < sources_.size(); ++i) {
    Source& s = sources_[i];
    if (!s.known || s.copy || variables_[i]->training != &training) continue;
    if (!running_) {
      s.copy = copy;
      s.known = copy != nullptr;  // where there was no memory for one, `resolve` says so
      letGo(i);
    } else if (copy) {
      s.next = copy;
      asked_.store(true, std::memory_order_relaxed);
    }
  }
}

}  // namespace gemmfit
