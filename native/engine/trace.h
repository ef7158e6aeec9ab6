#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace gemmfit {

// What the threads of a job did and when, by part of a step (an op's forward pass, the update of weights, ...). Nothing is recorded where
// there is no trace: that costs a test of a pointer a part. Totals cover everything; single spans only the first kMostSpans.
// Threads: `add` by any, each into a log of its own; the rest between jobs.
class Trace {
 public:
  static constexpr size_t kMostSpans = 100000;
  struct Span {
    int label;
    float duration;  // seconds
    double begin;    // seconds since the trace began
  };
  struct Total {
    double seconds = 0, flops = 0;
    int64_t count = 0;
  };
  struct Log {
    std::vector<Total> totals;  // by label
    std::vector<Span> spans;
  };

  Trace();
  int label(const std::string& name);  // the same number for the same name
  double now() const;                  // seconds since the trace began
  void add(int label, double begin, double end, double flops = 0);
  const std::vector<std::string>& labels() const { return labels_; }
  const std::deque<Log>& logs() const { return logs_; }  // one a thread

 private:
  Log& own();
  const uint64_t id_;  // threads remember for which trace their log is
  double origin_;
  std::mutex mutex_;
  std::vector<std::string> labels_;
  std::deque<Log> logs_;
};

}  // namespace gemmfit
