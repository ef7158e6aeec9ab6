// Runs an op of one or several inputs as a plan would, each a value of samples or one for the whole batch, and holds it against a
// reference in double: values, every set of wanted gradients, chunks of any size, and fewer rows than the plan has.
#pragma once
#include <cstring>

#include "native/kernels/sizes.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {

struct Input {
  Shape shape;
  bool single = false;
  Floats values = {};  // random where there are none
};

struct InputsSetup {
  Value spec;
  std::vector<Input> inputs;
  int64_t rows = 5, batch = 7;
  CheckOptions tolerance = {};
};

// y of all rows from the inputs. Where all of them are single, `rows` is 1.
using InputsReference = std::function<Doubles(const std::vector<Doubles>& inputs, int64_t rows)>;

struct InputsRun {
  int64_t chunk = 3;
  bool training = true;
  std::vector<bool> wants = {};  // gradients: of all inputs where empty
  bool adds = false;             // gradients are added to what is there, where the op can do that
};

class InputsRunner {
 public:
  InputsRunner(const InputsSetup& setup, InputsRun run) : run_(std::move(run)) {
    const bool once = std::all_of(setup.inputs.begin(), setup.inputs.end(), [](const Input& input) { return input.single; });
    if (run_.wants.empty()) run_.wants.assign(setup.inputs.size(), true);
    rows = once ? 1 : setup.rows;
    OpEnv env;
    env.in = setup.inputs[0].shape;
    env.single = setup.inputs[0].single;
    env.batch = once ? 1 : setup.batch;
    env.training = run_.training;
    env.needsInputGradient = run_.training && run_.wants[0];
    env.seed = 11;
    for (size_t k = 1; k < setup.inputs.size(); ++k)
      env.others.push_back({setup.inputs[k].shape, 0, true, setup.inputs[k].single, run_.training && run_.wants[k]});
    op = makeOp(setup.spec, env);
    op->in = env.in;
    op->others.resize(env.others.size());
    single = once || op->rows == Op::Rows::overAll;
    for (const Scratch& s : op->scratchSpec) scratch_.emplace_back(s.perRow * env.batch + s.fixed);
    for (Guarded& s : scratch_) op->scratch.push_back(s.data());
    x_.resize(setup.inputs.size());
    dx_.resize(setup.inputs.size());
    step_.rows = step_.samples = rows;
    step_.training = run_.training;
  }

  Floats forward(const std::vector<Floats>& x) {
    y_.assign(asSize(sizeOf(op->out) * (single ? 1 : rows)), kNaN);
    for (size_t k = 0; k < x.size(); ++k) {
      x_[k] = x[k];
      (k == 0 ? op->x : op->others[k - 1].x) = x_[k].data();
    }
    op->y = y_.data();
    if (op->identity) y_ = x[0];  // as a plan would: y is x
    cut(op->forwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->forward(step_, phase, begin, end); });
    for (size_t k = 0; k < x.size(); ++k)
      EXPECT_EQ(std::memcmp(x_[k].data(), x[k].data(), x[k].size() * sizeof(float)), 0) << "input " << k;
    expectIntact();
    return y_.values();
  }

  // Of each input; of those that want none, nothing.
  std::vector<Floats> backward(const Floats& dy) {
    for (size_t k = 0; k < x_.size(); ++k)
      if (!op->readsX) x_[k].fill(kNaN);
    if (!op->readsY) y_.fill(kNaN);
    for (size_t i = 0; i < scratch_.size(); ++i)
      if (op->scratchSpec[i].life == Scratch::forward) scratch_[i].fill(kNaN);
    dy_ = dy;
    op->dy = dy_.data();
    const bool adds = run_.adds && op->canAddDx;
    for (size_t k = 0; k < x_.size(); ++k) {
      if (!run_.wants[k]) continue;
      dx_[k].assign(x_[k].size(), adds ? 0.5f : kNaN);
      (k == 0 ? op->dx : op->others[k - 1].dx) = dx_[k].data();
      (k == 0 ? op->addsDx : op->others[k - 1].addsDx) = adds;
    }
    cut(op->backwardPhases(), [&](int phase, int64_t begin, int64_t end) { op->backward(step_, phase, begin, end); });
    expectIntact();
    EXPECT_EQ(dy_.values(), dy) << "the backward pass wrote to dy";
    std::vector<Floats> all;
    for (size_t k = 0; k < x_.size(); ++k) {
      all.push_back(run_.wants[k] ? dx_[k].values() : Floats());
      for (float& v : all.back()) v -= adds ? 0.5f : 0.0f;
    }
    return all;
  }

  std::unique_ptr<Op> op;
  int64_t rows;
  bool single;  // y is one for the whole batch

 private:
  // The last task first: they are independent.
  template <class F>
  void cut(const std::vector<Phase>& phases, F&& f) {
    for (size_t p = 0; p < phases.size(); ++p) {
      const bool byRows = phases[p].kind == Phase::rows;
      const int64_t size = byRows ? run_.chunk : 1, count = byRows ? rows : phases[p].count;
      for (int64_t i = ceilDiv(count, size); i-- > 0;) f(static_cast<int>(p), i * size, std::min(count, (i + 1) * size));
    }
  }
  void expectIntact() const {
    for (const auto* list : {&x_, &dx_, &scratch_})
      for (const Guarded& g : *list) g.expectIntact("an input, a gradient or scratch");
    y_.expectIntact("y");
    dy_.expectIntact("dy");
    EXPECT_EQ(takeFault(), "");
  }

  InputsRun run_;
  Step step_;
  std::vector<Guarded> x_, dx_, scratch_;
  Guarded y_, dy_;
};

inline std::vector<Floats> valuesOf(const InputsSetup& setup, int64_t rows) {
  std::vector<Floats> x;
  for (size_t k = 0; k < setup.inputs.size(); ++k) {
    const Input& input = setup.inputs[k];
    const int64_t n = sizeOf(input.shape) * (input.single ? 1 : rows);
    x.push_back(input.values.empty() ? randomFloats(n, 30 + k) : input.values);
  }
  return x;
}

// The central difference of sum(c * y) for a number of one input.
inline double difference(const InputsReference& reference, std::vector<Doubles>& x, size_t input, size_t at, int64_t rows, const Floats& c,
                         double h) {
  double& moving = x[input][at];
  const double middle = moving;
  double sum[2] = {};
  for (int side = 0; side < 2; ++side) {
    moving = middle + (side ? h : -h);
    const Doubles moved = reference(x, rows);
    for (size_t k = 0; k < moved.size(); ++k) sum[side] += static_cast<double>(c[k]) * moved[k];
  }
  moving = middle;
  return (sum[1] - sum[0]) / (2 * h);
}

// Of large inputs some numbers are looked at.
inline void expectGradient(const InputsSetup& setup, const InputsReference& reference, std::vector<Doubles>& x, size_t input, int64_t rows,
                           const Floats& c, const Floats& got) {
  Floats some;
  Doubles want;
  for (size_t i = 0; i < got.size(); i += 1 + got.size() / 150) {
    some.push_back(got[i]);
    want.push_back(difference(reference, x, input, i, rows, c, setup.tolerance.delta));
  }
  expectClose(some, want, setup.tolerance.gradient, "gradient " + std::to_string(input));
}

inline void checkInputs(const InputsSetup& setup, const InputsReference& reference) {
  const size_t inputs = setup.inputs.size();
  InputsRunner whole(setup, {});
  const int64_t rows = whole.rows;
  const std::vector<Floats> x = valuesOf(setup, rows);
  std::vector<Doubles> exact;
  for (const Floats& values : x) exact.push_back(toDoubles(values));
  const Floats y = whole.forward(x);
  expectClose(y, reference(exact, rows), setup.tolerance.value, "y");
  const Floats c = randomFloats(static_cast<int64_t>(y.size()), 5, -1, 1);
  const std::vector<Floats> dx = whole.op->stopsGradient ? std::vector<Floats>() : whole.backward(c);
  for (size_t k = 0; k < dx.size(); ++k) expectGradient(setup, reference, exact, k, rows, c, dx[k]);
  InputsRunner predicts(setup, {3, false, std::vector<bool>(inputs, false)});
  EXPECT_EQ(predicts.forward(x), y) << "prediction";
  for (const int64_t chunk : {int64_t{1}, int64_t{2}, rows})
    for (const bool adds : {false, true})
      for (uint64_t set = 0; !dx.empty() && set < uint64_t{1} << inputs; ++set) {
        std::vector<bool> wants;
        for (size_t k = 0; k < inputs; ++k) wants.push_back((set >> k & 1) != 0);
        InputsRunner runner(setup, {chunk, true, wants, adds});
        ASSERT_EQ(runner.forward(x), y) << "chunks of " << chunk;
        const std::vector<Floats> got = runner.backward(c);
        for (size_t k = 0; k < inputs; ++k)
          if (wants[k]) expectClose(got[k], toDoubles(dx[k]), adds ? 1e-5 : 0, "gradient in chunks of " + std::to_string(chunk));
      }
}

// What an op is made of is refused, with a message that says so.
inline void expectInputsRefused(const InputsSetup& setup, const char* code, const std::string& says) {
  try {
    InputsRunner runner(setup, {});
    ADD_FAILURE() << "it was taken; it should say " << says;
  } catch (const Error& e) {
    EXPECT_EQ(e.code, code) << e.what();
    EXPECT_NE(std::string(e.what()).find(says), std::string::npos) << e.what();
  }
}

}  // namespace gemmfit::test
