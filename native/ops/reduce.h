#pragma once
#include <algorithm>
#include <memory>

#include "native/engine/op.h"
#include "native/ops/joined_axes.h"

namespace gemmfit::ops {

// What reductions have in common: over axes of a sample, and with `rows` over all samples of the batch too. Those over the batch go in
// parts of rows, cut by the plan's sizes alone; partial results lie in scratch, and a second phase joins them in their order.
class Reduce : public Op {
 public:
  Reduce(const Value& spec, const OpEnv& env);
  std::vector<Phase> forwardPhases() const override;

 protected:
  static constexpr int64_t kMostParts = 16;
  static constexpr int64_t kPartFloats = 32768;  // read by a part, at least
  static constexpr int64_t kColumns = JoinedAxes::kColumns;

  // The rows of a part of this batch: [first, last).
  int64_t firstRow(const Step& step, int64_t part) const { return step.rows * part / parts_; }
  int64_t lastRow(const Step& step, int64_t part) const { return step.rows * (part + 1) / parts_; }
  // The outputs that a task of a second phase joins.
  int64_t firstOutput(int64_t task) const { return axes_.outputs * task / joins_; }
  int64_t lastOutput(int64_t task) const { return axes_.outputs * (task + 1) / joins_; }
  double* partials(int slot, int64_t part) const { return reinterpret_cast<double*>(scratch[asSize(slot)]) + part * axes_.outputs; }
  int addPartials(Scratch::Life life) { return addScratch({0, 2 * parts_ * axes_.outputs, life}); }
  // Where what belongs to a row's outputs lies, in y or dy.
  int64_t outputsOf(int64_t row) const { return overRows_ ? 0 : row * axes_.outputs; }

  const bool overRows_;
  const JoinedAxes axes_;
  int64_t parts_ = 1, joins_ = 1;
};

std::unique_ptr<Op> reducePeak(const Value& spec, const OpEnv& env, bool least);
std::unique_ptr<Op> reduceProduct(const Value& spec, const OpEnv& env);

}  // namespace gemmfit::ops
