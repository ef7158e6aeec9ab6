#include "native/engine/plan.h"

#include <algorithm>
#include <cstring>

#include "native/engine/error.h"
#include "native/engine/fuse.h"
#include "native/engine/guard.h"
#include "native/engine/memory.h"
#include "native/engine/paths.h"
#include "native/engine/places.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

const Shape& checked(const Shape& in, int64_t batch) {
  for (const int64_t d : in)
    if (d < 1) throw Error("ERR_SHAPE", "an input shape must be of whole numbers above 0; got " + toString(in));
  if (batch < 1) throw Error("ERR_SPEC", "a batch has at least one row");
  if (sizeOf(in) > kMostNumbers)
    throw Error("ERR_MEMORY", "an input of shape " + toString(in) + " has more than " + std::to_string(kMostNumbers) + " numbers");
  floatsOf(sizeOf(in), batch);
  return in;
}

Head::Given givenOf(const Graph& graph, int id) {
  const GraphValue& v = graph.value(id);
  if (v.rows != 1) throw Error("ERR_SPEC", "a loss or metric is of a value inside TimeDistributed");
  return {v.shape, v.single};
}

std::unique_ptr<Head> headOf(const Program& program, const Graph& graph, Mode mode, int64_t weightSteps) {
  std::unique_ptr<Head> head;
  if (mode != Mode::predict && program.spec().has("head")) {
    std::vector<Head::Given> metrics;
    for (const int id : graph.metricValues) metrics.push_back(givenOf(graph, id));
    const Head::Given losses = graph.losses < 0 ? Head::Given() : givenOf(graph, graph.losses);
    head = std::make_unique<Head>(program.spec().at("head"), graph.out(), graph.batch, graph.maskSteps(graph.result),
                                  graph.losses < 0 ? nullptr : &losses, std::move(metrics));
  }
  if (mode == Mode::train && (!head || !head->hasLoss())) throw Error("ERR_SPEC", "training needs a loss");
  if (!head) return head;
  if (head->wantsLogits() && graph.logits < 0) throw Error("ERR_SPEC", "the loss or a metric reads logits, and the program names none");
  for (const int id : graph.sources) {
    const GraphValue& v = graph.value(id);
    if (v.source == Source::label && v.floats() != head->labelSize())
      throw Error("ERR_SHAPE", "the labels have " + std::to_string(head->labelSize()) +
                                   " numbers a sample, and the loss or a metric reads " + toString(v.shape));
  }
  if (weightSteps > 0 && head->itemsPerRow() % weightSteps != 0)
    throw Error("ERR_SHAPE",
                "sample weights of " + std::to_string(weightSteps) + " steps do not fit an output of shape " + toString(graph.out()));
  head->checkWeights(weightSteps);
  return head;
}

// The passes over a graph, in their order.
Schedule scheduled(Graph& graph, const Head* head, const Weights& weights, Mode mode) {
  if (std::any_of(graph.ops.begin(), graph.ops.end(), [](const GraphOp& o) { return o.trains; }))
    graph.traceBackward(graph.losses >= 0 ? graph.losses : head->usesLogits() ? graph.logits : graph.result);
  fuse(graph);
  placeValues(graph, head && head->wantsLogits());
  fuseInPlace(graph);
  placeGradients(graph);
  return Schedule(graph, head, weights, mode, guarding());
}

}  // namespace

Plan::Plan(const Program& program, Weights& weights, const std::vector<VariablePtr>& states, Mode modeOf, const Shape& inShape,
           int64_t batchRows, int64_t weightStepsOf)
    : mode(modeOf),
      in(checked(inShape, batchRows)),
      batch(batchRows),
      weightSteps(weightStepsOf),
      weights_(weights),
      graph_(program, weights, states, mode, in, batch),
      head_(headOf(program, graph_, mode, weightSteps)),
      gather_(weightSteps),
      schedule_(scheduled(graph_, head_.get(), weights, mode)),
      memory_(graph_, schedule_, head_.get(), mode, weightSteps, gather_.places) {
  if (guarding()) {
    guard_ = std::make_unique<PlanGuard>(*this);
    guard_->place();
  } else {
    memory_.share();
  }
  slots_.resize(asSize(ceilDiv(batch, schedule_.chunk)));
  for (Slot& s : slots_) s.metrics.assign(asSize(head_ ? head_->metricStates() : 0), 0.0);
}

// What a batch takes, and which op takes most of it.
std::string Plan::memoryMessage() const {
  const auto floats = [this](const GraphOp& o) {
    int64_t all = graph_.value(o.output).floats() * (graph_.value(o.output).single ? 1 : batch);
    for (const Scratch& s : o.op->scratchSpec) all += s.perRow * o.rows * batch + s.fixed;
    return all;
  };
  const auto most =
      std::max_element(graph_.ops.begin(), graph_.ops.end(), [&](const GraphOp& a, const GraphOp& b) { return floats(a) < floats(b); });
  std::string text = "a batch of " + std::to_string(batch) + " samples takes " + gibibytes(memory_.floats * 4);
  if (most != graph_.ops.end()) text += ", most of it " + most->label + " with outputs of shape " + toString(most->op->out);
  return text + ". Give a smaller batchSize or smaller layers";
}

void Plan::bind(Arena& arena) {
  float* base = nullptr;
  try {
    base = arena.reserve(memory_.floats);
  } catch (const Error& e) {
    throw Error(e.code, memoryMessage() + ": " + e.what());
  }
  if (base == bound_) return;
  bound_ = base;
  memory_.bind(base);
  aimForeign();
}

void Plan::aimForeign() {
  for (const auto& [user, source] : memory_.foreign) {
    GraphValue& v = graph_.value(source);
    *user = v.variable ? v.variable->data() : v.numbers.data();  // never written
  }
}

void Plan::aimWeights() {
  for (const GraphOp& o : graph_.ops)
    for (const Op::WeightPlace& w : o.op->weightPlaces) *w.place = w.variable->data();
  aimForeign();
}

void Plan::beginStep(const Feed& feed, Step step, float* predictions) {
  step_ = step;
  step_.samples = step.rows;
  step_.training = mode == Mode::train;
  step_.updater = mode == Mode::train ? &weights_ : nullptr;
  predictions_ = predictions;
  if (head_) head_->begin(step_.rows);
  gather_.begin(feed);
  for (const float** reader : memory_.inputReaders) *reader = gather_.x();
  for (float** alias : memory_.inputAliases) *alias = const_cast<float*>(gather_.x());  // never written: ops leave shared memory alone
  if (guard_) guard_->beginStep();
}

int64_t Plan::tasks(int stage) const {
  const Stage& s = stageAt(stage);
  return s.rows ? ceilDiv(step_.rows, schedule_.chunk) : s.count;
}

void Plan::task(int stage, int64_t index) {
  const Stage& s = stageAt(stage);
  const int64_t chunk = schedule_.chunk;
  const int64_t begin = s.rows ? index * chunk : index, end = s.rows ? std::min(step_.rows, begin + chunk) : index + 1;
  if (guard_) return runGuarded(s, begin, end);
  if (trace_) return runTraced(s, begin, end);
  for (const Part& p : s.parts) run(p, begin, end);
}

// As it is run otherwise, and the paths taken are counted for the mode.
void Plan::runGuarded(const Stage& stage, int64_t begin, int64_t end) {
  const PathMode counts(mode);
  if (stage.rows) took(batch > schedule_.chunk ? Path::planChunks : Path::planOneTask);
  if (trace_) return runTraced(stage, begin, end);
  for (const Part& p : stage.parts) run(p, begin, end);
}

void Plan::run(const Part& part, int64_t begin, int64_t end) {
  switch (part.what) {
    case Do::gather:
      took(gather_.inPlace() ? Path::planInPlace : Path::planGather);
      return gather_.rows(begin, end);
    case Do::gatherColumns:
      took(Path::planGatherColumns);
      gather_.columns(step_.rows, graph_.op(0).inputColumns(begin));
      if (begin == 0) gather_.labels(0, step_.rows);
      return;
    case Do::forward:
    case Do::backward:
      return runOp(part, begin, end);
    case Do::addGradient:
      return addGradient(part, begin, end);
    case Do::emit: {
      const int64_t n = sizeOf(out());
      std::memcpy(predictions_ + begin * n, graph_.value(graph_.result).data + begin * n, asSize((end - begin) * n) * sizeof(float));
      return;
    }
    case Do::head:
      return runHead(begin, end);
    case Do::prepare:
      return head_->prepare(step_.rows);
    case Do::combine:
      return head_->combine(slots_, ceilDiv(step_.rows, schedule_.chunk), step_.rows);
    case Do::gradient:
      return head_->backward(begin, end);
    case Do::weights:
      return runWeights(begin);
    case Do::penalties:
      return weights_.penaltyTask(begin);
    case Do::collect:
      return weights_.gatherTask(begin);
    case Do::update:
      return weights_.updateTask(begin);
    case Do::constrain:
      return weights_.constraintTask(begin);
  }
}

// To an op inside TimeDistributed the steps of a sample are rows.
Step Plan::stepOf(const GraphOp& o) const {
  Step step = step_;
  step.rows = o.once ? 1 : step.rows * o.rows;
  return step;
}

void Plan::runOp(const Part& part, int64_t begin, int64_t end) {
  const GraphOp& o = graph_.ops[asSize(part.op)];
  const Step step = stepOf(o);
  if (part.rows) {
    begin *= o.rows;
    end *= o.rows;
  }
  if (part.what == Do::forward) return o.op->forward(step, part.phase, begin, end);
  if (o.op->replacesX) took(Path::planReplacesX);
  if (o.op->masksDx) took(Path::planMasksDx);
  o.op->backward(step, part.phase, begin, end);
}

// What an op has written of a gradient that others write too.
void Plan::addGradient(const Part& part, int64_t begin, int64_t end) {
  took(Path::planAddsGradient);
  const GraphOp& o = graph_.ops[asSize(part.op)];
  const GraphValue& v = graph_.value(o.inputs[asSize(part.phase)]);
  const float* from = part.phase == 0 ? o.op->dx : o.op->others[asSize(part.phase) - 1].dx;
  const int64_t n = v.floats();
  for (int64_t i = begin * n; i < end * n; ++i) v.gradient[i] += from[i];  // of what is single: one task, which is row 0
}

void Plan::runHead(int64_t begin, int64_t end) {
  Slot& slot = slots_[asSize(begin / schedule_.chunk)];
  head_->forward(slot, begin, end);
  if (predictions_) head_->copyLosses(begin, end, predictions_ + begin * head_->itemsPerRow());
  slot.penalty = 0;
  for (const GraphOp& o : graph_.ops)
    if (o.op->hasPenalty()) slot.penalty += o.op->penalty(stepOf(o), begin * o.rows, end * o.rows);
}

void Plan::runWeights(int64_t task) {
  took(schedule_.oneWeightTask ? Path::planOneWeightTask : Path::planWeightTasks);
  if (!schedule_.oneWeightTask) return weightTask(asSize(task));
  for (size_t t = 0; t < schedule_.weightTasks.size() + schedule_.sourceTasks.size(); ++t) weightTask(t);
}

// The gradient of a value that shows a weight, tile by tile.
void Plan::sourceTask(size_t index) {
  const auto& [id, from] = schedule_.sourceTasks[index];
  const GraphValue& v = graph_.value(id);
  const int64_t n = std::min(kTileFloats, v.floats() - from);
  float* tile = weights_.tile(v.weight, from, n);
  std::copy_n(v.gradient + from, n, tile);
  weights_.done(v.weight, from, n, tile);
}

// Whether ops that look at their data have met some that no batch may hold.
void Plan::refuseFaults(int stage) {
  for (const auto& [at, op] : schedule_.dataChecks) {
    if (at != stage) continue;
    const DataFault fault = graph_.op(op).fault();
    if (fault.row >= 0)
      throw Error("ERR_INDEX", graph_.ops[asSize(op)].label + ": " + fault.what + ", in sample " +
                                   std::to_string(gather_.feed().row(fault.row / graph_.ops[asSize(op)].rows)));
  }
}

void Plan::endStage(int stage) {
  if (!schedule_.dataChecks.empty()) refuseFaults(stage);
  if (stageAt(stage).parts.back().what == Do::collect) weights_.combine();
  if (guard_) guard_->endStage(stage);
}

double Plan::endStep() {
  if (mode == Mode::train) weights_.end();
  if (!head_) return 0;
  const int64_t chunks = ceilDiv(step_.rows, schedule_.chunk);
  double penalty = 0;
  for (int64_t c = 0; c < chunks; ++c) penalty += slots_[asSize(c)].penalty;
  const double loss = head_->batchLoss(slots_, chunks, step_.rows) + penalty / static_cast<double>(step_.rows) + weights_.penalty();
  if (guard_) guard_->endStep(loss);
  return loss;
}

void Plan::setMetrics(const MetricStates& chunks) {
  for (Slot& s : slots_) std::fill(s.metrics.begin(), s.metrics.end(), 0.0);
  for (size_t c = 0; c < chunks.size(); ++c) {
    std::vector<double>& own = slots_[c % slots_.size()].metrics;
    for (size_t i = 0; i < own.size(); ++i) own[i] += chunks[c][i];
  }
}

Plan::MetricStates Plan::metrics() const {
  MetricStates chunks;
  for (const Slot& s : slots_) chunks.push_back(s.metrics);
  return chunks;
}

std::vector<double> Plan::metricStates() const {
  std::vector<double> sum(asSize(head_ ? head_->metricStates() : 0), 0.0);
  for (const Slot& s : slots_)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += s.metrics[i];
  return sum;
}

int64_t Plan::bytes() const {
  constexpr size_t kOp = 2048;  // with its description, names and lists
  size_t all = sizeof(Plan) + graph_.ops.size() * kOp + graph_.values.size() * sizeof(GraphValue) +
               memory_.buffers.size() * (sizeof(Buffer) + 4 * sizeof(float**));
  for (const Stage& s : schedule_.stages) all += sizeof(Stage) + s.parts.size() * sizeof(Part);
  all += schedule_.weightTasks.size() * sizeof(schedule_.weightTasks[0]);
  for (const Slot& s : slots_) all += sizeof(Slot) + s.metrics.size() * sizeof(double);
  return static_cast<int64_t>(all);
}

void Plan::takeStates() {
  for (const GraphOp& o : graph_.ops)
    for (const State& s : o.op->states) {
      const Shape fits{batch * o.rows, s.rowFloats}, left = s.variable->shape;
      if (s.variable->size == 0)
        s.variable->reshape(fits);
      else if (left != fits)
        throw Error("ERR_STATEFUL", o.label + " is stateful, and " + (left[0] == batch ? "samples of another size" : "another batch size") +
                                        " do not fit the state that the batch before has left: [samples, numbers] would be " +
                                        toString(fits) + " instead of " + toString(left) +
                                        ". Use one batch size, or forget the state: model.resetStates()");
    }
}

}  // namespace gemmfit
