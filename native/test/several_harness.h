// As op_harness.h, for ops of several values, of samples or one for the whole batch.
#pragma once
#include <cstring>

#include "native/test/op_harness.h"

namespace gemmfit::test {

struct GivenValue {
  Shape shape;
  bool single = false;
  bool wanted = true;  // its gradient
};

struct SeveralSetup {
  Value spec;
  std::vector<GivenValue> values;
  int64_t rows = 4, batch = 6, chunk = 3;
  bool training = true;
  bool inPlace = true;  // y in the first value's memory and its gradient in dy's, where the op allows it
  bool adds = false;    // gradients are added to others, where the op allows it
};

class SeveralRunner {
 public:
  explicit SeveralRunner(SeveralSetup setup) : setup_(std::move(setup)) {
    const std::vector<GivenValue>& v = setup_.values;
    once_ = std::all_of(v.begin(), v.end(), [](const GivenValue& is) { return is.single; });
    if (once_) setup_.rows = setup_.batch = setup_.chunk = 1;
    OpEnv env;
    env.in = v[0].shape;
    env.single = v[0].single;
    env.batch = setup_.batch;
    env.training = setup_.training;
    env.needsInputGradient = setup_.training && v[0].wanted;
    env.seed = 11;
    for (size_t k = 1; k < v.size(); ++k) env.others.push_back({v[k].shape, 0, true, v[k].single, setup_.training && v[k].wanted});
    op = makeOp(setup_.spec, env);
    op->in = env.in;
    op->others.resize(env.others.size());
    for (const Scratch& s : op->scratchSpec) scratch_.emplace_back(s.perRow * env.batch + s.fixed);
    for (Guarded& s : scratch_) op->scratch.push_back(s.data());
    step_.rows = step_.samples = setup_.rows;
    step_.training = setup_.training;
    x_.resize(v.size());
    dx_.resize(v.size());
  }

  // Numbers of a value in this batch.
  int64_t floatsOf(size_t k) const { return sizeOf(setup_.values[k].shape) * (setup_.values[k].single ? 1 : setup_.rows); }
  int64_t outputs() const { return sizeOf(op->out) * (op->rows == Op::Rows::overAll ? 1 : setup_.rows); }

  Floats forward(const std::vector<Floats>& x) {
    for (size_t k = 0; k < x.size(); ++k) {
      EXPECT_EQ(static_cast<int64_t>(x[k].size()), floatsOf(k));
      x_[k] = x[k];
      (k == 0 ? op->x : op->others[k - 1].x) = x_[k].data();
    }
    const bool shares = op->identity || (op->inPlace && setup_.inPlace);
    if (!shares) y_.assign(static_cast<size_t>(outputs()), kNaN);
    EXPECT_TRUE(!shares || floatsOf(0) == outputs()) << "an op in place keeps its size";
    op->y = shares ? x_[0].data() : y_.data();
    run(op->forwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->forward(step_, phase, begin, end); });
    for (size_t k = shares ? 1 : 0; k < x.size(); ++k) EXPECT_TRUE(same(x_[k].values(), x[k])) << "the forward pass wrote to input " << k;
    expectIntact();
    return Floats(op->y, op->y + outputs());
  }

  // The gradient of each value, empty where none is wanted. Where they are added, 1 stands there before.
  std::vector<Floats> backward(const Floats& dy) {
    const bool shares = (op->inPlace || op->identity) && setup_.inPlace, sharesY = op->y == x_[0].data();
    if (!op->readsX)
      for (size_t k = sharesY && op->readsY ? 1 : 0; k < x_.size(); ++k) x_[k].fill(kNaN);
    if (!op->readsY && !(sharesY && op->readsX)) (sharesY ? x_[0] : y_).fill(kNaN);
    dy_ = dy;
    op->dy = dy_.data();
    const bool adds = setup_.adds && op->canAddDx;
    for (size_t k = 0; k < x_.size(); ++k) {
      float* to = nullptr;
      if (setup_.values[k].wanted) {
        dx_[k].assign(static_cast<size_t>(floatsOf(k)), adds ? 1 : kNaN);
        to = k == 0 && shares && !adds ? dy_.data() : dx_[k].data();
      }
      (k == 0 ? op->dx : op->others[k - 1].dx) = to;
      (k == 0 ? op->addsDx : op->others[k - 1].addsDx) = adds;
    }
    run(op->backwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->backward(step_, phase, begin, end); });
    expectIntact();
    std::vector<Floats> gradients(x_.size());
    for (size_t k = 0; k < x_.size(); ++k) {
      const float* from = k == 0 ? op->dx : op->others[k - 1].dx;
      if (from) gradients[k].assign(from, from + floatsOf(k));
      if (adds)
        for (float& g : gradients[k]) g -= 1;
    }
    return gradients;
  }

  std::unique_ptr<Op> op;

 private:
  template <class F>
  void run(const std::vector<Phase>& phases, F&& f) {
    for (size_t p = 0; p < phases.size(); ++p) {
      const bool rows = phases[p].kind == Phase::rows;
      const int64_t count = rows ? ceilDiv(setup_.rows, setup_.chunk) : phases[p].count;
      for (int64_t i = count; i-- > 0;)
        rows ? f(static_cast<int>(p), i * setup_.chunk, std::min(setup_.rows, (i + 1) * setup_.chunk)) : f(static_cast<int>(p), i, i + 1);
    }
  }
  static bool same(const Floats& a, const Floats& b) { return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; }
  void expectIntact() const {
    for (const std::vector<Guarded>* all : {&x_, &dx_, &scratch_})
      for (const Guarded& g : *all) g.expectIntact("memory of an input, its gradient or scratch");
    y_.expectIntact("y");
    dy_.expectIntact("dy");
  }

  SeveralSetup setup_;
  bool once_ = false;
  Step step_;
  std::vector<Guarded> x_, dx_, scratch_;
  Guarded y_, dy_;
};

// y of the whole batch from the values.
using SeveralReference = std::function<Doubles(const std::vector<Doubles>& x)>;

// Gradients of sum(c * y) by central differences of the reference.
inline std::vector<Doubles> differences(const SeveralReference& reference, std::vector<Doubles> x, const Floats& c, double delta) {
  std::vector<Doubles> all;
  for (Doubles& at : x) {
    Doubles g(at.size());
    for (size_t i = 0; i < at.size(); ++i) {
      const double middle = at[i];
      double sum[2] = {};
      for (int side = 0; side < 2; ++side) {
        at[i] = middle + (side ? delta : -delta);
        const Doubles y = reference(x);
        for (size_t k = 0; k < y.size(); ++k) sum[side] += static_cast<double>(c[k]) * y[k];
      }
      at[i] = middle;
      g[i] = (sum[1] - sum[0]) / (2 * delta);
    }
    all.push_back(std::move(g));
  }
  return all;
}

// Forward against the reference and gradients against its differences: of all values that are wanted, of each by itself, added to others,
// and in memory that is not shared. Rows in chunks of any size have the same bits.
inline void checkSeveral(SeveralSetup setup, const std::vector<Floats>& x, const SeveralReference& reference, CheckOptions o = {}) {
  std::vector<Doubles> xs;
  for (const Floats& value : x) xs.push_back(toDoubles(value));
  SeveralRunner first(setup);
  const Floats y = first.forward(x);
  expectClose(y, reference(xs), o.value, "y");
  const Floats c = randomFloats(static_cast<int64_t>(y.size()), 5, -1, 1);
  const std::vector<Floats> g = first.backward(c);
  const std::vector<Doubles> want = differences(reference, xs, c, o.delta);
  for (size_t k = 0; k < x.size(); ++k)
    if (setup.values[k].wanted) expectClose(g[k], want[k], o.gradient, "gradient of value " + std::to_string(k));
  const auto again = [&](const SeveralSetup& other, const char* what, bool exact) {
    SeveralRunner runner(other);
    EXPECT_EQ(runner.forward(x), y) << what;
    const std::vector<Floats> h = runner.backward(c);
    for (size_t k = 0; k < x.size(); ++k) {
      if (!other.values[k].wanted) continue;
      if (exact)
        EXPECT_EQ(h[k], g[k]) << what << ", gradient of value " << k;
      else
        expectClose(h[k], toDoubles(g[k]), 1e-5, what);
    }
  };
  for (const int64_t chunk : {int64_t{1}, int64_t{2}, setup.rows}) {
    SeveralSetup other = setup;
    other.chunk = chunk;
    again(other, "another chunk", true);
  }
  SeveralSetup other = setup;
  other.inPlace = false;
  again(other, "memory of its own", true);
  other.adds = true;
  again(other, "added to another gradient", false);
  for (size_t k = 0; k < x.size() && x.size() > 1; ++k) {
    SeveralSetup one = setup;
    for (size_t i = 0; i < x.size(); ++i) one.values[i].wanted = i == k && setup.values[i].wanted;
    if (one.values[k].wanted) again(one, "one gradient alone", false);
  }
  SeveralSetup predicting = setup;
  predicting.training = false;
  EXPECT_EQ(SeveralRunner(predicting).forward(x), y) << "predicting";
}

}  // namespace gemmfit::test
