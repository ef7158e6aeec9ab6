#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "native/engine/access.h"

namespace gemmfit {

// A network's right to change variables, and the copies of them for those who read meanwhile.
//
// Where nobody asks, a batch costs it one look at a flag. Once somebody does, it publishes a snapshot at the end of the batch, then newer
// ones as long as somebody goes on asking; copying takes at most a twentieth of its time. After two seconds without a question it stops.
// Threads: `claim` and `unclaim` on JavaScript's, the rest on the one that leads the run.
class Training {
 public:
  // weights: those that readings may ask for; slots: what only this training uses; states: what readings use alone, one at a time.
  Training(std::vector<VariablePtr> weights, std::vector<VariablePtr> slots, std::vector<VariablePtr> states);
  ~Training() { unclaim(); }

  // From the submission of a run until its results are known. Error ERR_BUSY where another training has one of the variables.
  void claim();
  void unclaim();

  // Around the batches of a run. Readings that are in a batch on the variables end it first; they go on with a copy.
  void begin();
  void endBatch() {
    if (asked_.load(std::memory_order_relaxed)) offer();
  }
  void end();

  // Lets go the copies that no reading holds.
  void forget();

  // With Access::mutex held: the newest snapshot, null where there is none yet, and the wish for a newer one.
  const std::shared_ptr<const Snapshot>& latest();
  bool failed() const { return failed_; }  // there is no memory for a snapshot

 private:
  using Clock = std::chrono::steady_clock;
  void offer();
  std::shared_ptr<Snapshot> publish();
  bool isFree() const;

  const std::vector<VariablePtr> weights_, slots_, states_;
  std::vector<VariablePtr> held_;  // weights, slots, and slots that rows of a table still depend on
  std::atomic<bool> asked_{false};
  // The rest is guarded by Access::mutex.
  bool claimed_ = false;
  bool wanted_ = false;  // since the latest snapshot
  bool failed_ = false;
  std::shared_ptr<const Snapshot> latest_;
  std::vector<std::shared_ptr<Snapshot>> copies_;  // all that were made: one that nobody holds is used again
  Clock::time_point askedAt_, publishedAt_, notBefore_;
};

}  // namespace gemmfit
