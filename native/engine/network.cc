#include "native/engine/network.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "native/engine/error.h"
#include "native/engine/subnormals.h"
#include "native/kernels/gemm/blas.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

// A run of several epochs ends with the first that is over after this time: others wait for the thread, and JavaScript for the results.
constexpr std::chrono::milliseconds kManyEpochs(20);

constexpr size_t kMostPlans = 8;  // batch sizes and input shapes that alternate without planning anew

// While a run has tasks for others, however it ends.
struct Helpers {
  explicit Helpers(Team* t) : team(t) {
    if (!team) return;
    team->open();
    Pool::instance().invite();
  }
  ~Helpers() {
    if (team) team->close();
  }
  Team* team;
};

// Around the batches of a run, however it ends.
struct InRun {
  InRun(Training* t, Reading* r, const std::vector<size_t>& readWhole) : training(t), reading(r) {
    if (training) training->begin();
    if (reading) reading->enter(readWhole);
  }
  ~InRun() {
    if (training) training->end();
    if (reading) reading->leave();
  }
  Training* training;
  Reading* reading;
};

}  // namespace

Network::Network(Value spec, std::vector<VariablePtr> variables, std::vector<VariablePtr> slots, std::vector<VariablePtr> states)
    : program_(std::make_shared<const Program>(std::make_shared<const Value>(std::move(spec)), static_cast<int64_t>(variables.size()))),
      variables_(std::move(variables)),
      slots_(std::move(slots)),
      states_(std::move(states)),
      training_(std::make_unique<Training>(variables_, slots_, states_)),
      weights_(program_->spec(), variables_, slots_) {
  useOneBlasThread();
  for (size_t i = 0; i < variables_.size(); ++i)
    if (program_->isReadWhole(static_cast<int>(i))) readWhole_.push_back(i);
}

Network::Network(const Network& model)
    : program_(model.program_),
      variables_(model.variables_),
      states_(model.states_),
      readWhole_(model.readWhole_),
      reading_(std::make_unique<Reading>(variables_)),
      weights_(program_->spec(), reading_->views(), {}, false) {}

void Network::acquire(Mode mode) {
  if (held_.exchange(true)) throw Error("ERR_BUSY", "the model is busy with another fit, evaluate or predict; await that first", false);
  try {
    if (mode == Mode::train) return training_->claim();
    // Ops that know nothing of rows that are behind read the table itself, where they can be brought up to date now.
    for (const size_t i : readWhole_) settleRows(variables_[i]);
    for (const VariablePtr& v : states_) {
      if (!v->tryExclusive())
        throw Error("ERR_BUSY",
                    "the states of its stateful layers, which go on from batch to batch, are in use by a fit, evaluate or predict; await "
                    "that first",
                    false);
      heldStates_.push_back(v);
    }
    if (reading_) reading_->open();
  } catch (...) {
    release();
    throw;
  }
}

void Network::release() {
  if (reading_)
    reading_->close();
  else
    training_->unclaim();
  for (const VariablePtr& v : heldStates_) v->release();
  heldStates_.clear();
  held_.store(false);
}

void Network::rest() {
  if (reading_)
    reading_->rest();
  else
    training_->forget();
}

Plan& Network::plan(Mode mode, const Shape& in, int64_t batch, int64_t weightSteps) {
  for (auto it = plans_.begin(); it != plans_.end(); ++it) {
    const Plan& p = **it;
    if (p.mode != mode || p.batch != batch || p.weightSteps != weightSteps || p.in != in) continue;
    plans_.splice(plans_.begin(), plans_, it);
    return *plans_.front();
  }
  plans_.push_front(std::make_unique<Plan>(*program_, weights_, states_, mode, in, batch, weightSteps));
  if (plans_.size() > kMostPlans) plans_.pop_back();
  return *plans_.front();
}

int64_t Network::bytes() const {
  int64_t all = arena_.bytes() + weights_.bytes();
  for (const auto& p : plans_) all += p->bytes();
  return all;
}

Shape Network::outputShape(const Shape& in) { return plan(Mode::predict, in, 1, 0).out(); }

// No op throws, but threads take memory of their own at their first task of a kind, which may not be there.
void Network::runStage(int stage, int64_t task) {
  try {
    plan_->task(stage, task);
  } catch (...) {
    std::lock_guard<std::mutex> lock(failureMutex_);
    if (!failure_) failure_ = std::current_exception();
    failed_.store(true, std::memory_order_release);
  }
}

void Network::refuseFailure() {
  if (!failed_.load(std::memory_order_acquire)) return;
  std::lock_guard<std::mutex> lock(failureMutex_);
  failed_.store(false, std::memory_order_relaxed);
  std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Network::step(const Feed& feed, const Step& step, float* predictions, Team* team) {
  plan_->beginStep(feed, step, predictions);
  for (int s = 0; s < plan_->stages(); ++s) {
    const int64_t tasks = plan_->tasks(s);
    if (team && trace_ && tasks > 1) {
      const double waited = team->run(s, tasks), now = trace_->now();
      trace_->add(waitLabel_, now - waited, now);
    } else if (team)
      team->run(s, tasks);
    else
      for (int64_t t = 0; t < tasks; ++t) runStage(s, t);
    refuseFailure();
    plan_->endStage(s);
  }
}

void Network::checkSizes(const FeedSpec& feed, int64_t weightSteps) const {
  const int64_t labels = plan_->head() ? plan_->head()->labelSize() : 0;
  if ((feed.y ? feed.y.rowSize : 0) != labels) throw Error("ERR_SHAPE", "the feed's labels do not have the size the loss needs");
  if (feed.weights && (feed.weights.rowSize < 1 || weightSteps % feed.weights.rowSize != 0))
    throw Error("ERR_SHAPE", "the feed's sample weights do not have the size they are said to have");
  if (!feed.classWeights.classes.empty() &&
      (weightSteps < 1 || feed.y.rowSize % weightSteps != 0 || feed.y.rowSize / weightSteps < feed.classWeights.labelWidth))
    throw Error("ERR_SHAPE", "class weights do not fit the labels");
}

void Network::beginSums(Mode mode, bool reset) {
  current_ = &sums_[mode == Mode::train ? 0 : 1];
  if (reset) *current_ = Sums();
  // Those of each class, where outputs may have another width than those before.
  const size_t states = plan_->metricStates().size();
  for (const std::vector<double>& chunk : current_->metrics)
    if (chunk.size() != states)
      throw Error("ERR_SHAPE", "the metrics sum up outputs of one size, and these of shape " + toString(plan_->out()) +
                                   " have another than those of the batches before");
  plan_->setMetrics(current_->metrics);
}

void Network::beginRun(const FeedSpec& feed, const RunRequest& request) {
  const bool trains = request.mode == Mode::train;
  plan_ = &plan(request.mode, request.sampleShape, feed.batch, request.weightSteps);
  plan_->bind(arena_);
  if (reading_) plan_->aimWeights();
  plan_->takeStates();
  plan_->checkFinite(request.checkFinite);
  plan_->trace(trace_.get());
  if (trace_) waitLabel_ = trace_->label("wait for the other threads");
  if (request.mode != Mode::predict) checkSizes(feed, request.weightSteps);
  if (request.mode == Mode::test && request.predictions && !plan_->head()->hasItemLosses())
    throw Error("ERR_LOSS", "this loss is one for the whole batch, so that no sample has one of its own");
  if (trains && request.learningRates.empty()) throw Error("ERR_SPEC", "training needs a learning rate");
  if (trains) weights_.beginRun(plan_->lazyTables());
  beginSums(request.mode, request.reset);
}

bool Network::runBatch(const Feed& feed, const RunRequest& request, RunResult& result, Team* team) {
  const bool trains = request.mode == Mode::train;
  Step step;
  step.seed = 0;
  step.rows = feed.rows();
  if (reading_ && reading_->asked()) {
    reading_->move();
    plan_->aimWeights();
  }
  if (trains) {
    step.number = request.step + static_cast<uint64_t>(result.steps);
    const size_t k = std::min(asSize(result.steps), request.learningRates.size() - 1);
    weights_.begin(request.learningRates[k], request.call + result.steps);
  }
  float* out = nullptr;
  if (request.mode == Mode::predict || request.predictions) {
    const int64_t outSize = request.mode == Mode::predict ? sizeOf(plan_->out()) : plan_->head()->itemsPerRow();
    if ((result.samples + step.rows) * outSize > request.capacity) throw Error("ERR_SPEC", "the room for predictions is too small");
    out = request.predictions + result.samples * outSize;
  }
  try {
    this->step(feed, step, out, team);
  } catch (...) {
    *current_ = Sums();  // the plan's metrics have part of the batch
    throw;
  }
  const double loss = plan_->endStep();
  if (trains) training_->endBatch();
  result.foundNotFinite = plan_->foundNotFinite();
  if (result.foundNotFinite) return false;
  if (result.lossNotFinite < 0 && !std::isfinite(loss)) result.lossNotFinite = result.steps;
  current_->loss += loss * static_cast<double>(step.rows);
  current_->rows += step.rows;
  ++current_->steps;
  ++result.steps;
  result.samples += step.rows;
  return true;
}

void Network::answerProgress() {
  if (!wanted_.load(std::memory_order_relaxed)) return;
  wanted_.store(false, std::memory_order_relaxed);
  Totals now = totals(*current_, plan_->metricStates());
  std::lock_guard<std::mutex> lock(snapshotMutex_);
  snapshot_ = std::move(now);
}

RunResult Network::run(Feeds& feeds, const RunRequest& request, Team* team) {
  const FlushSubnormals flush;  // here too: small predictions run on a thread that is not ours
  const Feed* feed = feeds.begin();
  if (!feed) return {};  // somebody has given up the batches of a queue
  if (sizeOf(request.sampleShape) != feed->spec.x.rowSize)
    throw Error("ERR_SHAPE", "the feed's rows do not have the shape they are said to have");
  if (reading_ && request.mode == Mode::train) throw Error("ERR_SPEC", "a reader does not train");
  const InRun inRun(request.mode == Mode::train ? training_.get() : nullptr, reading_.get(), readWhole_);
  beginRun(feed->spec, request);
  if (!plan_->isParallel()) team = nullptr;
  const Helpers helpers(team);
  const auto enough = std::chrono::steady_clock::now() + kManyEpochs;
  RunResult result;
  while (result.steps < request.steps && !stopped() && (feed = feeds.nextFeed())) {
    if (!runBatch(*feed, request, result, team)) break;
    answerProgress();
    if (current_->steps != request.epochSteps) continue;
    keepMetrics();
    result.epochs.push_back(totals());
    if (result.steps == request.steps || std::chrono::steady_clock::now() > enough) break;
    *current_ = Sums();
    plan_->setMetrics({});
  }
  keepMetrics();
  std::lock_guard<std::mutex> lock(snapshotMutex_);
  snapshot_ = totals();
  return result;
}

void Network::setTrainingSums(Sums sums) {
  sums_[0] = std::move(sums);
  current_ = &sums_[0];
}

Totals Network::totals(const Sums& sums, const std::vector<double>& states) const {
  Totals t;
  t.steps = sums.steps;
  t.loss = sums.rows ? sums.loss / static_cast<double>(sums.rows) : 0;
  if (plan_ && plan_->head() && states.size() == asSize(plan_->head()->metricStates())) t.metrics = plan_->head()->metricResults(states);
  return t;
}

Totals Network::totals() const {
  std::vector<double> merged;
  for (const std::vector<double>& chunk : current_->metrics) {
    merged.resize(chunk.size());
    for (size_t i = 0; i < chunk.size(); ++i) merged[i] += chunk[i];
  }
  return totals(*current_, merged);
}

Totals Network::progress() {
  wanted_.store(true, std::memory_order_relaxed);
  std::lock_guard<std::mutex> lock(snapshotMutex_);
  return snapshot_;
}

}  // namespace gemmfit
