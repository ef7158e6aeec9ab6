#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "native/engine/access.h"

namespace gemmfit {

// What one evaluation or prediction reads, from its first call to its last: the variables themselves, or, where a training is in a run,
// a snapshot. If one begins later, it hands over a copy first, and the reading goes on with that: all its batches see the same weights.
// Threads: `open`, `close` and `rest` on JavaScript's, the others on the one that runs, but `handOver`, which is the training's.
class Reading {
 public:
  explicit Reading(const std::vector<VariablePtr>& variables);
  ~Reading() { rest(); }
  // Of the variables, in their order. Where their values are, `enter` and `move` say.
  const std::vector<VariablePtr>& views() const { return views_; }

  void open();  // a call begins: nobody else may write from now on, but a training, which hands over
  // Before the call's first batch; waits for the end of a training's batch where there is no snapshot yet. `whole`: variables that are
  // read without asking which of their rows are behind.
  void enter(const std::vector<size_t>& whole);
  bool asked() const { return asked_.load(std::memory_order_relaxed); }
  void move();   // between two batches, when asked
  void leave();  // after its last batch
  void close();  // the call is over
  void rest();   // and the reading: the next call reads what is there then

  // With Access::mutex held: the values of this training's variables as they are now; null where there is no memory for them.
  void handOver(const Training& training, const std::shared_ptr<const Snapshot>& copy);

 private:
  struct Source {
    bool known = false, counted = false;         // counted: among the variable's `readers`
    std::shared_ptr<const Snapshot> copy, next;  // null: the variable itself; next: from the next batch on
  };
  bool resolve();
  void letGo(size_t i);
  void aim();

  const std::vector<VariablePtr> variables_;
  std::vector<VariablePtr> views_;
  std::vector<Source> sources_;
  bool running_ = false;
  std::atomic<bool> asked_{false};
};

}  // namespace gemmfit
