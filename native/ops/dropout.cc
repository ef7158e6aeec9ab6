#include <algorithm>

#include "native/kernels/elementwise.h"
#include "native/kernels/sizes.h"
#include "native/ops/random_fill.h"

namespace gemmfit::ops {
namespace {

// Every element by itself. The draw is made again for the backward pass, instead of being kept.
class DropEach : public NoiseOp {
 public:
  DropEach(const Value& spec, const OpEnv& env, double rate, const Drop& values)
      : NoiseOp(spec, env, rate > 0), rate_(rate), values_(values) {
    flopsPerRow = identity ? 0 : 25 * static_cast<double>(n_);
  }

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    run(step, values_, x, y, begin, end);
  }
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (identity) return copy(dy, dx, begin, end);
    run(step, {values_.a, 0, 0}, dy, dx, begin, end);
  }

 private:
  void run(const Step& step, const Drop& values, const float* from, float* to, int64_t begin, int64_t end) const {
    drop(draw(step, begin, n_), rate_, values, from + begin * n_, to + begin * n_, (end - begin) * n_);
  }
  double rate_;
  Drop values_;
};

// Some axes share one draw. A sample is runs of neighbours of which either each has a draw of its own, or all share one.
class DropShared : public NoiseOp {
 public:
  DropShared(const std::vector<int64_t>& noise, const Value& spec, const OpEnv& env, double rate, const Drop& values)
      : NoiseOp(spec, env, rate > 0), rate_(rate), values_(values), shared_(noise[0] == 1), steps_(env.steps) {
    if (identity) return;
    const size_t rank = env.in.size();
    const auto own = [&](size_t i) { return noise[i + 1] != 1; };
    ownRuns_ = rank > 0 && own(rank - 1);
    size_t split = rank;
    for (; split > 0 && (own(split - 1) == ownRuns_ || env.in[split - 1] == 1); --split) run_ *= env.in[split - 1];
    draws_ = ownRuns_ ? run_ : 1;
    // Where the draws of each run begin: the leading axes count up like an odometer.
    starts_.assign(asSize(n_ / run_), 0);
    for (size_t i = split, repeat = 1; i-- > 0; repeat *= asSize(env.in[i])) {
      if (!own(i)) continue;
      for (size_t k = 0; k < starts_.size(); ++k) starts_[k] += static_cast<int64_t>(k / repeat) % env.in[i] * draws_;
      draws_ *= env.in[i];
    }
    scratchSpec = {{draws_}};
    flopsPerRow = 12 * static_cast<double>(n_);
  }

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    for (int64_t r = begin; r < end; ++r) keepMask(draw(step, shared_ ? r % steps_ : r, draws_), rate_, scratch[0] + r * draws_, draws_);
    apply(values_, x, y, begin, end);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (identity) return copy(dy, dx, begin, end);
    apply({values_.a, 0, 0}, dy, dx, begin, end);
  }

 private:
  void apply(const Drop& v, const float* from, float* to, int64_t begin, int64_t end) const {
    for (int64_t r = begin; r < end; ++r)
      for (size_t k = 0; k < starts_.size(); ++k) {
        const int64_t at = r * n_ + static_cast<int64_t>(k) * run_;
        const float* keep = scratch[0] + r * draws_ + starts_[k];
        if (ownRuns_)
          selectScaled(keep, v.a, v.b, v.c, from + at, to + at, run_);
        else if (*keep != 0)
          scaleAdd(v.a, v.b, from + at, to + at, run_);
        else
          std::fill(to + at, to + at + run_, v.c);
      }
  }

  double rate_;
  Drop values_;
  bool shared_;  // one draw for all rows of the batch, or of the step
  int64_t steps_;
  int64_t run_ = 1;       // length of a run
  bool ownRuns_ = false;  // the elements of a run have draws of their own
  int64_t draws_ = 1;     // of a row
  std::vector<int64_t> starts_;
};

}  // namespace

std::unique_ptr<Op> makeDrop(const char* name, const Value& spec, const OpEnv& env, double rate, const Drop& values) {
  const std::vector<int64_t> noise = spec.integers("noiseShape");
  if (noise.empty()) return std::make_unique<DropEach>(spec, env, rate, values);
  bool fits = noise.size() == env.in.size() + 1;
  for (size_t i = 0; fits && i < env.in.size(); ++i) fits = noise[i + 1] == 0 || noise[i + 1] == 1 || noise[i + 1] == env.in[i];
  if (!fits) throw Error("ERR_SPEC", std::string(name) + ": noiseShape does not fit an input of shape " + toString(env.in));
  if (std::count(noise.begin(), noise.end(), 1) == 0) return std::make_unique<DropEach>(spec, env, rate, values);
  return std::make_unique<DropShared>(noise, spec, env, rate, values);
}

// { op: 'dropout', rate, noiseShape?, seed? }: what is kept grows by 1 / (1 - rate), so that the mean stays.
std::unique_ptr<Op> dropout(const Value& spec, const OpEnv& env) {
  const double rate = spec.number("rate");
  if (!(rate >= 0 && rate <= 1)) throw Error("ERR_SPEC", "dropout: rate must be from 0 to 1");
  return makeDrop("dropout", spec, env, rate, {static_cast<float>(rate < 1 ? 1 / (1 - rate) : 0), 0, 0});
}

}  // namespace gemmfit::ops
