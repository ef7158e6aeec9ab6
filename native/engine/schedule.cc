#include "native/engine/schedule.h"
#include "native/kernels/sizes.h"

#include <algorithm>

namespace gemmfit {
namespace {

// A task is worth a thread from about this much arithmetic (some 15 microseconds of one core); below twice that, one task does all.
constexpr double kTaskFlops = 1.5e6;
constexpr double kElementFlops = 8;  // what an element that passes through costs besides, in time
constexpr double kUpdateFlops = 50;  // likewise, to update a weight
constexpr int64_t kMostChunks = 16;
constexpr int64_t kChunkAlign = 8;

int64_t chunkRows(int64_t batch, double flopsPerRow) {
  const double all = flopsPerRow * static_cast<double>(batch);
  const int64_t chunks = std::min<int64_t>(kMostChunks, static_cast<int64_t>(all / kTaskFlops));
  if (chunks < 2) return batch;
  const int64_t rows = ceilDiv(batch, chunks);
  return std::min(batch, rows < kChunkAlign && flopsPerRow < kTaskFlops ? kChunkAlign : ceilDiv(rows, kChunkAlign) * kChunkAlign);
}

// Of a sample on its way there and back.
double flopsOf(const Graph& graph) {
  double flops = 0;
  for (const GraphOp& o : graph.ops) {
    if (o.once) continue;
    int64_t elements = graph.value(o.output).floats();
    bool back = false;
    for (const int id : o.inputs) {
      elements += graph.value(id).single ? 0 : graph.value(id).floats();
      back = back || graph.value(id).trains;
    }
    flops += (o.op->flopsPerRow * static_cast<double>(o.rows) + kElementFlops * static_cast<double>(elements)) * (back ? 2 : 1);
  }
  return flops;
}

// Of a batch's gradients and updates.
double weightFlops(const Graph& graph, const Weights& weights) {
  double flops = 0;
  for (const GraphOp& o : graph.ops)
    if (o.trains) flops += o.op->productFlops * static_cast<double>(o.once ? 1 : graph.batch * o.rows);
  for (int id = 0; id < static_cast<int>(weights.count()); ++id)
    if (weights.wants(id)) flops += kUpdateFlops * static_cast<double>(weights.variable(id)->size);
  return flops;
}

Phase tasks(int64_t count) { return {Phase::tasks, count}; }

}  // namespace

Schedule::Schedule(const Graph& graph, const Head* head, const Weights& weights, Mode mode, bool guarded) : guarded_(guarded) {
  forward(graph, head, weights, mode);
  if (mode == Mode::train) backward(graph, *head, weights);
  for (size_t s = 0; s < stages.size(); ++s)
    for (const Part& p : stages[s].parts)
      if (p.what == Do::forward && graph.op(p.op).checksData()) dataChecks.emplace_back(static_cast<int>(s), p.op);
  chunk = chunkRows(graph.batch, flopsOf(graph));
}

void Schedule::place(Part part, const Phase& phase) {
  const bool rows = phase.kind == Phase::rows;
  part.rows = rows;
  const bool gathered = !stages.empty() && stages.back().parts.back().what == Do::gatherColumns;  // by the tasks that need it
  if (guarded_ || (!gathered && (!rows || stages.empty() || !stages.back().rows))) {
    Stage s;
    s.rows = rows;
    s.count = rows ? 1 : phase.count;
    stages.push_back(s);
  }
  stages.back().parts.push_back(part);
}

// What is single is worked on once: rows of a batch of one. Such parts that follow each other share a task.
void Schedule::placeOf(const GraphOp& o, const Part& part, const Phase& phase) {
  if (!o.once || phase.kind != Phase::rows) return place(part, phase);
  if (!guarded_ && !stages.empty() && stages.back().once) {
    stages.back().parts.push_back(part);
    stages.back().parts.back().rows = false;
    return;
  }
  place(part, tasks(1));
  stages.back().once = stages.back().parts.size() == 1;
}

void Schedule::forward(const Graph& graph, const Head* head, const Weights& weights, Mode mode) {
  const bool penalizes = mode != Mode::predict && weights.penaltyTasks() > 0;
  const bool later = std::any_of(graph.ops.begin(), graph.ops.end(), [](const GraphOp& o) { return o.op->writesWeights; });
  if (penalizes && !later) place({Do::penalties}, tasks(weights.penaltyTasks()));
  if (graph.count() > 0 && graph.isOnlyReader(0, 0) && graph.op(0).inputColumns(0).alone)
    place({Do::gatherColumns}, graph.op(0).forwardPhases()[0]);
  else
    place({Do::gather}, Phase{});
  for (int i = 0; i < graph.count(); ++i) {
    const std::vector<Phase> phases = graph.op(i).forwardPhases();
    for (size_t p = 0; p < phases.size(); ++p) placeOf(graph.ops[asSize(i)], {Do::forward, i, static_cast<int>(p)}, phases[p]);
  }
  if (penalizes && later) place({Do::penalties}, tasks(weights.penaltyTasks()));
  if (mode == Mode::predict) place({Do::emit}, Phase{});
  if (!head) return;
  if (head->preparesBatch()) place({Do::prepare}, tasks(1));
  place({Do::head}, Phase{});
  if (head->needsBatch() && head->hasLoss()) place({Do::combine}, tasks(1));
}

void Schedule::backward(const Graph& graph, const Head& head, const Weights& weights) {
  if (std::none_of(graph.ops.begin(), graph.ops.end(), [](const GraphOp& o) { return o.trains; })) return;
  place({Do::gradient}, head.wholeBatch() ? tasks(1) : Phase{});
  for (int i = graph.count() - 1; i >= 0; --i)
    if (graph.ops[asSize(i)].runsBackward()) backwardOf(graph, i);
  for (const int id : graph.sources)
    for (int64_t from = 0; graph.value(id).hasGradient() && from < graph.value(id).floats(); from += kTileFloats)
      sourceTasks.emplace_back(id, from);
  oneWeightTask = weightFlops(graph, weights) < 2 * kTaskFlops;
  const auto handedOver = static_cast<int64_t>(weightTasks.size() + sourceTasks.size());
  if (handedOver > 0) place({Do::weights}, tasks(oneWeightTask ? 1 : handedOver));
  if (weights.gatherTasks() > 0) {
    place({Do::collect}, tasks(weights.gatherTasks()));
    place({Do::update}, tasks(weights.updateTasks()));
  }
  if (weights.constraintTasks() > 0) place({Do::constrain}, tasks(weights.constraintTasks()));
}

void Schedule::backwardOf(const Graph& graph, int i) {
  const GraphOp& o = graph.ops[asSize(i)];
  const std::vector<Phase> phases = o.op->backwardPhases();
  for (size_t p = 0; p < phases.size(); ++p) placeOf(o, {Do::backward, i, static_cast<int>(p)}, phases[p]);
  for (int64_t t = 0; t < o.op->weightTasks(); ++t) weightTasks.emplace_back(i, t);
  for (size_t k = 0; k < o.inputs.size(); ++k) {
    const int place_ = o.dxPlaces[k];
    const GraphValue& v = graph.value(o.inputs[k]);
    if (place_ >= 0 && place_ != v.gradientPlace) place({Do::addGradient, i, static_cast<int>(k)}, v.single ? tasks(1) : Phase{});
  }
}

}  // namespace gemmfit
