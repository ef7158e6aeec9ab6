#include "native/engine/training.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/lazy_rows.h"
#include "native/engine/reading.h"

namespace gemmfit {
namespace {

constexpr int kShare = 20;  // copying may take one part of so many of the time
constexpr std::chrono::milliseconds kRefresh(250), kServing(2000);

std::vector<VariablePtr> distinct(const std::vector<VariablePtr>& given) {
  std::vector<VariablePtr> out;
  for (const VariablePtr& v : given)
    if (std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
  return out;
}

}  // namespace

Training::Training(std::vector<VariablePtr> weights, std::vector<VariablePtr> slots, std::vector<VariablePtr> states)
    : weights_(distinct(weights)), slots_(distinct(slots)), states_(distinct(states)), held_(weights_) {
  held_.insert(held_.end(), slots_.begin(), slots_.end());
}

void Training::claim() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  const auto refuse = [](const VariablePtr& v) {
    if (v->claimed || v->exclusive)
      throw Error("ERR_BUSY", "weights of this model are in use by a training of another model that shares them; await that first", false);
  };
  for (const VariablePtr& v : weights_) refuse(v);
  // Nobody else trains the tables now: their rows are what they are.
  std::vector<VariablePtr> all = weights_;
  all.insert(all.end(), slots_.begin(), slots_.end());
  for (const VariablePtr& v : weights_)
    if (const std::shared_ptr<LazyRows> rows = v->lazyRows(); rows && rows->behind())
      for (const VariablePtr& member : rows->members()) all.push_back(member);
  all = distinct(all);
  for (const VariablePtr& v : all) refuse(v);
  held_ = std::move(all);
  for (const VariablePtr& v : held_) v->claimed = true;
  claimed_ = true;
}

void Training::unclaim() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  if (!claimed_) return;
  for (const VariablePtr& v : held_) v->claimed = false;
  claimed_ = false;
}

bool Training::isFree() const {
  for (const VariablePtr& v : held_)
    if (v->readers > 0 || v->exclusive) return false;
  return std::none_of(states_.begin(), states_.end(), [](const VariablePtr& v) { return v->exclusive; });
}

void Training::begin() {
  Access& access = Access::instance();
  std::unique_lock<std::mutex> lock(access.mutex);
  // From here on no reading begins with the variables themselves.
  bool mine = true, read = false;
  for (const VariablePtr& v : held_) {
    mine = mine && v->writer == this;
    read = read || !v->readings.empty();
    v->training = this;
    v->writer = this;
  }
  failed_ = false;
  if (!mine) latest_.reset();
  if (read) {
    lock.unlock();
    const std::shared_ptr<Snapshot> copy = publish();
    lock.lock();
    std::vector<Reading*> all;
    for (const VariablePtr& v : weights_) all.insert(all.end(), v->readings.begin(), v->readings.end());
    for (Reading* r : all) r->handOver(*this, copy);
  } else if (asked_.load(std::memory_order_relaxed)) {
    lock.unlock();
    offer();
    lock.lock();
  }
  // What is still read is read in the middle of a batch, or by JavaScript.
  while (!isFree()) {
    if (wanted_ && !latest_ && !failed_) {
      lock.unlock();
      publish();
      lock.lock();
    } else {
      access.changed.wait(lock);
    }
  }
  for (const VariablePtr& v : states_) v->exclusive = true;
}

void Training::end() {
  Access& access = Access::instance();
  std::lock_guard<std::mutex> lock(access.mutex);
  for (const VariablePtr& v : held_) v->training = nullptr;
  for (const VariablePtr& v : states_) v->exclusive = false;
  access.changed.notify_all();
}

const std::shared_ptr<const Snapshot>& Training::latest() {
  asked_.store(true, std::memory_order_relaxed);
  wanted_ = true;
  askedAt_ = Clock::now();
  if (!latest_) Access::instance().changed.notify_all();
  return latest_;
}

void Training::forget() {
  std::lock_guard<std::mutex> lock(Access::instance().mutex);
  asked_.store(false, std::memory_order_relaxed);
  wanted_ = false;
  latest_.reset();
  copies_.clear();
}

void Training::offer() {
  const Clock::time_point now = Clock::now();
  {
    std::lock_guard<std::mutex> lock(Access::instance().mutex);
    if (latest_ && !wanted_ && now - askedAt_ > kServing) {
      asked_.store(false, std::memory_order_relaxed);
      latest_.reset();
      copies_.clear();
      return;
    }
    if (latest_ && (now < notBefore_ || (!wanted_ && now - publishedAt_ < kRefresh))) return;
    if (failed_) return;
  }
  publish();
}

std::shared_ptr<Snapshot> Training::publish() {
  Access& access = Access::instance();
  const Clock::time_point start = Clock::now();
  std::shared_ptr<Snapshot> copy;
  {
    std::lock_guard<std::mutex> lock(access.mutex);
    for (const auto& c : copies_)
      if (c.use_count() == 1) copy = c;
  }
  try {
    if (!copy) copy = std::make_shared<Snapshot>(weights_);
    copy->take();
  } catch (const std::exception&) {
    copy.reset();  // no memory: the training goes on, and who asked is told
  }
  const Clock::time_point now = Clock::now();
  std::lock_guard<std::mutex> lock(access.mutex);
  if (copy && std::find(copies_.begin(), copies_.end(), copy) == copies_.end()) copies_.push_back(copy);
  failed_ = !copy;
  latest_ = copy;
  wanted_ = false;
  publishedAt_ = now;
  notBefore_ = now + kShare * (now - start);
  access.changed.notify_all();
  return copy;
}

}  // namespace gemmfit
