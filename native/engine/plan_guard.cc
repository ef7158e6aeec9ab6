#include "native/engine/plan_guard.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/engine/plan.h"

namespace gemmfit {

int64_t PlanGuard::place() {
  int64_t at = 0;
  rowFloats_.clear();
  for (Plan::Buffer& b : plan_.buffers_) {
    b.offset = at + kGuardFloats;
    at = b.offset + ceilDiv(b.used + kGuardFloats, kGuardFloats) * kGuardFloats;
    const bool tensor = std::all_of(b.users.begin(), b.users.end(), [&](float** user) { return roleOf(user).tensor; });
    rowFloats_.push_back(tensor && !b.users.empty() ? b.used / plan_.batch : 0);
  }
  return at;
}

void PlanGuard::beginStep() {
  float* base = const_cast<float*>(plan_.bound_);
  poison(base, plan_.arenaFloats_);
}

void PlanGuard::endStage(int stage) {
  const std::string fault = takeFault();
  if (!fault.empty()) fail(stage, fault);
  checkBuffers(stage);
  checkOutputs(stage);
  checkWeights(stage);
  float* base = const_cast<float*>(plan_.bound_);
  for (const Plan::Buffer& b : plan_.buffers_)
    if (b.to == stage) poison(base + b.offset, b.used);
}

void PlanGuard::endStep(double loss) { owes(static_cast<int>(plan_.stages()) - 1, "the batch's loss", loss); }

PlanGuard::Role PlanGuard::roleOf(float** user) const {
  for (size_t i = 0; i < plan_.ops_.size(); ++i) {
    Op& op = *plan_.ops_[i];
    const std::string of = " of " + plan_.names_[i] + " (" + plan_.labels_[i] + ")";
    if (user == const_cast<float**>(&op.x)) return {"x" + of};
    if (user == &op.y) return {"y" + of};
    if (user == const_cast<float**>(&op.dy)) return {"dy" + of};
    if (user == &op.dx) return {"dx" + of};
    if (user == const_cast<float**>(&op.maskIn)) return {"the mask read" + of};
    if (user == &op.maskOut) return {"the mask written" + of};
    for (size_t k = 0; k < op.scratch.size(); ++k)
      if (user == &op.scratch[k]) {
        const Scratch& s = op.scratchSpec[k];
        static const char* const lives[] = {"forward", "backward", "whole"};
        return {"scratch " + std::to_string(k) + of + " (" + std::to_string(s.perRow) + " floats a row and " + std::to_string(s.fixed) +
                    ", " + lives[s.life] + ")",
                false};
      }
  }
  if (user == &plan_.input_) return {"the gathered batch"};
  if (user == &plan_.label_) return {"the labels"};
  if (user == &plan_.weight_) return {"the sample weights"};
  if (plan_.head_ && user == &plan_.head_->gradient) return {"the loss's gradient"};
  return {"the loss's memory"};
}

std::string PlanGuard::describe(int stage) const {
  const Plan::Part& part = plan_.stages_[static_cast<size_t>(stage)].parts.front();
  std::string text = plan_.labelOf(part);
  if (part.op >= 0) {
    const Op& op = *plan_.ops_[static_cast<size_t>(part.op)];
    text += " (" + plan_.labels_[static_cast<size_t>(part.op)] + ", phase " + std::to_string(part.phase) + ", " + toString(op.in) + " to " +
            toString(op.out) + ")";
  }
  return text + " with " + std::to_string(plan_.step_.rows) + " rows of at most " + std::to_string(plan_.batch) + " in tasks of " +
         std::to_string(plan_.chunk_);
}

void PlanGuard::fail(int stage, const std::string& what) const {
  throw Error("ERR_GUARD", "guard: " + describe(stage) + ": " + what, false);
}

void PlanGuard::checkBuffers(int stage) const {
  for (size_t i = 0; i < plan_.buffers_.size(); ++i) {
    const Plan::Buffer& b = plan_.buffers_[i];
    const float* data = plan_.bound_ + b.offset;
    const auto name = [&] {
      // The one that the stage's op knows it by.
      const int op = plan_.stages_[static_cast<size_t>(stage)].parts.front().op;
      const std::string own = op < 0 ? "" : " of " + plan_.names_[static_cast<size_t>(op)] + " (";
      std::string found;
      for (float** user : b.users) {
        const std::string role = roleOf(user).name;
        if (found.empty() || (!own.empty() && role.find(own) != std::string::npos)) found = role;
      }
      return found;
    };
    const int64_t behind = firstNotPoison(data + b.used, kGuardFloats);
    if (behind >= 0)
      fail(stage, "overran " + name() + ": float " + std::to_string(b.used + behind) + " of " + std::to_string(b.used) + " was written");
    if (firstNotPoison(data - kGuardFloats, kGuardFloats) >= 0) fail(stage, "wrote before the begin of " + name());
    const bool alive = b.from <= stage && stage <= b.to;
    const int64_t rows = rowFloats_[i] > 0 && alive ? rowFloats_[i] * plan_.step_.rows : alive ? b.used : 0;
    const int64_t other = firstNotPoison(data + rows, b.used - rows);
    if (other >= 0)
      fail(stage, "wrote to " + name() + ", float " + std::to_string(rows + other) +
                      (alive ? ", behind the batch's last row" : ", which is dead"));
  }
}

void PlanGuard::owes(int stage, const char* name, const float* from, int64_t rowFloats) const {
  const int64_t at = from ? firstFromPoison(from, plan_.step_.rows * rowFloats) : -1;
  if (at < 0) return;
  fail(stage, std::string(name) + ", float " + std::to_string(at % rowFloats) + " of row " + std::to_string(at / rowFloats) +
                  (isUntouchedPoison(from[at]) ? ", was not written" : ", was computed from memory that is dead or not yet written"));
}

void PlanGuard::owes(int stage, const char* name, double value) const {
  const float near = static_cast<float>(value);
  if (firstFromPoison(&near, 1) >= 0) fail(stage, std::string(name) + " was computed from memory that is dead or not yet written");
}

void PlanGuard::checkOutputs(int stage) const {
  using Do = Plan::Do;
  const Plan::Part& part = plan_.stages_[static_cast<size_t>(stage)].parts.front();
  const Op* op = part.op < 0 ? nullptr : plan_.ops_[static_cast<size_t>(part.op)].get();
  const Head* head = plan_.head_.get();
  switch (part.what) {
    case Do::gather:
    case Do::gatherColumns:
      if (!plan_.direct_) owes(stage, "the gathered batch", plan_.input_, sizeOf(plan_.in));
      if (plan_.feed_->spec.y) owes(stage, "the labels", plan_.label_, plan_.feed_->spec.y.rowSize);
      owes(stage, "the sample weights", plan_.weight_, plan_.weightSteps);
      break;
    case Do::forward:
      if (part.phase + 1 < static_cast<int>(op->forwardPhases().size())) break;
      if (!op->yIsSummed) owes(stage, "y", op->y, sizeOf(op->out));
      if (op->mask == Op::Mask::make) owes(stage, "the mask", op->maskOut, op->maskSteps);
      break;
    case Do::backward:
      if (part.phase + 1 < static_cast<int>(op->backwardPhases().size())) break;
      owes(stage, "dx", op->dx, sizeOf(op->in) / (op->sharesDx ? op->alikeSteps : 1));
      break;
    case Do::emit:
      owes(stage, "the predictions", plan_.predictions_, sizeOf(plan_.out()));
      break;
    case Do::head:
      for (const Slot& s : plan_.slots_) {
        owes(stage, "the loss", s.loss);
        owes(stage, "a penalty on activities", s.penalty);
        for (const double m : s.metrics) owes(stage, "a metric's sum", m);
      }
      break;
    case Do::gradient:
    case Do::penaltyGradient: {
      const bool logits = head->usesLogits();
      const Op* last = plan_.ops_.back().get();
      owes(stage, "the loss's gradient", head->gradient, sizeOf(logits ? last->in : last->out));
      break;
    }
    default:
      break;
  }
}

// Weights and what goes with them, after the stages that write them.
void PlanGuard::checkWeights(int stage) const {
  using Do = Plan::Do;
  const Plan::Part& part = plan_.stages_[static_cast<size_t>(stage)].parts.front();
  const bool forward = part.what == Do::forward && plan_.mode == Mode::train;  // moving statistics
  if (!forward && part.what != Do::weights && part.what != Do::collect && part.what != Do::update && part.what != Do::constrain) return;
  const std::string fault = plan_.weights_.poisoned(part.what == Do::weights);
  if (!fault.empty()) fail(stage, fault);
}

}  // namespace gemmfit
