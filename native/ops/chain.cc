#include "native/ops/chain.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/philox.h"

namespace gemmfit::ops {

Chain::Chain(const Value::Array& specs, const OpEnv& env, Options options, Op& owner) : per_(options.rowsPerRow) {
  if (specs.empty() || !env.makeChild) throw Error("ERR_SPEC", "a wrapper needs ops inside");
  Shape shape = options.in;
  bool trains = options.needsInputGradient;
  int mask = options.masked && env.maskSteps > 0 ? kOwnersMask : kNoMask;
  int64_t maskSteps = mask == kOwnersMask ? env.maskSteps / per_ : 0;
  lowest_ = static_cast<int>(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    OpEnv child;
    child.in = shape;
    child.batch = env.batch * per_;
    child.training = env.training;
    child.maskSteps = maskSteps;
    child.steps = env.steps * (options.steps ? per_ : 1);
    child.needsInputGradient = trains;
    child.seed = mixKey(mixKey(env.seed, options.stream), i);
    child.states = env.states;
    child.makeChild = env.makeChild;
    weights_.emplace_back();
    bool own = false;
    for (const int64_t id : specs[i].integers("weights")) {
      const auto at = std::find(env.weightIds.begin(), env.weightIds.end(), static_cast<int>(id));
      if (at == env.weightIds.end()) throw Error("ERR_SPEC", "an op inside a wrapper names a weight that the wrapper does not have");
      const auto k = static_cast<size_t>(at - env.weightIds.begin());
      weights_.back().push_back(static_cast<int>(k));
      child.weights.push_back(env.weights[k]);
      child.weightIds.push_back(env.weightIds[k]);
      child.trainable.push_back(env.trainable[k]);
      own = own || env.trainable[k];
    }
    trains = trains || own;
    if (trains) lowest_ = std::min(lowest_, static_cast<int>(i));
    std::unique_ptr<Op> op = env.makeChild(specs[i], child);
    op->in = shape;
    op->maskInSteps = child.maskSteps;
    const bool last = i + 1 == specs.size();
    values_.push_back(last ? -1 : reserve(owner, {sizeOf(op->out)}));
    gradients_.push_back(last || !trains ? -1 : reserve(owner, {sizeOf(op->out), 0, Scratch::backward}));
    masksIn_.push_back(mask);
    masksMade_.push_back(op->mask == Op::Mask::make ? reserve(owner, {op->maskSteps}) : kNoMask);
    if (op->mask != Op::Mask::pass) {
      mask = masksMade_.back();
      maskSteps = mask == kNoMask ? 0 : op->maskSteps;
    }
    scratch_.emplace_back();
    for (const Scratch& s : op->scratchSpec) scratch_.back().push_back(reserve(owner, s));
    op->scratch.assign(op->scratchSpec.size(), nullptr);
    owner.writesWeights = owner.writesWeights || op->writesWeights;
    owner.weightPlaces.insert(owner.weightPlaces.end(), op->weightPlaces.begin(), op->weightPlaces.end());
    owner.states.insert(owner.states.end(), op->states.begin(), op->states.end());
    owner.flopsPerRow += op->flopsPerRow * static_cast<double>(per_);
    shape = op->out;
    ops_.push_back(std::move(op));
  }
  maskEnd_ = mask == kNoMask ? MaskEnd::none : mask == kOwnersMask ? MaskEnd::owners : MaskEnd::made;
  maskSteps_ = maskSteps;
  if (options.givesMask && maskEnd_ == MaskEnd::made) {
    std::replace(masksIn_.begin(), masksIn_.end(), mask, kMaskOut);
    std::replace(masksMade_.begin(), masksMade_.end(), mask, kMaskOut);
  }
  for (int i = 0; i < static_cast<int>(ops_.size()); ++i) {
    const std::vector<Phase> phases = ops_[static_cast<size_t>(i)]->forwardPhases();
    for (size_t p = 0; p < phases.size(); ++p) forward_.push_back({i, static_cast<int>(p), phases[p].kind});
  }
  for (int i = static_cast<int>(ops_.size()); env.training && i-- > lowest_;) {
    const Op& op = *ops_[static_cast<size_t>(i)];
    const std::vector<Phase> phases = op.backwardPhases();
    for (size_t p = 0; p < phases.size(); ++p) backward_.push_back({i, static_cast<int>(p), phases[p].kind});
    for (int64_t t = 0; t < op.weightTasks(); ++t) tasks_.emplace_back(i, t);
  }
}

int Chain::reserve(Op& owner, Scratch s) const {
  s.perRow *= per_;
  return owner.addScratch(s);
}

void Chain::appendForward(std::vector<Phase>* phases) const {
  for (const Part& p : forward_) phases->push_back(ops_[static_cast<size_t>(p.op)]->forwardPhases()[static_cast<size_t>(p.phase)]);
}

void Chain::appendBackward(std::vector<Phase>* phases) const {
  for (const Part& p : backward_) phases->push_back(ops_[static_cast<size_t>(p.op)]->backwardPhases()[static_cast<size_t>(p.phase)]);
}

void Chain::wire(const Op& owner, const float* x, float* y, const float* dy, float* dx) {
  const auto at = [&](int i) { return i < 0 ? nullptr : owner.scratch[static_cast<size_t>(i)]; };
  for (size_t i = 0; i < ops_.size(); ++i) {
    Op& op = *ops_[i];
    const bool last = i + 1 == ops_.size();
    op.x = i == 0 ? x : at(values_[i - 1]);
    op.y = last ? y : at(values_[i]);
    op.dy = last ? dy : at(gradients_[i]);
    op.dx = i == 0 ? dx : at(gradients_[i - 1]);
    op.maskIn = masksIn_[i] == kOwnersMask ? owner.maskIn : masksIn_[i] == kMaskOut ? owner.maskOut : at(masksIn_[i]);
    op.maskOut = masksMade_[i] == kMaskOut ? owner.maskOut : at(masksMade_[i]);
    for (size_t k = 0; k < op.scratch.size(); ++k) op.scratch[k] = at(scratch_[i][k]);
  }
}

Step Chain::inner(const Step& step) const {
  Step s = step;
  s.rows *= per_;
  return s;
}

void Chain::forward(const Step& step, int phase, int64_t begin, int64_t end) {
  const Part& p = forward_[static_cast<size_t>(phase)];
  const int64_t k = p.kind == Phase::rows ? per_ : 1;
  ops_[static_cast<size_t>(p.op)]->forward(inner(step), p.phase, begin * k, p.kind == Phase::rows ? end * k : end);
}

void Chain::backward(const Step& step, int phase, int64_t begin, int64_t end) {
  const Part& p = backward_[static_cast<size_t>(phase)];
  const int64_t k = p.kind == Phase::rows ? per_ : 1;
  ops_[static_cast<size_t>(p.op)]->backward(inner(step), p.phase, begin * k, p.kind == Phase::rows ? end * k : end);
}

void Chain::weightTask(const Step& step, int64_t task) {
  const auto& [op, t] = tasks_[static_cast<size_t>(task)];
  ops_[static_cast<size_t>(op)]->weightTask(inner(step), t);
}

bool Chain::hasPenalty() const {
  return std::any_of(ops_.begin(), ops_.end(), [](const auto& op) { return op->hasPenalty(); });
}

double Chain::penalty(const Step& step, int64_t begin, int64_t end) {
  double sum = 0;
  for (const auto& op : ops_)
    if (op->hasPenalty()) sum += op->penalty(inner(step), begin * per_, end * per_);
  return sum;
}

bool Chain::checksData() const {
  return std::any_of(ops_.begin(), ops_.end(), [](const auto& op) { return op->checksData(); });
}

// All are asked, so that none keeps what it met for a later batch.
DataFault Chain::fault() {
  DataFault first;
  for (const auto& op : ops_) {
    DataFault met = op->fault();
    if (met.row >= 0 && first.row < 0) first = {met.row / per_, std::move(met.what)};
  }
  return first;
}

bool Chain::wantsGradientBuffer(int ownersWeight) const {
  for (size_t i = 0; i < ops_.size(); ++i)
    for (size_t k = 0; k < weights_[i].size(); ++k)
      if (weights_[i][k] == ownersWeight && ops_[i]->wantsGradientBuffer(static_cast<int>(k))) return true;
  return false;
}

}  // namespace gemmfit::ops
