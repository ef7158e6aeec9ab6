#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace gemmfit {

class Plan;
struct Part;

// Watches the memory of one plan in guard mode (guard.h). Every buffer then has a place of its own, with guard words before and behind it,
// and every part of the schedule a stage of its own, so that a fault has one op that can have made it. What is not alive holds poison.
// After a stage: guard words that changed are an overrun; a dead buffer that changed was written when it was not the op's; rows of a
// tensor behind the batch's last are not the op's either; and poison in what the stage owes (y, dx, masks, sums, tiles of gradients) was
// left unwritten, or came from memory that was dead.
// Threads: the leader's alone, between stages. Throws RuntimeErrors with code ERR_GUARD; the network is as usable as before.
class PlanGuard {
 public:
  explicit PlanGuard(Plan& plan) : plan_(plan) {}
  void place();  // all buffers, none where another is
  void beginStep();
  void endStage(int stage);
  void endStep(double loss);

 private:
  struct Role {
    std::string name;
    bool tensor = true;  // rows of the batch one after the other; scratch is laid out as its op likes
  };
  Role roleOf(float** user) const;
  std::string describe(int stage) const;  // what the stage did, to what
  [[noreturn]] void fail(int stage, const std::string& what) const;
  void checkBuffers(int stage) const;
  void checkOutputs(int stage) const;
  void checkBackward(int stage, const Part& part) const;
  void owes(int stage, const char* name, const float* from, int64_t rowFloats, bool single = false) const;
  void owes(int stage, const char* name, double value) const;
  void checkWeights(int stage) const;

  Plan& plan_;
  std::vector<int64_t> rowFloats_;  // of each buffer that is a tensor; 0 of others
};

}  // namespace gemmfit
