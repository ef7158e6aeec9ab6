#include "native/engine/trace.h"
#include "native/kernels/sizes.h"

#include <algorithm>
#include <chrono>

namespace gemmfit {
namespace {

double clockNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

uint64_t nextId() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

}  // namespace

Trace::Trace() : id_(nextId()), origin_(clockNow()) {}

double Trace::now() const { return clockNow() - origin_; }

int Trace::label(const std::string& name) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto it = std::find(labels_.begin(), labels_.end(), name);
  if (it != labels_.end()) return static_cast<int>(it - labels_.begin());
  labels_.push_back(name);
  return static_cast<int>(labels_.size()) - 1;
}

Trace::Log& Trace::own() {
  thread_local uint64_t id = 0;
  thread_local Log* log = nullptr;
  if (id != id_) {
    std::lock_guard<std::mutex> lock(mutex_);
    logs_.emplace_back();  // in a deque those that are there stay where they are
    log = &logs_.back();
    log->spans.reserve(kMostSpans / 8);
    id = id_;
  }
  return *log;
}

void Trace::add(int label, double begin, double end, double flops) {
  Log& log = own();
  if (asSize(label) >= log.totals.size()) log.totals.resize(asSize(label) + 1);
  Total& t = log.totals[asSize(label)];
  t.seconds += end - begin;
  t.flops += flops;
  ++t.count;
  if (log.spans.size() < kMostSpans) log.spans.push_back({label, static_cast<float>(end - begin), begin});
}

}  // namespace gemmfit
