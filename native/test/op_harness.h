// Runs one op as a plan would, by hand: in chunks of rows, with memory that holds NaN wherever the op did not say it reads, and guard
// words before and behind all of it.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/guard.h"
#include "native/engine/op.h"
#include "native/engine/philox.h"
#include "native/engine/updater.h"

namespace gemmfit::test {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

inline Value object(Value::Object fields) { return Value(std::move(fields)); }
inline Value numbers(const std::vector<double>& list) { return Value(Value::Array(list.begin(), list.end())); }
inline Value integers(const std::vector<int64_t>& list) { return Value(Value::Array(list.begin(), list.end())); }

// The same numbers every time, evenly in [low, high).
inline Floats randomFloats(int64_t n, uint64_t seed, float low = -2, float high = 2) {
  Floats out(static_cast<size_t>(n));
  for (size_t i = 0; i < out.size(); ++i) out[i] = low + (high - low) * unitFloat(Philox(seed, 77, i).v[0]);
  return out;
}

inline Doubles toDoubles(const Floats& x) { return Doubles(x.begin(), x.end()); }

// |got - want| <= tolerance * max(1, |want|), infinities and NaN being equal to themselves.
inline void expectClose(const Floats& got, const Doubles& want, double tolerance, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    const double g = got[i], w = want[i];
    if (std::isnan(w) ? std::isnan(g) : std::isinf(w) ? g == w : std::abs(g - w) <= tolerance * std::max(1.0, std::abs(w))) continue;
    ADD_FAILURE() << what << "[" << i << "] is " << g << " instead of " << w;
    return;
  }
}

// Memory for an op, with guard words on both sides.
class Guarded {
 public:
  Guarded() { assign(0, 0); }
  explicit Guarded(int64_t n) { assign(static_cast<size_t>(n), kNaN); }
  Guarded& operator=(const Floats& from) {
    assign(from.size(), 0);
    std::copy(from.begin(), from.end(), data());
    return *this;
  }
  void assign(size_t n, float value) {
    size_ = n;
    all_.assign(n + 2 * kGuardFloats, value);
    gemmfit::poison(all_.data(), kGuardFloats);
    gemmfit::poison(data() + n, kGuardFloats);
  }
  void fill(float value) { std::fill(begin(), end(), value); }
  float* data() { return all_.data() + kGuardFloats; }
  float* begin() { return data(); }
  float* end() { return data() + size_; }
  const float* begin() const { return all_.data() + kGuardFloats; }
  const float* end() const { return begin() + size_; }
  size_t size() const { return size_; }
  Floats values() const { return Floats(begin(), end()); }
  void expectIntact(const std::string& what) const {
    EXPECT_LT(firstNotPoison(all_.data(), kGuardFloats), 0) << what << " was written before its begin";
    EXPECT_LT(firstNotPoison(end(), kGuardFloats), 0) << what << " was overrun";
  }

 private:
  size_t size_ = 0;
  Floats all_;
};

struct OpSetup {
  Value spec;
  Shape in;
  int64_t rows = 1;
  int64_t batch = 0;  // the most rows; `rows` where 0
  int64_t chunk = 3;  // rows of a chunk
  bool training = true;
  bool needsInputGradient = true;
  bool inPlace = true;    // y in x's memory and dx in dy's, where the op allows it
  int64_t maskSteps = 0;  // of the input mask; 0 for none
  int64_t steps = 1;      // inside TimeDistributed: rows are so many steps of each sample
  int states = 0;         // that the spec may name
  std::vector<Shape> weights = {};
  std::vector<bool> trainable = {};  // all where empty
  uint64_t seed = 11;
  uint64_t number = 0;  // of the training step
};

// Keeps what weight tasks hand over, and insists on every element once.
class GradientCollector : public Updater {
 public:
  GradientCollector(const std::vector<VariablePtr>& weights, const std::vector<bool>& buffered) : buffered_(buffered) {
    for (const VariablePtr& w : weights) {
      gradients.emplace_back(static_cast<size_t>(w->size), kNaN);
      given_.emplace_back(static_cast<size_t>(w->size), 0);
    }
  }

  float* tile(int weight, int64_t offset, int64_t n) override {
    EXPECT_TRUE(n <= kTileFloats || buffered_[static_cast<size_t>(weight)]) << "a tile of " << n << " floats";
    EXPECT_TRUE(offset >= 0 && offset + n <= static_cast<int64_t>(gradients[static_cast<size_t>(weight)].size()));
    tile_.expectIntact("a tile of a gradient");
    tile_.assign(static_cast<size_t>(n), kNaN);
    return tile_.data();
  }
  ~GradientCollector() override { tile_.expectIntact("a tile of a gradient"); }
  void done(int weight, int64_t offset, int64_t n, float* g) override {
    for (int64_t i = 0; i < n; ++i) give(weight, offset + i, g[i]);
  }
  float* block(int weight, int64_t, int64_t rows, int64_t columns, int64_t, int64_t* ld) override {
    *ld = columns;
    return tile(weight, 0, rows * columns);
  }
  void blockDone(int weight, int64_t offset, int64_t rows, int64_t columns, int64_t stride, float* g, int64_t ld) override {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) give(weight, offset + r * stride + c, g[r * ld + c]);
  }

  void expectComplete(const std::vector<bool>& trainable) const {
    for (size_t w = 0; w < given_.size(); ++w)
      for (const int times : given_[w]) ASSERT_EQ(times, trainable[w] ? 1 : 0) << "gradient handovers of an element of weight " << w;
  }

  std::vector<Floats> gradients;

 private:
  void give(int weight, int64_t at, float g) {
    gradients[static_cast<size_t>(weight)][static_cast<size_t>(at)] = g;
    ++given_[static_cast<size_t>(weight)][static_cast<size_t>(at)];
  }
  std::vector<bool> buffered_;
  std::vector<std::vector<int>> given_;
  Guarded tile_;
};

class OpRunner {
 public:
  explicit OpRunner(OpSetup setup) : setup_(std::move(setup)) {
    OpEnv env;
    env.in = setup_.in;
    env.batch = setup_.batch ? setup_.batch : setup_.rows;
    env.training = setup_.training;
    env.maskSteps = setup_.maskSteps;
    env.needsInputGradient = setup_.training && setup_.needsInputGradient;
    env.seed = setup_.seed;
    env.steps = setup_.steps;
    if (setup_.trainable.empty()) setup_.trainable.assign(setup_.weights.size(), setup_.training);
    for (size_t i = 0; i < setup_.weights.size(); ++i) {
      weights.push_back(std::make_shared<Variable>(setup_.weights[i]));
      const Floats values = randomFloats(weights[i]->size, 1000 + i, -1, 1);
      std::copy(values.begin(), values.end(), weights[i]->data());
      env.weightIds.push_back(static_cast<int>(i));
    }
    env.weights = weights;
    env.trainable = setup_.trainable;
    for (int i = 0; i < setup_.states; ++i) env.states.push_back(std::make_shared<Variable>(Shape{0}));
    op = makeOp(setup_.spec, env);
    batch_ = env.batch;
    forgetStates();
    op->in = setup_.in;
    op->maskInSteps = setup_.maskSteps;
    for (size_t i = 0; i < weights.size(); ++i) buffered_.push_back(op->wantsGradientBuffer(static_cast<int>(i)));
    for (const Scratch& s : op->scratchSpec) scratch_.emplace_back(s.perRow * env.batch + s.fixed);
    for (Guarded& s : scratch_) op->scratch.push_back(s.data());
    step_.rows = setup_.rows;
    step_.samples = setup_.rows / setup_.steps;
    step_.training = setup_.training;
    step_.number = setup_.number;
  }

  // mask: rows * maskSteps ones and zeros.
  Floats forward(const Floats& x, const Floats& mask = {}) {
    const auto n = static_cast<size_t>(setup_.rows * sizeOf(op->in)), outputs = static_cast<size_t>(setup_.rows * sizeOf(op->out));
    EXPECT_EQ(x.size(), n);
    x_ = x;
    maskIn = mask;
    maskOut.assign(static_cast<size_t>(setup_.rows * (op->mask == Op::Mask::make ? op->maskSteps : setup_.maskSteps)), kNaN);
    const bool shares = op->identity || (op->inPlace && setup_.inPlace);
    EXPECT_TRUE(!shares || n == outputs) << "an op in place keeps its size";
    if (!shares) y_.assign(outputs, kNaN);
    op->x = x_.data();
    op->y = shares ? x_.data() : y_.data();
    op->maskIn = mask.empty() ? nullptr : maskIn.data();
    op->maskOut = maskOut.empty() ? nullptr : maskOut.data();
    run(op->forwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->forward(step_, phase, begin, end); });
    EXPECT_TRUE(shares || same(x_.values(), x)) << "the forward pass wrote to its input";
    expectIntact();
    if (setup_.training) expectPoisoned(Scratch::backward, "the forward pass wrote to scratch that is the backward pass's");
    return Floats(op->y, op->y + outputs);
  }

  // dx, or nothing where none is asked for. Afterwards `gradients` holds those of the weights.
  Floats backward(const Floats& dy) {
    const auto n = static_cast<size_t>(setup_.rows * sizeOf(op->in));
    const Floats x = x_.values();
    const bool sharesY = op->y == x_.data(), shares = (op->inPlace || op->identity) && setup_.inPlace && !op->weightsReadDy;
    if (!sharesY && !op->readsX) poison(x_);
    if (!sharesY && !op->readsY) poison(y_);
    if (sharesY && !op->readsX && !op->readsY) poison(x_);
    for (size_t i = 0; i < scratch_.size(); ++i)
      if (op->scratchSpec[i].life == Scratch::forward) poison(scratch_[i]);
    dy_ = dy;
    if (!shares) dx_.assign(n, kNaN);
    op->dy = dy_.data();
    op->dx = !setup_.needsInputGradient ? nullptr : shares ? dy_.data() : dx_.data();
    run(op->backwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->backward(step_, phase, begin, end); });
    expectIntact();
    Floats dx;
    if (op->dx) dx.assign(op->dx, op->dx + n);
    if (!op->weightsReadDy) poison(dy_);
    GradientCollector collector(weights, buffered_);
    step_.updater = &collector;
    // Tasks are independent: the last first does as well.
    for (int64_t t = op->weightTasks(); t-- > 0;) op->weightTask(step_, t);
    expectIntact();
    expectPoisoned(Scratch::forward, "scratch of the forward pass was written to after it");
    for (size_t i = 0; i < scratch_.size(); ++i)
      if (op->scratchSpec[i].life == Scratch::backward) poison(scratch_[i]);
    collector.expectComplete(setup_.trainable);
    gradients = std::move(collector.gradients);
    if (op->dx && op->canMaskDx) expectMasked(x, dy, dx);
    return dx;
  }

  void forgetStates() {
    for (const State& s : op->states) s.variable->reshape({batch_, s.rowFloats});
  }

  double penalty() {
    double sum = 0;
    for (int64_t r = 0; r < setup_.rows; r += setup_.chunk) sum += op->penalty(step_, r, std::min(setup_.rows, r + setup_.chunk));
    return sum;
  }

  std::unique_ptr<Op> op;
  std::vector<VariablePtr> weights;  // filled with numbers from -1 to 1; write others before forward
  std::vector<Floats> gradients;
  Floats maskIn, maskOut;

 private:
  template <class F>
  void run(const std::vector<Phase>& phases, F&& f) {
    for (size_t p = 0; p < phases.size(); ++p) {
      const bool rows = phases[p].kind == Phase::rows;
      const int64_t count = rows ? ceilDiv(setup_.rows, setup_.chunk) : phases[p].count;
      for (int64_t i = count; i-- > 0;)
        if (rows)
          f(static_cast<int>(p), i * setup_.chunk, std::min(setup_.rows, (i + 1) * setup_.chunk));
        else
          f(static_cast<int>(p), i, i + 1);
    }
  }
  // Once more, in place of x where it can be, with the gradient of a ReLU below: the same where x is above 0.
  void expectMasked(const Floats& x, const Floats& dy, Floats dx) {
    for (size_t i = 0; i < dx.size(); ++i)
      if (!(x[i] > 0)) dx[i] = 0;
    x_ = x;
    dy_ = dy;
    op->x = x_.data();
    op->dy = dy_.data();
    op->dx = op->canReplaceX ? x_.data() : dx_.data();
    op->masksDx = true;
    op->replacesX = op->canReplaceX;
    run(op->backwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->backward(step_, phase, begin, end); });
    EXPECT_TRUE(same(dx, Floats(op->dx, op->dx + dx.size()))) << "a gradient that takes over a ReLU's";
    op->masksDx = op->replacesX = false;
    expectIntact();
  }
  void expectPoisoned(Scratch::Life life, const char* what) const {
    for (size_t i = 0; i < scratch_.size(); ++i)
      if (op->scratchSpec[i].life == life) {
        EXPECT_TRUE(std::all_of(scratch_[i].begin(), scratch_[i].end(), [](float v) { return std::isnan(v); })) << what;
      }
  }
  void expectIntact() const {
    x_.expectIntact("x");
    y_.expectIntact("y");
    dy_.expectIntact("dy");
    dx_.expectIntact("dx");
    for (size_t i = 0; i < scratch_.size(); ++i) scratch_[i].expectIntact("scratch " + std::to_string(i));
    EXPECT_EQ(takeFault(), "");
  }
  static void poison(Guarded& x) { x.fill(kNaN); }
  static bool same(const Floats& a, const Floats& b) {
    for (size_t i = 0; i < a.size(); ++i)
      if (!(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))) return false;
    return true;
  }

  OpSetup setup_;
  int64_t batch_ = 0;
  Step step_;
  Guarded x_, y_, dy_, dx_;
  std::vector<Guarded> scratch_;
  std::vector<bool> buffered_;
};

// y of a whole batch from x and the weights, written as plainly as it goes.
using Reference = std::function<Doubles(const Doubles& x, const std::vector<Doubles>& weights)>;

struct CheckOptions {
  double value = 2e-6;  // tolerances, as expectClose takes them
  double gradient = 2e-5;
  double delta = 1e-5;  // of the central differences, which run in double through the reference
};

// Forward against the reference, and every gradient against central differences of sum(c * y) for random c.
inline void checkOp(const OpSetup& setup, const Floats& x, const Reference& reference, CheckOptions o = {}) {
  OpRunner runner(setup);
  std::vector<Doubles> weights;
  for (const VariablePtr& w : runner.weights) weights.emplace_back(w->data(), w->data() + w->size);
  Doubles xs = toDoubles(x);
  const Floats y = runner.forward(x);
  expectClose(y, reference(xs, weights), o.value, "y");
  if (!setup.training) return;
  const Floats c = randomFloats(static_cast<int64_t>(y.size()), 5, -1, 1);
  const Floats dx = runner.backward(c);
  const auto differences = [&](Doubles& at) {
    Doubles out(at.size());
    for (size_t i = 0; i < at.size(); ++i) {
      const double middle = at[i];
      double sum[2] = {};
      for (int side = 0; side < 2; ++side) {
        at[i] = middle + (side ? o.delta : -o.delta);
        const Doubles moved = reference(xs, weights);
        for (size_t k = 0; k < moved.size(); ++k) sum[side] += static_cast<double>(c[k]) * moved[k];
      }
      at[i] = middle;
      out[i] = (sum[1] - sum[0]) / (2 * o.delta);
    }
    return out;
  };
  if (setup.needsInputGradient) expectClose(dx, differences(xs), o.gradient, "dx");
  for (size_t w = 0; w < weights.size(); ++w)
    if (setup.trainable.empty() || setup.trainable[w])
      expectClose(runner.gradients[w], differences(weights[w]), o.gradient, "gradient of weight " + std::to_string(w));
}

// A spec that cannot be is refused, not run.
inline void expectRefused(const OpSetup& setup) {
  try {
    OpRunner runner(setup);
    ADD_FAILURE() << "the spec was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "ERR_SPEC") << e.what();
  }
}

}  // namespace gemmfit::test
