// What a plan records of its tasks.
#include "native/engine/plan.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

void Plan::runTraced(const Stage& stage, int64_t begin, int64_t end) {
  for (const Part& p : stage.parts) {
    const double from = trace_->now();
    run(p, begin, end);
    if (p.what != Do::weights) trace_->add(p.label, from, trace_->now(), flopsOf(p, begin, end));
  }
}

void Plan::weightTask(size_t index) {
  if (index >= schedule_.weightTasks.size()) return sourceTask(index - schedule_.weightTasks.size());
  const auto& [op, task] = schedule_.weightTasks[index];
  const GraphOp& o = graph_.ops[asSize(op)];
  const double from = trace_ ? trace_->now() : 0;
  o.op->weightTask(stepOf(o), task);
  if (!trace_) return;
  const double flops = o.op->productFlops * static_cast<double>(step_.rows * o.rows) / static_cast<double>(o.op->weightTasks());
  trace_->add(weightLabels_[asSize(op)], from, trace_->now(), flops);
}

void Plan::trace(Trace* trace) {
  trace_ = trace;
  weights_.trace(trace);
  if (!trace) return;
  for (Stage& s : schedule_.stages)
    for (Part& p : s.parts)
      if (p.what != Do::weights) p.label = trace->label(labelOf(p));
  weightLabels_.assign(graph_.ops.size(), 0);
  for (const auto& [op, task] : schedule_.weightTasks)
    if (task == 0) weightLabels_[asSize(op)] = trace->label("weights " + graph_.ops[asSize(op)].name);
}

std::string Plan::labelOf(const Part& part) const {
  static const char* const names[] = {"gather",           "gather",        "forward",        "loss: prepare",
                                      "loss and metrics", "loss: combine", "loss: gradient", "backward",
                                      "gradients: add",   "weights",       "regularization", "gradients: collect",
                                      "update",           "constraints",   "predictions"};
  const std::string prefix = mode == Mode::train ? "" : mode == Mode::test ? "test " : "predict ";
  const std::string name = names[static_cast<int>(part.what)];
  return prefix + name + (part.op >= 0 ? " " + graph_.ops[asSize(part.op)].name : "");
}

double Plan::flopsOf(const Part& part, int64_t begin, int64_t end) const {
  const bool forward = part.what == Do::forward, backward = part.what == Do::backward && graph_.op(part.op).dx != nullptr;
  if (!forward && !backward) return 0;
  const Op& op = graph_.op(part.op);
  const double perSample = op.productFlops * static_cast<double>(graph_.ops[asSize(part.op)].rows);
  const std::vector<Phase> phases = forward ? op.forwardPhases() : op.backwardPhases();
  const double all = perSample * static_cast<double>(step_.rows);
  bool tasks = false;
  for (const Phase& p : phases) tasks = tasks || (p.kind == Phase::tasks && !p.layOut);
  const Phase& phase = phases[asSize(part.phase)];
  if (phase.layOut) return 0;
  if (phase.kind == Phase::tasks) return all / static_cast<double>(phase.count);
  return tasks ? 0 : perSample * static_cast<double>(end - begin);
}

}  // namespace gemmfit
