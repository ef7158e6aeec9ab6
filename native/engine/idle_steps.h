#pragma once
#include <cstdint>
#include <memory>

namespace gemmfit {

// Many steps of an optimizer's rule at once, for elements whose gradient was 0 in all of them. Steps are counted from the last `clear`;
// an element that was up to date after `from` of them is brought to where it would be after all.
// Threads: `clear` and `add` by a step's leader; the rest from many threads, on disjoint ranges.
class IdleSteps {
 public:
  static constexpr int64_t kMost = 4096;  // steps until the next `clear`

  virtual ~IdleSteps() = default;
  virtual bool sameAs(const IdleSteps& other) const = 0;  // of the same rule, with the same constants
  virtual void clear() { count_ = 0; }
  virtual void add(double /*scale*/) { ++count_; }  // scale: `Optimizer::idleScale` of the step
  int64_t count() const { return count_; }

  // The weights alone, written to `out`, which may be `w`.
  virtual void weights(int64_t from, const float* w, const float* const* slot, float* out, int64_t n) const = 0;
  // The slots alone, in place: after the weights, which are made from them.
  virtual void slots(int64_t from, float* const* slot, int64_t n) const = 0;

 protected:
  int64_t count_ = 0;
};

// Of rules for which a gradient of 0 changes nothing.
std::unique_ptr<IdleSteps> stepsWithoutEffect();
// Of Adam. Null where the constants do not allow it: see native/optimizers/adam_idle.cc.
std::unique_ptr<IdleSteps> adamIdleSteps(float towardsG, float towardsSquare, float epsilon);

}  // namespace gemmfit
