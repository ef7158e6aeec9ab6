#include "native/engine/memory_plan.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

float* Arena::reserve(int64_t floats) {
  if (floats > size_) {
    block_.reset();
    size_ = 0;
    block_ = allocateFloats(floats, "the memory of a plan");
    size_ = floats;
  }
  return block_.get();
}

MemoryPlan::MemoryPlan(Graph& graph, const Schedule& schedule, Head* head, Mode mode, int64_t weightSteps, BatchPlaces& batch)
    : graph_(graph), mode_(mode), placed_(graph.places.size(), -1) {
  findSpans(schedule);
  addValues();
  addMasks();
  if (head) addHead(*head, weightSteps, batch);
  if (head && mode == Mode::train) addGradients(*head);
  use(bufferOf(graph_.value(0).place), &batch.input);
}

void MemoryPlan::findSpans(const Schedule& schedule) {
  const auto n = asSize(graph_.count());
  last_ = static_cast<int>(schedule.stages.size()) - 1;
  forward_.resize(n);
  backward_.resize(n);
  for (const GraphOp& o : graph_.ops) adds_.emplace_back(o.inputs.size(), -1);
  headFirst_ = headLast_ = last_;
  for (int s = last_; s >= 0; --s)
    for (const Part& p : schedule.stages[asSize(s)].parts)
      if (p.what == Do::head || p.what == Do::emit) headFirst_ = headLast_ = s;
  for (int s = 0; s <= last_; ++s)
    for (const Part& p : schedule.stages[asSize(s)].parts) {
      const auto op = asSize(std::max(0, p.op));
      if (p.what == Do::gather || p.what == Do::gatherColumns) gather_ = s;
      if (p.what == Do::forward) forward_[op].take(s);
      if (p.what == Do::combine || p.what == Do::gradient) headLast_ = s;
      if (p.what == Do::backward) backward_[op].take(s);
      if (p.what == Do::addGradient) adds_[op][asSize(p.phase)] = s;
      if (p.what == Do::weights) weightStage_ = s;
    }
}

int MemoryPlan::add(int64_t perRow, int64_t fixed, int from, int to) {
  const int64_t floats = floatsOf(perRow, graph_.batch, fixed);
  buffers.push_back({std::max<int64_t>(16, ceilDiv(floats, 16) * 16), from, to, {}, floats, fixed == 0 ? perRow : 0});
  return static_cast<int>(buffers.size()) - 1;
}

void MemoryPlan::extend(int buffer, int from, int to) {
  Buffer& b = buffers[asSize(buffer)];
  b.from = std::min(b.from, from);
  b.to = std::max(b.to, to);
}

int MemoryPlan::lastUse(int op) const {
  const int backward = backward_[asSize(op)].last;
  return graph_.op(op).weightTasks() > 0 ? std::max(weightStage_, backward) : backward;
}

void MemoryPlan::addValues() {
  const int input = graph_.value(0).place;
  placed_[asSize(input)] = add(graph_.places[asSize(input)].perRow, 0, gather_, gather_);
  for (int i = 0; i < graph_.count(); ++i) {
    addValue(i);
    addScratch(i);
  }
  useValue(graph_.result, &graph_.value(graph_.result).data, gather_, headLast_);
}

// Somebody reads a value from one stage to another. Weights and constants lie where they are; the batch may too.
void MemoryPlan::useValue(int value, const float* const* user, int from, int to) {
  const int place = graph_.value(value).place, source = graph_.places[asSize(place)].foreign;
  if (source >= 0 && graph_.value(source).source == Source::label)
    labelUsers_.push_back(user);
  else if (source >= 0)
    foreign.emplace_back(const_cast<float**>(user), source);
  if (source >= 0) return;
  extend(bufferOf(place), from, to);
  use(bufferOf(place), user);
  if (place == graph_.value(0).place) inputReaders.push_back(const_cast<const float**>(user));
}

// Where an op writes. What passes on what is elsewhere shows that.
void MemoryPlan::useOutput(const GraphOp& o, int from, int to) {
  const int place = graph_.value(o.output).place;
  if (graph_.places[asSize(place)].foreign >= 0) return useValue(o.output, &o.op->y, from, to);
  int& made = placed_[asSize(place)];
  if (made < 0) made = add(graph_.places[asSize(place)].perRow, graph_.places[asSize(place)].fixed, from, to);
  extend(made, from, to);
  use(made, &o.op->y);
  if (o.op->identity && place == graph_.value(0).place) inputAliases.push_back(&o.op->y);
}

// What op i reads and makes.
void MemoryPlan::addValue(int i) {
  GraphOp& o = graph_.ops[asSize(i)];
  Op& op = *o.op;
  const Span &forward = forward_[asSize(i)], &backward = backward_[asSize(i)];
  const int penalty = op.hasPenalty() ? headFirst_ : -1;
  useOutput(o, forward.first, std::max({forward.last, penalty, backward.last >= 0 && op.readsY ? lastUse(i) : -1}));
  for (size_t k = 0; k < o.inputs.size(); ++k) {
    int last = std::max(forward.last, penalty);
    if (backward.last >= 0 && (op.readsX || op.masksDx)) last = std::max(last, op.readsX && op.weightsReadX ? lastUse(i) : backward.last);
    useValue(o.inputs[k], k == 0 ? &op.x : &op.others[k - 1].x, forward.last, last);
  }
  // What is added up for it, its maker takes from its own input.
  if (op.xSums) {
    const GraphOp& maker = graph_.ops[asSize(graph_.value(o.inputs[0]).maker)];
    extend(bufferOf(graph_.value(maker.inputs[0]).place), forward.last, forward.last);
  }
}

void MemoryPlan::addScratch(int i) {
  Op& op = graph_.op(i);
  const Span &forward = forward_[asSize(i)], &backward = backward_[asSize(i)];
  op.scratch.assign(op.scratchSpec.size(), nullptr);
  for (size_t k = 0; k < op.scratchSpec.size(); ++k) {
    const Scratch& s = op.scratchSpec[k];
    const int64_t perRow = s.perRow * graph_.ops[asSize(i)].rows;
    const bool late = s.life == Scratch::backward && backward.first >= 0, stays = s.life != Scratch::forward && mode_ == Mode::train;
    use(add(perRow, s.fixed, late ? backward.first : forward.first, stays ? last_ : forward.last), &op.scratch[k]);
  }
}

void MemoryPlan::addMasks() {
  std::vector<int> masks(graph_.values.size(), -1);  // buffers, by value
  for (int i = 0; i < graph_.count(); ++i) {
    GraphOp& o = graph_.ops[asSize(i)];
    for (size_t k = 0; k < o.inputs.size(); ++k) {
      if (o.masks[k] < 0) continue;
      const int mask = masks[asSize(o.masks[k])];
      use(mask, k == 0 ? &o.op->maskIn : &o.op->others[k - 1].mask);
      extend(mask, forward_[asSize(i)].last, std::max(forward_[asSize(i)].last, lastUse(i)));
    }
    if (o.op->mask != Op::Mask::make) continue;
    const Span& forward = forward_[asSize(i)];
    int& made = masks[asSize(graph_.value(o.output).mask)];
    // Its own backward pass reads it too, also where no other op does.
    made = add(graph_.value(graph_.value(o.output).mask).shape[0], 0, forward.first, std::max(forward.last, lastUse(i)));
    use(made, &o.op->maskOut);
  }
  const int mask = graph_.value(graph_.result).mask;
  if (mask < 0) return;
  resultMask_ = masks[asSize(mask)];
  extend(resultMask_, headFirst_, headLast_);
}

void MemoryPlan::addHead(Head& head, int64_t weightSteps, BatchPlaces& batch) {
  useValue(graph_.result, &head.prediction, headFirst_, headLast_);
  if (head.wantsLogits()) useValue(graph_.logits, &head.logits, headFirst_, headLast_);
  addHeadValues(head);
  if (resultMask_ >= 0) use(resultMask_, &head.mask);
  const int label = add(head.labelSize(), 0, gather_, headLast_);
  use(label, &head.label);
  use(label, &batch.label);
  for (const float* const* user : labelUsers_) use(label, user);
  if (!labelUsers_.empty() && mode_ == Mode::train) extend(label, gather_, last_);
  head.weightSteps = weightSteps;
  if (weightSteps > 0) {
    const int weight = add(weightSteps, 0, gather_, headLast_);
    use(weight, &head.weight);
    use(weight, &batch.weight);
  }
  const int64_t items = head.itemFloats(graph_.batch);
  for (float** p : {&head.itemLoss, &head.itemScale, &head.itemMask}) use(add(0, items, headFirst_, headLast_), p);
}

// What ops compute for the loss and for metrics.
void MemoryPlan::addHeadValues(Head& head) {
  if (graph_.losses >= 0) useValue(graph_.losses, &head.given, headFirst_, headLast_);
  head.added.resize(graph_.addedLosses.size());
  for (size_t k = 0; k < head.added.size(); ++k) useValue(graph_.addedLosses[k], &head.added[k].value, headFirst_, last_);
  head.metricValues.resize(graph_.metricValues.size());
  for (size_t k = 0; k < head.metricValues.size(); ++k) useValue(graph_.metricValues[k], &head.metricValues[k], headFirst_, headLast_);
}

void MemoryPlan::addGradients(Head& head) {
  const int fromLoss = graph_.losses >= 0 ? graph_.losses : head.usesLogits() ? graph_.logits : graph_.result;
  const auto gradientOf = [&](int id) -> int {
    GraphValue& v = graph_.value(id);
    int& buffer = placed_[asSize(v.gradientPlace)];
    if (buffer < 0) buffer = add(graph_.places[asSize(v.gradientPlace)].perRow, graph_.places[asSize(v.gradientPlace)].fixed, last_, 0);
    use(buffer, &v.gradient);
    if (v.lossWrites) extend(buffer, headFirst_, headLast_);
    if (v.lossWrites && id == fromLoss) use(buffer, &head.gradient);
    for (size_t k = 0; v.lossWrites && k < head.added.size(); ++k)
      if (graph_.addedLosses[k] == id) use(buffer, &head.added[k].gradient);
    addWriters(v, buffer);
    return buffer;
  };
  for (const int id : graph_.sources)
    if (graph_.value(id).hasGradient()) extend(gradientOf(id), weightStage_, weightStage_);
  for (int i = graph_.count() - 1; i >= 0; --i) {
    GraphOp& o = graph_.ops[asSize(i)];
    if (!graph_.value(o.output).hasGradient()) continue;
    const int buffer = gradientOf(o.output);
    use(buffer, &o.op->dy);
    if (o.runsBackward()) extend(buffer, backward_[asSize(i)].first, o.op->weightsReadDy ? lastUse(i) : backward_[asSize(i)].last);
  }
}

// The ops that write the gradient of a value: into its buffer, or into one of their own, which is then added.
void MemoryPlan::addWriters(GraphValue& v, int buffer) {
  for (const Reader& writer : v.writers) {
    GraphOp& o = graph_.ops[asSize(writer.op)];
    const Span& backward = backward_[asSize(writer.op)];
    const auto input = asSize(writer.input);
    float** dx = input == 0 ? &o.op->dx : &o.op->others[input - 1].dx;
    int& own = placed_[asSize(o.dxPlaces[input])];
    if (own < 0) {
      const Place& place = graph_.places[asSize(o.dxPlaces[input])];
      own = add(place.perRow, place.fixed, backward.first, backward.last);
    }
    use(own, dx);
    if (!o.runsBackward()) continue;
    extend(own, backward.first, backward.last);
    const int adds = adds_[asSize(writer.op)][input];
    if (adds < 0) continue;
    extend(own, adds, adds);
    extend(buffer, adds, adds);
  }
}

// Largest first, each at the lowest place where no buffer alive at the same time lies.
void MemoryPlan::share() {
  std::vector<size_t> order(buffers.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers[a].floats > buffers[b].floats; });
  std::vector<size_t> placed;
  for (const size_t i : order) {
    Buffer& b = buffers[i];
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (const size_t j : placed) {
      const Buffer& o = buffers[j];
      if (o.from <= b.to && b.from <= o.to) taken.emplace_back(o.offset, o.offset + o.floats);
    }
    std::sort(taken.begin(), taken.end());
    b.offset = 0;
    for (const auto& [from, to] : taken) {
      if (b.offset + b.floats <= from) break;
      b.offset = std::max(b.offset, to);
    }
    floats = std::max(floats, b.offset + b.floats);
    placed.push_back(i);
  }
}

void MemoryPlan::bind(float* base) const {
  for (const Buffer& b : buffers)
    for (float** user : b.users) *user = base + b.offset;
}

}  // namespace gemmfit
