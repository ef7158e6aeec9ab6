#include "native/engine/plan.h"

#include <algorithm>
#include <cstring>

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/engine/memory.h"
#include "native/engine/paths.h"
#include "native/engine/philox.h"
#include "native/kernels/finite.h"

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

// For ops that treat the steps of a masked sequence as if all were there: `unmaskedAxes` of the sample may not be steps of a mask.
void refuseMask(const Value& spec, const Shape& in, int64_t maskSteps) {
  int64_t masked = 0, steps = 1;  // leading axes that the mask covers
  while (steps < maskSteps && masked < static_cast<int64_t>(in.size())) steps *= in[static_cast<size_t>(masked++)];
  for (const int64_t axis : spec.integers("unmaskedAxes"))
    if (axis < masked)
      throw Error("ERR_MASK", spec.text("label", "an op") + " works along axis " + std::to_string(axis + 1) +
                                  ", whose steps are masked, and masked steps would take part. Mask after it, or name another axis");
}

// Before memory is planned: from here on sums and products of sizes stay within integers.
void refuseTooLarge(const Op& op, int64_t batch) {
  const int64_t size = sizeOf(op.out);
  if (size > kMostNumbers)
    throw Error("ERR_MEMORY", "an output of shape " + toString(op.out) + " has " + std::to_string(size) + " numbers (" +
                                  gibibytes(size * 4) + "), and a sample may have " + std::to_string(kMostNumbers) + " at most");
  floatsOf(size, batch);
  for (const Scratch& s : op.scratchSpec) floatsOf(s.perRow, batch, s.fixed);
}

// An op of a layer; what it refuses, it refuses in the layer's name.
std::unique_ptr<Op> makeNamed(const Value& spec, const OpEnv& env) {
  if (env.maskSteps > 0) refuseMask(spec, env.in, env.maskSteps);
  try {
    floatsOf(sizeOf(env.in), env.batch);
    std::unique_ptr<Op> op = makeOp(spec, env);
    refuseTooLarge(*op, env.batch);
    return op;
  } catch (const Error& e) {
    const std::string label = spec.text("label", ""), message = e.what();
    if (label.empty() || message.find(label) != std::string::npos) throw;
    throw Error(e.code, label + ": " + message + ". Received samples of shape " + toString(env.in), e.valueError);
  }
}

}  // namespace

float* Arena::reserve(int64_t floats) {
  if (floats > size_) {
    block_.reset();
    size_ = 0;
    block_ = allocateFloats(floats, "the memory of a plan");
    size_ = floats;
  }
  return block_.get();
}

Plan::Plan(const Value& program, Weights& weights, const std::vector<VariablePtr>& states, Mode modeOf, const Shape& inShape,
           int64_t batchRows, int64_t weightStepsOf)
    : mode(modeOf), in(inShape), batch(batchRows), weightSteps(weightStepsOf), weights_(weights) {
  for (const int64_t d : in)
    if (d < 1) throw Error("ERR_SHAPE", "an input shape must be of whole numbers above 0; got " + toString(in));
  if (batch < 1) throw Error("ERR_SPEC", "a batch has at least one row");
  if (sizeOf(in) > kMostNumbers)
    throw Error("ERR_MEMORY", "an input of shape " + toString(in) + " has more than " + std::to_string(kMostNumbers) + " numbers");
  floatsOf(sizeOf(in), batch);
  makeOps(program, states, in);
  if (mode != Mode::predict && program.has("head")) head_ = std::make_unique<Head>(program.at("head"), out(), batch, maskSteps_);
  if (mode == Mode::train && (!head_ || !head_->hasLoss())) throw Error("ERR_SPEC", "training needs a loss");
  if (weightSteps > 0 && head_ && head_->itemsPerRow() % weightSteps != 0)
    throw Error("ERR_SHAPE",
                "sample weights of " + std::to_string(weightSteps) + " steps do not fit an output of shape " + toString(out()));
  if (head_) head_->checkWeights(weightSteps);
  if (guarding()) guard_ = std::make_unique<PlanGuard>(*this);
  schedule();
  planMemory();
}

void Plan::makeOps(const Value& program, const std::vector<VariablePtr>& states, const Shape& inShape) {
  const uint64_t seed = static_cast<uint64_t>(program.integer("seed", 0));
  const bool training = mode == Mode::train;
  const Value::Array& specs = program.items("ops");
  const auto weightIds = [&](const Value& spec) {
    std::vector<int> ids;
    for (const int64_t id : spec.integers("weights")) {
      if (id < 0 || id >= weights_.count()) throw Error("ERR_SPEC", "an op names a weight that is not there");
      ids.push_back(static_cast<int>(id));
    }
    return ids;
  };
  // Whether an op other than an embedding has the weight: it would meet rows that are behind.
  const auto isReadWhole = [&](int id) {
    return std::any_of(specs.begin(), specs.end(), [&](const Value& spec) {
      const std::vector<int64_t> ids = spec.integers("weights");
      return spec.text("op", "") != "embedding" && std::find(ids.begin(), ids.end(), id) != ids.end();
    });
  };
  lowest_ = static_cast<int>(specs.size());
  if (training)
    for (size_t i = specs.size(); i-- > 0;)
      for (const int id : weightIds(specs[i]))
        if (weights_.wants(id)) lowest_ = static_cast<int>(i);
  backward_ = lowest_ < static_cast<int>(specs.size());
  Shape shape = inShape;
  for (size_t i = 0; i < specs.size(); ++i) {
    OpEnv env;
    env.in = shape;
    env.batch = batch;
    env.training = training;
    env.maskSteps = maskSteps_;
    env.needsInputGradient = backward_ && static_cast<int>(i) > lowest_;
    env.seed = mixKey(seed, i + 1);
    env.weightIds = weightIds(specs[i]);
    for (const int id : env.weightIds) {
      env.weights.push_back(weights_.variable(id));
      env.trainable.push_back(training && weights_.wants(id));
    }
    if (training)
      env.lazyRows = [this, isReadWhole, ids = env.weightIds](size_t weight, int64_t width) {
        if (isReadWhole(ids[weight]) || !weights_.offersLazyRows(ids[weight], width)) return false;
        lazyTables_.push_back(ids[weight]);
        return true;
      };
    env.states = states;
    env.makeChild = makeNamed;
    std::unique_ptr<Op> op = makeNamed(specs[i], env);
    labels_.push_back(specs[i].text("label", "an op"));
    names_.push_back(specs[i].text("op", "op") + " #" + std::to_string(i));
    op->in = shape;
    op->maskInSteps = maskSteps_;
    if (op->mask == Op::Mask::drop) maskSteps_ = 0;
    if (op->mask == Op::Mask::make) maskSteps_ = op->maskSteps;
    for (size_t k = 0; k < env.weightIds.size(); ++k)
      if (env.trainable[k] && op->wantsGradientBuffer(static_cast<int>(k))) weights_.needBuffer(env.weightIds[k]);
    if (op->readsStepSums && i > 0 && ops_.back()->addsSteps) {
      op->below = ops_.back().get();
      op->below->yIsSummed = true;
    }
    if (training && static_cast<int>(i) > lowest_ && op->canMaskDx && ops_.back()->isRelu) op->masksDx = true;
    shape = op->out;
    ops_.push_back(std::move(op));
  }
}

int Plan::place(Part part, const Phase& phase) {
  const bool rows = phase.kind == Phase::rows;
  const bool gathered = !stages_.empty() && stages_.back().parts.back().what == Do::gatherColumns;  // by the tasks that need it
  if (guard_ || (!gathered && (!rows || stages_.empty() || !stages_.back().rows))) {
    Stage s;
    s.rows = rows;
    s.count = rows ? 1 : phase.count;
    stages_.push_back(s);
  }
  stages_.back().parts.push_back(part);
  return static_cast<int>(stages_.size()) - 1;
}

void Plan::schedule() {
  const auto tasks = [](int64_t n) { return Phase{Phase::tasks, n}; };
  const int n = static_cast<int>(ops_.size());
  const bool penalizes = mode != Mode::predict && weights_.penaltyTasks() > 0;
  const bool later = std::any_of(ops_.begin(), ops_.end(), [](const auto& op) { return op->writesWeights; });
  if (penalizes && !later) place({Do::penalties}, tasks(weights_.penaltyTasks()));
  if (n > 0 && ops_[0]->inputColumns(0).alone)
    place({Do::gatherColumns}, ops_[0]->forwardPhases()[0]);
  else
    place({Do::gather}, Phase{});
  double flops = 0;
  for (int i = 0; i < n; ++i) {
    const std::vector<Phase> phases = ops_[static_cast<size_t>(i)]->forwardPhases();
    for (size_t p = 0; p < phases.size(); ++p) place({Do::forward, i, static_cast<int>(p)}, phases[p]);
    const Op& op = *ops_[static_cast<size_t>(i)];
    flops += (op.flopsPerRow + kElementFlops * static_cast<double>(sizeOf(op.in) + sizeOf(op.out))) * (backward_ && i > lowest_ ? 2 : 1);
  }
  if (penalizes && later) place({Do::penalties}, tasks(weights_.penaltyTasks()));
  if (mode == Mode::predict) place({Do::emit}, Phase{});
  if (head_) {
    if (head_->preparesBatch()) place({Do::prepare}, tasks(1));
    place({Do::head}, Phase{});
    if (head_->needsBatch() && head_->hasLoss()) place({Do::combine}, tasks(1));
  }
  if (backward_) {
    const bool whole = head_->wholeBatch();
    place({Do::gradient}, whole ? tasks(1) : Phase{});
    if (penaltyBesideLogits()) place({Do::penaltyGradient, n - 1}, Phase{});
    for (int i = n - 1 - (head_->usesLogits() ? 1 : 0); i >= lowest_; --i) {
      const Op& op = *ops_[static_cast<size_t>(i)];
      if (i + 1 < n && ops_[static_cast<size_t>(i) + 1]->masksDx) continue;
      const std::vector<Phase> phases = op.backwardPhases();
      for (size_t p = 0; p < phases.size(); ++p) place({Do::backward, i, static_cast<int>(p)}, phases[p]);
      for (int64_t t = 0; t < op.weightTasks(); ++t) weightTasks_.emplace_back(i, t);
    }
    double weightFlops = 0;
    for (int i = lowest_; i < n; ++i) weightFlops += ops_[static_cast<size_t>(i)]->productFlops * static_cast<double>(batch);
    for (int64_t i = 0; i < weights_.count(); ++i)
      if (weights_.wants(static_cast<int>(i)))
        weightFlops += kUpdateFlops * static_cast<double>(weights_.variable(static_cast<int>(i))->size);
    oneWeightTask_ = weightFlops < 2 * kTaskFlops;
    if (!weightTasks_.empty()) place({Do::weights}, tasks(oneWeightTask_ ? 1 : static_cast<int64_t>(weightTasks_.size())));
    if (weights_.gatherTasks() > 0) {
      place({Do::collect}, tasks(weights_.gatherTasks()));
      place({Do::update}, tasks(weights_.updateTasks()));
    }
    if (weights_.constraintTasks() > 0) place({Do::constrain}, tasks(weights_.constraintTasks()));
  }
  for (size_t s = 0; s < stages_.size(); ++s)
    for (const Part& p : stages_[s].parts)
      if (p.what == Do::forward && ops_[static_cast<size_t>(p.op)]->checksData()) dataChecks_.emplace_back(static_cast<int>(s), p.op);
  chunk_ = chunkRows(batch, flops);
  slots_.resize(static_cast<size_t>(ceilDiv(batch, chunk_)));
  for (Slot& s : slots_) s.metrics.assign(static_cast<size_t>(head_ ? head_->metricStates() : 0), 0.0);
}

void Plan::planMemory() {
  const int n = static_cast<int>(ops_.size()), last = static_cast<int>(stages_.size()) - 1;
  std::vector<int> forwardFirst(static_cast<size_t>(n), last), forwardLast(static_cast<size_t>(n), 0),
      backwardFirst(static_cast<size_t>(n), -1), backwardLast(static_cast<size_t>(n), -1);
  int gather = 0, headFirst = last, weightStage = -1;
  for (int s = 0; s <= last; ++s)
    for (const Part& p : stages_[static_cast<size_t>(s)].parts) {
      const auto op = static_cast<size_t>(std::max(0, p.op));
      if (p.what == Do::gather || p.what == Do::gatherColumns) gather = s;
      if (p.what == Do::forward) {
        forwardFirst[op] = std::min(forwardFirst[op], s);
        forwardLast[op] = s;
      }
      if (p.what == Do::head || p.what == Do::emit) headFirst = s;
      if (p.what == Do::backward) {
        if (backwardFirst[op] < 0) backwardFirst[op] = s;
        backwardLast[op] = s;
      }
      if (p.what == Do::weights) weightStage = s;
    }
  int headLast = headFirst;
  for (int s = 0; s <= last; ++s)
    for (const Part& p : stages_[static_cast<size_t>(s)].parts)
      if (p.what == Do::combine || p.what == Do::gradient || p.what == Do::penaltyGradient) headLast = s;

  const auto add = [&](int64_t perRow, int64_t fixed, int from, int to) {
    const int64_t floats = floatsOf(perRow, batch, fixed);
    buffers_.push_back({std::max<int64_t>(16, ceilDiv(floats, 16) * 16), from, to, {}, floats});
    return static_cast<int>(buffers_.size()) - 1;
  };
  const auto extend = [&](int b, int to) { buffers_[static_cast<size_t>(b)].to = std::max(buffers_[static_cast<size_t>(b)].to, to); };
  const auto use = [&](int b, float** user) { buffers_[static_cast<size_t>(b)].users.push_back(user); };

  // What a later pass reads may not be overwritten by an op in place.
  std::vector<bool> keptBuffers;
  const auto kept = [&](int b) { return static_cast<size_t>(b) < keptBuffers.size() && keptBuffers[static_cast<size_t>(b)]; };
  const auto keep = [&](int b, int to) {
    extend(b, to);
    keptBuffers.resize(std::max(keptBuffers.size(), static_cast<size_t>(b) + 1));
    keptBuffers[static_cast<size_t>(b)] = true;
  };

  // Forward tensors: value[i] is the buffer of op i's input; value[n] that of the output.
  std::vector<int> value(static_cast<size_t>(n) + 1);
  value[0] = add(sizeOf(in), 0, gather, gather);
  const int inputBuffer = value[0];
  for (int i = 0; i < n; ++i) {
    Op& op = *ops_[static_cast<size_t>(i)];
    const bool headReadsX = i == n - 1 && head_ && head_->wantsLogits();
    const bool aliasOfInput = value[static_cast<size_t>(i)] == inputBuffer;
    const bool shares = op.identity || (op.inPlace && !headReadsX && !aliasOfInput && !kept(value[static_cast<size_t>(i)]));
    extend(value[static_cast<size_t>(i)], forwardLast[static_cast<size_t>(i)]);
    // What the op below sums up for this one it takes from its own input.
    if (op.below) extend(value[static_cast<size_t>(i) - 1], forwardLast[static_cast<size_t>(i)]);
    value[static_cast<size_t>(i) + 1] =
        shares ? value[static_cast<size_t>(i)]
               : add(op.yIsSummed ? 0 : sizeOf(op.out), 0, forwardFirst[static_cast<size_t>(i)], forwardLast[static_cast<size_t>(i)]);
    if (backwardLast[static_cast<size_t>(i)] >= 0) {
      const int backward = backwardLast[static_cast<size_t>(i)], until = op.weightTasks() > 0 ? std::max(weightStage, backward) : backward;
      if (op.readsX || op.masksDx) keep(value[static_cast<size_t>(i)], op.readsX && op.weightsReadX ? until : backward);
      if (op.readsY) keep(value[static_cast<size_t>(i) + 1], until);
    }
    if (op.hasPenalty()) {
      keep(value[static_cast<size_t>(i)], headFirst);
      keep(value[static_cast<size_t>(i) + 1], headFirst);
    }
    if (headReadsX) extend(value[static_cast<size_t>(i)], headLast);
    if (op.identity && aliasOfInput) inputAliases_.push_back(&op.y);
    use(value[static_cast<size_t>(i)], const_cast<float**>(&op.x));
    if (aliasOfInput) inputReaders_.push_back(&op.x);
    use(value[static_cast<size_t>(i) + 1], &op.y);
    for (size_t k = 0; k < op.scratchSpec.size(); ++k) op.scratch.push_back(nullptr);
    const int begin = forwardFirst[static_cast<size_t>(i)], end = forwardLast[static_cast<size_t>(i)];
    const int back = backwardFirst[static_cast<size_t>(i)];  // -1 outside training too
    for (size_t k = 0; k < op.scratchSpec.size(); ++k) {
      const Scratch& s = op.scratchSpec[k];
      const bool late = s.life == Scratch::backward && back >= 0, stays = s.life != Scratch::forward && mode == Mode::train;
      // What is inside a wrapper has its outputs there, which its penalty reads when the loss is taken.
      const int over = op.hasPenalty() && s.life != Scratch::backward ? std::max(end, headFirst) : end;
      use(add(s.perRow, s.fixed, late ? back : begin, stays ? last : over), &op.scratch[k]);
    }
  }
  extend(value[static_cast<size_t>(n)], headLast);

  // Masks live from where they are made to the end.
  int mask = -1;
  for (int i = 0; i < n; ++i) {
    Op& op = *ops_[static_cast<size_t>(i)];
    if (mask >= 0) use(mask, const_cast<float**>(&op.maskIn));
    if (op.mask == Op::Mask::drop) mask = -1;
    if (op.mask == Op::Mask::make) mask = add(op.maskSteps, 0, forwardFirst[static_cast<size_t>(i)], last);
    if (mask >= 0) use(mask, &op.maskOut);
  }

  if (head_) {
    use(value[static_cast<size_t>(n)], const_cast<float**>(&head_->prediction));
    if (value[static_cast<size_t>(n)] == inputBuffer) inputReaders_.push_back(&head_->prediction);
    if (head_->wantsLogits()) {
      if (n == 0) throw Error("ERR_SPEC", "logits need an op that makes them");
      use(value[static_cast<size_t>(n) - 1], const_cast<float**>(&head_->logits));
      if (value[static_cast<size_t>(n) - 1] == inputBuffer) inputReaders_.push_back(&head_->logits);
    }
    if (mask >= 0) use(mask, const_cast<float**>(&head_->mask));
    const int64_t items = head_->itemFloats(batch);
    const int label = add(head_->labelSize(), 0, gather, headLast);
    use(label, const_cast<float**>(&head_->label));
    use(label, &label_);
    head_->weightSteps = weightSteps;
    if (weightSteps > 0) {
      const int w = add(weightSteps, 0, gather, headLast);
      use(w, const_cast<float**>(&head_->weight));
      use(w, &weight_);
    }
    for (float** p : {&head_->itemLoss, &head_->itemScale, &head_->itemMask}) use(add(0, items, headFirst, headLast), p);
  }

  // Whether nothing but op i itself reads its input when its dx is written.
  const auto canReplaceX = [&](int i) {
    const Op& op = *ops_[static_cast<size_t>(i)];
    const int b = value[static_cast<size_t>(i)];
    if (!op.canReplaceX || b == inputBuffer) return false;
    for (int j = 0; j < n; ++j) {
      const Op& other = *ops_[static_cast<size_t>(j)];
      if (j == i || backwardLast[static_cast<size_t>(j)] < 0) continue;
      if ((other.readsX || other.masksDx) && value[static_cast<size_t>(j)] == b) return false;
      if (other.readsY && value[static_cast<size_t>(j) + 1] == b) return false;
    }
    return true;
  };

  // Gradients: a tensor between op i and op i + 1 is op i + 1's dx and op i's dy.
  if (backward_) {
    int top = n - 1 - (head_->usesLogits() ? 1 : 0);
    if (top < lowest_) throw Error("ERR_SPEC", "nothing below the loss can be trained");
    int gradient = -1;
    for (int i = top; i >= lowest_; --i) {
      Op& op = *ops_[static_cast<size_t>(i)];
      const int birth = i == top ? headFirst : std::max(0, backwardFirst[static_cast<size_t>(i) + 1]);
      Op* above = i == top ? nullptr : ops_[static_cast<size_t>(i) + 1].get();
      const bool shares = above && (above->inPlace || above->identity) && !above->weightsReadDy;
      if (above && above->alikeSteps > 0 && op.takesSharedDy) {
        above->sharesDx = true;
        op.dySteps = above->alikeSteps;
      }
      if (above && canReplaceX(i + 1)) {
        above->replacesX = true;
        gradient = value[static_cast<size_t>(i) + 1];
      } else if (!shares) {
        gradient = add(sizeOf(op.out) / op.dySteps, 0, birth, birth);
      }
      extend(gradient, backwardLast[static_cast<size_t>(i)]);
      if (op.weightsReadDy && op.weightTasks() > 0) extend(gradient, weightStage);
      if (above)
        use(gradient, &above->dx);
      else
        use(gradient, &head_->gradient);
      if (!above && penaltyBesideLogits()) use(gradient, &ops_.back()->dx);
      if (above) extend(gradient, backwardLast[static_cast<size_t>(i) + 1]);
      use(gradient, const_cast<float**>(&op.dy));
    }
    extend(gradient, backwardLast[static_cast<size_t>(lowest_)]);
  }
  use(inputBuffer, &input_);
  if (guard_) {
    arenaFloats_ = guard_->place();
    return;
  }

  // Largest first, each at the lowest place where no buffer alive at the same time lies.
  std::vector<size_t> order(buffers_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return buffers_[a].floats > buffers_[b].floats; });
  std::vector<size_t> placed;
  for (const size_t i : order) {
    Buffer& b = buffers_[i];
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (const size_t j : placed) {
      const Buffer& o = buffers_[j];
      if (o.from <= b.to && b.from <= o.to) taken.emplace_back(o.offset, o.offset + o.floats);
    }
    std::sort(taken.begin(), taken.end());
    b.offset = 0;
    for (const auto& [from, to] : taken) {
      if (b.offset + b.floats <= from) break;
      b.offset = std::max(b.offset, to);
    }
    arenaFloats_ = std::max(arenaFloats_, b.offset + b.floats);
    placed.push_back(i);
  }
}

// What a batch takes, and which op takes most of it.
std::string Plan::memoryMessage() const {
  const auto floats = [this](size_t i) {
    int64_t all = sizeOf(ops_[i]->out) * batch;
    for (const Scratch& s : ops_[i]->scratchSpec) all += s.perRow * batch + s.fixed;
    return all;
  };
  size_t most = 0;
  for (size_t i = 1; i < ops_.size(); ++i)
    if (floats(i) > floats(most)) most = i;
  std::string text = "a batch of " + std::to_string(batch) + " samples takes " + gibibytes(arenaFloats_ * 4);
  if (!ops_.empty()) text += ", most of it " + labels_[most] + " with outputs of shape " + toString(ops_[most]->out);
  return text + ". Give a smaller batchSize or smaller layers";
}

void Plan::bind(Arena& arena) {
  float* base = nullptr;
  try {
    base = arena.reserve(arenaFloats_);
  } catch (const Error& e) {
    throw Error(e.code, memoryMessage() + ": " + e.what());
  }
  if (base == bound_) return;
  bound_ = base;
  for (const Buffer& b : buffers_)
    for (float** user : b.users) *user = base + b.offset;
}

void Plan::aimWeights() {
  for (const auto& op : ops_)
    for (const Op::WeightPlace& w : op->weightPlaces) *w.place = w.variable->data();
}

void Plan::beginStep(const Feed& feed, Step step, float* predictions) {
  feed_ = &feed;
  step_ = step;
  step_.samples = step.rows;
  step_.training = mode == Mode::train;
  step_.updater = mode == Mode::train ? &weights_ : nullptr;
  predictions_ = predictions;
  if (head_) head_->begin(step_.rows);
  const float* direct = feed.direct();
  direct_ = direct != nullptr;
  const float* x = direct_ ? direct : input_;
  for (const float** reader : inputReaders_) *reader = x;
  for (float** alias : inputAliases_) *alias = const_cast<float*>(x);  // never written: identity ops leave shared memory alone
  if (guard_) guard_->beginStep();
}

int64_t Plan::tasks(int stage) const {
  const Stage& s = stages_[static_cast<size_t>(stage)];
  return s.rows ? ceilDiv(step_.rows, chunk_) : s.count;
}

void Plan::task(int stage, int64_t index) {
  const Stage& s = stages_[static_cast<size_t>(stage)];
  const int64_t begin = s.rows ? index * chunk_ : index, end = s.rows ? std::min(step_.rows, begin + chunk_) : index + 1;
  if (guard_) return runGuarded(s, begin, end);
  if (trace_) return runTraced(s, begin, end);
  for (const Part& p : s.parts) run(p, begin, end);
}

// As it is run otherwise, and the paths taken are counted for the mode.
void Plan::runGuarded(const Stage& stage, int64_t begin, int64_t end) {
  const PathMode counts(mode);
  if (stage.rows) took(batch > chunk_ ? Path::planChunks : Path::planOneTask);
  if (trace_) return runTraced(stage, begin, end);
  for (const Part& p : stage.parts) run(p, begin, end);
}

void Plan::runTraced(const Stage& stage, int64_t begin, int64_t end) {
  for (const Part& p : stage.parts) {
    const double from = trace_->now();
    run(p, begin, end);
    if (p.what != Do::weights) trace_->add(p.label, from, trace_->now(), flopsOf(p, begin, end));
  }
}

void Plan::weightTask(size_t index) {
  const auto& [op, task] = weightTasks_[index];
  Op& own = *ops_[static_cast<size_t>(op)];
  const double from = trace_ ? trace_->now() : 0;
  own.weightTask(step_, task);
  if (!trace_) return;
  const double flops = own.productFlops * static_cast<double>(step_.rows) / static_cast<double>(own.weightTasks());
  trace_->add(weightLabels_[static_cast<size_t>(op)], from, trace_->now(), flops);
}

void Plan::trace(Trace* trace) {
  trace_ = trace;
  weights_.trace(trace);
  if (!trace) return;
  for (Stage& s : stages_)
    for (Part& p : s.parts)
      if (p.what != Do::weights) p.label = trace->label(labelOf(p));
  weightLabels_.assign(ops_.size(), 0);
  for (const auto& [op, task] : weightTasks_)
    if (task == 0) weightLabels_[static_cast<size_t>(op)] = trace->label("weights " + names_[static_cast<size_t>(op)]);
}

std::string Plan::labelOf(const Part& part) const {
  static const char* const names[] = {"gather",           "gather",        "forward",        "loss: prepare",
                                      "loss and metrics", "loss: combine", "loss: gradient", "penalty gradient",
                                      "backward",         "weights",       "regularization", "gradients: collect",
                                      "update",           "constraints",   "predictions"};
  const std::string prefix = mode == Mode::train ? "" : mode == Mode::test ? "test " : "predict ";
  const std::string name = names[static_cast<int>(part.what)];
  return prefix + name + (part.op >= 0 ? " " + names_[static_cast<size_t>(part.op)] : "");
}

double Plan::flopsOf(const Part& part, int64_t begin, int64_t end) const {
  const bool forward = part.what == Do::forward, backward = part.what == Do::backward && ops_[static_cast<size_t>(part.op)]->dx != nullptr;
  if (!forward && !backward) return 0;
  const Op& op = *ops_[static_cast<size_t>(part.op)];
  const std::vector<Phase> phases = forward ? op.forwardPhases() : op.backwardPhases();
  const double all = op.productFlops * static_cast<double>(step_.rows);
  bool tasks = false;
  for (const Phase& p : phases) tasks = tasks || (p.kind == Phase::tasks && !p.layOut);
  const Phase& phase = phases[static_cast<size_t>(part.phase)];
  if (phase.layOut) return 0;
  if (phase.kind == Phase::tasks) return all / static_cast<double>(phase.count);
  return tasks ? 0 : op.productFlops * static_cast<double>(end - begin);
}

void Plan::gather(int64_t begin, int64_t end, int64_t from, int64_t columns) {
  const ArrayView& x = feed_->spec.x;
  if (!direct_)
    for (int64_t r = begin; r < end; ++r) x.copy(feed_->row(r), from, columns, input_ + r * x.rowSize + from);
  if (!check_ || (x.type != ElementType::float32 && x.type != ElementType::float64)) return;
  const float* rows = (direct_ ? feed_->direct() : input_) + begin * x.rowSize;
  bool all = true;
  if (columns == x.rowSize)
    all = allFinite(rows, (end - begin) * columns);
  else
    for (int64_t r = 0; r < end - begin; ++r) all = all && allFinite(rows + r * x.rowSize + from, columns);
  if (!all) notFinite_.store(true, std::memory_order_relaxed);
}

void Plan::gatherLabels(int64_t begin, int64_t end) {
  if (!head_) return;
  const FeedSpec& f = feed_->spec;
  for (int64_t r = begin; r < end; ++r) {
    const int64_t row = feed_->row(r);
    if (f.y) f.y.copyRow(row, label_ + r * f.y.rowSize);
    if (weightSteps == 0) continue;
    float* w = weight_ + r * weightSteps;
    if (f.weights && f.weights.rowSize == weightSteps) {
      f.weights.copyRow(row, w);
    } else {  // a weight stands for so many items: of a whole sample, or of a line of it where classes weigh each item
      const int64_t given = f.weights ? f.weights.rowSize : 1, each = weightSteps / given;
      for (int64_t k = 0; k < given; ++k)
        std::fill(w + k * each, w + (k + 1) * each, f.weights ? static_cast<float>(f.weights.value(row * given + k)) : 1.0f);
    }
    if (f.classWeights.classes.empty()) continue;
    const int64_t stride = f.y.rowSize / weightSteps;
    for (int64_t t = 0; t < weightSteps; ++t) w[t] *= f.classWeights.of(label_ + r * f.y.rowSize + t * stride);
  }
}

void Plan::run(const Part& part, int64_t begin, int64_t end) {
  switch (part.what) {
    case Do::gather:
      took(direct_ ? Path::planInPlace : Path::planGather);
      gather(begin, end, 0, feed_->spec.x.rowSize);
      gatherLabels(begin, end);
      break;
    case Do::gatherColumns: {
      took(Path::planGatherColumns);
      const Columns c = ops_[0]->inputColumns(begin);
      gather(0, step_.rows, c.begin, c.count);
      if (begin == 0) gatherLabels(0, step_.rows);
      break;
    }
    case Do::forward:
      ops_[static_cast<size_t>(part.op)]->forward(step_, part.phase, begin, end);
      break;
    case Do::backward:
      if (ops_[static_cast<size_t>(part.op)]->replacesX) took(Path::planReplacesX);
      if (ops_[static_cast<size_t>(part.op)]->masksDx) took(Path::planMasksDx);
      ops_[static_cast<size_t>(part.op)]->backward(step_, part.phase, begin, end);
      break;
    case Do::emit: {
      const int64_t n = sizeOf(out());
      const float* y = ops_.empty() ? (direct_ ? feed_->direct() : input_) : ops_.back()->y;
      std::memcpy(predictions_ + begin * n, y + begin * n, static_cast<size_t>((end - begin) * n) * sizeof(float));
      break;
    }
    case Do::head: {
      Slot& slot = slots_[static_cast<size_t>(begin / chunk_)];
      head_->forward(slot, begin, end);
      slot.penalty = 0;
      for (const auto& op : ops_)
        if (op->hasPenalty()) slot.penalty += op->penalty(step_, begin, end);
      break;
    }
    case Do::prepare:
      head_->prepare(step_.rows);
      break;
    case Do::combine:
      head_->combine(slots_, ceilDiv(step_.rows, chunk_), step_.rows);
      break;
    case Do::gradient:
      head_->backward(begin, end);
      break;
    case Do::penaltyGradient:
      ops_.back()->addPenaltyGradient(step_, begin, end);
      break;
    case Do::weights: {
      took(oneWeightTask_ ? Path::planOneWeightTask : Path::planWeightTasks);
      if (!oneWeightTask_) return weightTask(static_cast<size_t>(begin));
      for (size_t t = 0; t < weightTasks_.size(); ++t) weightTask(t);
      break;
    }
    case Do::penalties:
      weights_.penaltyTask(begin);
      break;
    case Do::collect:
      weights_.gatherTask(begin);
      break;
    case Do::update:
      weights_.updateTask(begin);
      break;
    case Do::constrain:
      weights_.constraintTask(begin);
      break;
  }
}

// Whether ops that look at their data have met some that no batch may hold.
void Plan::refuseFaults(int stage) {
  for (const auto& [at, op] : dataChecks_) {
    if (at != stage) continue;
    const DataFault fault = ops_[static_cast<size_t>(op)]->fault();
    if (fault.row >= 0)
      throw Error("ERR_INDEX",
                  labels_[static_cast<size_t>(op)] + ": " + fault.what + ", in sample " + std::to_string(feed_->row(fault.row)));
  }
}

void Plan::endStage(int stage) {
  if (!dataChecks_.empty()) refuseFaults(stage);
  const Part& last = stages_[static_cast<size_t>(stage)].parts.back();
  if (last.what == Do::collect) weights_.combine();
  if (guard_) guard_->endStage(stage);
}

double Plan::endStep() {
  if (mode == Mode::train) weights_.end();
  if (!head_) return 0;
  const int64_t chunks = ceilDiv(step_.rows, chunk_);
  double penalty = 0;
  for (int64_t c = 0; c < chunks; ++c) penalty += slots_[static_cast<size_t>(c)].penalty;
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
  std::vector<double> sum(static_cast<size_t>(head_ ? head_->metricStates() : 0), 0.0);
  for (const Slot& s : slots_)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += s.metrics[i];
  return sum;
}

int64_t Plan::bytes() const {
  constexpr size_t kOp = 2048;  // with its description, names and lists
  size_t all = sizeof(Plan) + ops_.size() * kOp + buffers_.size() * (sizeof(Buffer) + 4 * sizeof(float**));
  for (const Stage& s : stages_) all += sizeof(Stage) + s.parts.size() * sizeof(Part);
  all += weightTasks_.size() * sizeof(weightTasks_[0]);
  for (const Slot& s : slots_) all += sizeof(Slot) + s.metrics.size() * sizeof(double);
  return static_cast<int64_t>(all);
}

void Plan::takeStates() {
  for (size_t i = 0; i < ops_.size(); ++i)
    for (const State& s : ops_[i]->states) {
      const Shape fits{batch, s.rowFloats}, left = s.variable->shape;
      if (s.variable->size == 0)
        s.variable->reshape(fits);
      else if (left != fits)
        throw Error("ERR_STATEFUL",
                    labels_[i] + " is stateful, and " + (left[0] == batch ? "samples of another size" : "another batch size") +
                        " do not fit the state that the batch before has left: [samples, numbers] would be " + toString(fits) +
                        " instead of " + toString(left) + ". Use one batch size, or forget the state: model.resetStates()");
    }
}

}  // namespace gemmfit
