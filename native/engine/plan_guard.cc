#include "native/engine/plan_guard.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/engine/plan.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

void PlanGuard::place() {
  int64_t at = 0;
  rowFloats_.clear();
  for (Buffer& b : plan_.memory_.buffers) {
    b.offset = at + kGuardFloats;
    at = b.offset + ceilDiv(b.used + kGuardFloats, kGuardFloats) * kGuardFloats;
    const bool tensor = std::all_of(b.users.begin(), b.users.end(), [&](float** user) { return roleOf(user).tensor; });
    rowFloats_.push_back(tensor && !b.users.empty() ? b.perRow : 0);
  }
  plan_.memory_.floats = at;
}

void PlanGuard::beginStep() {
  float* base = const_cast<float*>(plan_.bound_);
  poison(base, plan_.memory_.floats);
}

void PlanGuard::endStage(int stage) {
  const std::string fault = takeFault();
  if (!fault.empty()) fail(stage, fault);
  checkBuffers(stage);
  checkOutputs(stage);
  checkWeights(stage);
  float* base = const_cast<float*>(plan_.bound_);
  for (const Buffer& b : plan_.memory_.buffers)
    if (b.to == stage) poison(base + b.offset, b.used);
}

void PlanGuard::endStep(double loss) { owes(static_cast<int>(plan_.stages()) - 1, "the batch's loss", loss); }

PlanGuard::Role PlanGuard::roleOf(float** user) const {
  const auto is = [user](const auto& place) { return user == const_cast<float**>(&place); };
  for (GraphOp& o : plan_.graph_.ops) {
    Op& op = *o.op;
    const std::string of = " of " + o.name + " (" + o.label + ")";
    if (is(op.x)) return {"x" + of};
    if (is(op.y)) return {"y" + of};
    if (is(op.dy)) return {"dy" + of};
    if (is(op.dx)) return {"dx" + of};
    if (is(op.maskIn)) return {"the mask read" + of};
    if (is(op.maskOut)) return {"the mask written" + of};
    for (size_t k = 0; k < op.others.size(); ++k) {
      const std::string number = std::to_string(k + 1);
      if (is(op.others[k].x)) return {"input " + number + of};
      if (is(op.others[k].dx)) return {"the gradient of input " + number + of};
      if (is(op.others[k].mask)) return {"the mask of input " + number + of};
    }
    for (size_t k = 0; k < op.scratch.size(); ++k)
      if (is(op.scratch[k])) {
        const Scratch& s = op.scratchSpec[k];
        static const char* const lives[] = {"forward", "backward", "whole"};
        return {"scratch " + std::to_string(k) + of + " (" + std::to_string(s.perRow) + " floats a row and " + std::to_string(s.fixed) +
                    ", " + lives[s.life] + ")",
                false};
      }
  }
  if (is(plan_.gather_.places.input)) return {"the gathered batch"};
  if (is(plan_.gather_.places.label)) return {"the labels"};
  if (is(plan_.gather_.places.weight)) return {"the sample weights"};
  if (plan_.head_ && is(plan_.head_->gradient)) return {"the loss's gradient"};
  for (const GraphValue& v : plan_.graph_.values)
    if (is(v.data) || is(v.gradient)) return {"a value or its gradient"};
  return {"the loss's memory"};
}

std::string PlanGuard::describe(int stage) const {
  const Part& part = plan_.stageAt(stage).parts.front();
  std::string text = plan_.labelOf(part);
  if (part.op >= 0) {
    const GraphOp& o = plan_.graph_.ops[asSize(part.op)];
    text += " (" + o.label + ", phase " + std::to_string(part.phase) + ", " + toString(o.op->in) + " to " + toString(o.op->out) + ")";
  }
  return text + " with " + std::to_string(plan_.step_.rows) + " rows of at most " + std::to_string(plan_.batch) + " in tasks of " +
         std::to_string(plan_.schedule_.chunk);
}

void PlanGuard::fail(int stage, const std::string& what) const {
  throw Error("ERR_GUARD", "guard: " + describe(stage) + ": " + what, false);
}

void PlanGuard::checkBuffers(int stage) const {
  for (size_t i = 0; i < plan_.memory_.buffers.size(); ++i) {
    const Buffer& b = plan_.memory_.buffers[i];
    const float* data = plan_.bound_ + b.offset;
    const auto name = [&] {
      // The one that the stage's op knows it by.
      const int op = plan_.stageAt(stage).parts.front().op;
      const std::string own = op < 0 ? "" : " of " + plan_.graph_.ops[asSize(op)].name + " (";
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

void PlanGuard::owes(int stage, const char* name, const float* from, int64_t rowFloats, bool single) const {
  const int64_t at = from ? firstFromPoison(from, (single ? 1 : plan_.step_.rows) * rowFloats) : -1;
  if (at < 0) return;
  fail(stage, std::string(name) + ", float " + std::to_string(at % rowFloats) + " of row " + std::to_string(at / rowFloats) +
                  (isUntouchedPoison(from[at]) ? ", was not written" : ", was computed from memory that is dead or not yet written"));
}

void PlanGuard::owes(int stage, const char* name, double value) const {
  const float near = static_cast<float>(value);
  if (firstFromPoison(&near, 1) >= 0) fail(stage, std::string(name) + " was computed from memory that is dead or not yet written");
}

void PlanGuard::checkOutputs(int stage) const {
  const Part& part = plan_.stageAt(stage).parts.front();
  const GraphOp* o = part.op < 0 ? nullptr : &plan_.graph_.ops[asSize(part.op)];
  const Op* op = o ? o->op.get() : nullptr;
  const Gather& gather = plan_.gather_;
  switch (part.what) {
    case Do::gather:
    case Do::gatherColumns:
      if (!gather.inPlace()) owes(stage, "the gathered batch", gather.places.input, sizeOf(plan_.in));
      if (gather.feed().spec.y) owes(stage, "the labels", gather.places.label, gather.feed().spec.y.rowSize);
      owes(stage, "the sample weights", gather.places.weight, plan_.weightSteps);
      break;
    case Do::forward:
      if (part.phase + 1 < static_cast<int>(op->forwardPhases().size())) break;
      if (!op->yIsSummed) owes(stage, "y", op->y, plan_.graph_.value(o->output).floats(), plan_.graph_.value(o->output).single);
      if (op->mask == Op::Mask::make) owes(stage, "the mask", op->maskOut, op->maskSteps * o->rows);
      break;
    case Do::backward:
    case Do::addGradient:
      checkBackward(stage, part);
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
      for (const GraphValue& v : plan_.graph_.values)
        if (v.lossWrites) owes(stage, "the loss's gradient", v.gradient, v.floats(), v.single);
      break;
    default:
      break;
  }
}

void PlanGuard::checkBackward(int stage, const Part& part) const {
  const GraphOp& o = plan_.graph_.ops[asSize(part.op)];
  const auto floats = [&](size_t input) { return plan_.graph_.value(o.inputs[input]).floats(); };
  const auto single = [&](size_t input) { return plan_.graph_.value(o.inputs[input]).single; };
  if (part.what == Do::addGradient) {
    const auto input = asSize(part.phase);
    return owes(stage, "a gradient", plan_.graph_.value(o.inputs[input]).gradient, floats(input), single(input));
  }
  if (part.phase + 1 < static_cast<int>(o.op->backwardPhases().size())) return;
  owes(stage, "dx", o.op->dx, floats(0) / (o.op->sharesDx ? o.op->alikeSteps : 1), single(0));
  for (size_t k = 1; k < o.inputs.size(); ++k) owes(stage, "the gradient of another input", o.op->others[k - 1].dx, floats(k), single(k));
}

// Weights and what goes with them, after the stages that write them.
void PlanGuard::checkWeights(int stage) const {
  const Part& part = plan_.stageAt(stage).parts.front();
  const bool forward = part.what == Do::forward && plan_.mode == Mode::train;  // moving statistics
  if (!forward && part.what != Do::weights && part.what != Do::collect && part.what != Do::update && part.what != Do::constrain) return;
  const std::string fault = plan_.weights_.poisoned(part.what == Do::weights);
  if (!fault.empty()) fail(stage, fault);
}

}  // namespace gemmfit
