#include <algorithm>

#include "native/engine/error.h"
#include "native/ops/chain.h"

namespace gemmfit::ops {
namespace {

enum class Merge { concat, sum, mul, ave };

// The same sequence through two chains, the second of which goes from the last step to the first; its outputs are turned round where
// there is one a step. Spec: forward, backward (lists of ops), mergeMode, returnSequences.
class Bidirectional : public Op {
 public:
  Bidirectional(const Value& spec, const OpEnv& env)
      : merge_(mode(spec)),
        there_(spec.items("forward"), env, options(env, 1), *this),
        back_(spec.items("backward"), env, options(env, 2), *this),
        sequences_(spec.flag("returnSequences", false)) {
    in = env.in;
    const Shape &a = there_.out(), &b = back_.out();
    const size_t rank = in.size() - (sequences_ ? 0 : 1);
    if (in.size() < 2 || a.size() != rank || b.size() != rank || (sequences_ && a[0] != in[0]) ||
        !std::equal(a.begin(), a.end() - (merge_ == Merge::concat ? 1 : 0), b.begin()))
      throw Error("ERR_SPEC", "bidirectional: outputs of the two directions do not fit together");
    out = a;
    if (merge_ == Merge::concat) out.back() += b.back();
    mask = sequences_ ? Mask::pass : Mask::drop;
    steps_ = sequences_ ? a[0] : 1;
    thereWidth_ = a.back();
    backWidth_ = b.back();
    lines_ = sizeOf(a) / steps_ / thereWidth_;
    readsX = there_.readsX() || back_.readsX();
    thereY_ = addScratch({sizeOf(a)});
    backY_ = addScratch({sizeOf(b)});
    if (!env.training) return;
    thereDy_ = addScratch({sizeOf(a), 0, Scratch::backward});
    backDy_ = addScratch({sizeOf(b), 0, Scratch::backward});
    if (env.needsInputGradient) backDx_ = addScratch({sizeOf(in), 0, Scratch::backward});
  }

  // First, alone: the chains learn where their ends are. Last, by rows: the merge.
  std::vector<Phase> forwardPhases() const override {
    std::vector<Phase> phases = {{Phase::tasks, 1}};
    there_.appendForward(&phases);
    back_.appendForward(&phases);
    phases.push_back({});
    return phases;
  }
  // First: the chains' ends, then by rows the gradients of both outputs. Last, by rows: the sum of both input gradients.
  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases = {{Phase::tasks, 1}, {}};
    there_.appendBackward(&phases);
    back_.appendBackward(&phases);
    phases.push_back({});
    return phases;
  }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 0) return wire();
    phase -= 1;
    if (phase < there_.forwardCount()) return there_.forward(step, phase, begin, end);
    phase -= there_.forwardCount();
    if (phase < back_.forwardCount()) return back_.forward(step, phase, begin, end);
    for (int64_t r = begin; r < end; ++r)
      for (int64_t t = 0; t < steps_; ++t) mergeRow(r, t);
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 0) return wire();
    if (phase == 1) {
      for (int64_t r = begin; r < end; ++r)
        for (int64_t t = 0; t < steps_; ++t) splitRow(r, t);
      return;
    }
    phase -= 2;
    if (phase < there_.backwardCount()) return there_.backward(step, phase, begin, end);
    phase -= there_.backwardCount();
    if (phase < back_.backwardCount()) return back_.backward(step, phase, begin, end);
    if (!dx) return;
    const int64_t n = sizeOf(in);
    const float* other = at(backDx_);
    for (int64_t i = begin * n; i < end * n; ++i) dx[i] += other[i];
  }

  int64_t weightTasks() const override { return there_.weightTasks() + back_.weightTasks(); }
  void weightTask(const Step& step, int64_t task) override {
    if (task < there_.weightTasks())
      there_.weightTask(step, task);
    else
      back_.weightTask(step, task - there_.weightTasks());
  }
  bool hasPenalty() const override { return there_.hasPenalty() || back_.hasPenalty(); }
  double penalty(const Step& step, int64_t begin, int64_t end) override {
    return there_.penalty(step, begin, end) + back_.penalty(step, begin, end);
  }
  bool checksData() const override { return there_.checksData() || back_.checksData(); }
  DataFault fault() override {
    DataFault there = there_.fault(), back = back_.fault();
    return there.row >= 0 ? there : back;
  }
  bool wantsGradientBuffer(int weight) const override { return there_.wantsGradientBuffer(weight) || back_.wantsGradientBuffer(weight); }

 private:
  static Merge mode(const Value& spec) {
    const std::string name = spec.text("mergeMode", "concat");
    if (name == "concat") return Merge::concat;
    if (name == "sum") return Merge::sum;
    if (name == "mul") return Merge::mul;
    if (name == "ave") return Merge::ave;
    throw Error("ERR_SPEC", "bidirectional: unknown mergeMode '" + name + "'");
  }
  static Chain::Options options(const OpEnv& env, uint64_t stream) {
    Chain::Options o;
    o.in = env.in;
    o.masked = env.maskSteps > 0;
    o.needsInputGradient = env.needsInputGradient;
    o.stream = stream;
    return o;
  }
  float* at(int tensor) const { return tensor < 0 ? nullptr : scratch[static_cast<size_t>(tensor)]; }

  void wire() {
    there_.wire(*this, x, at(thereY_), at(thereDy_), dx);
    back_.wire(*this, x, at(backY_), at(backDy_), dx ? at(backDx_) : nullptr);
  }

  void mergeRow(int64_t r, int64_t t) const {
    const int64_t n = thereWidth_, m = backWidth_, i = (r * steps_ + t) * lines_, k = (r * steps_ + steps_ - 1 - t) * lines_;
    const float *a = at(thereY_) + i * n, *b = at(backY_) + k * m;
    float* to = y + i * out.back();
    const int64_t all = lines_ * n;
    switch (merge_) {
      case Merge::concat:
        for (int64_t l = 0; l < lines_; ++l, a += n, b += m, to += n + m) {
          std::copy(a, a + n, to);
          std::copy(b, b + m, to + n);
        }
        break;
      case Merge::sum:
        for (int64_t j = 0; j < all; ++j) to[j] = a[j] + b[j];
        break;
      case Merge::mul:
        for (int64_t j = 0; j < all; ++j) to[j] = a[j] * b[j];
        break;
      case Merge::ave:
        for (int64_t j = 0; j < all; ++j) to[j] = (a[j] + b[j]) * 0.5f;
        break;
    }
  }

  void splitRow(int64_t r, int64_t t) const {
    const int64_t n = thereWidth_, m = backWidth_, i = (r * steps_ + t) * lines_, k = (r * steps_ + steps_ - 1 - t) * lines_;
    const float* from = dy + i * out.back();
    float *a = at(thereDy_) + i * n, *b = at(backDy_) + k * m;
    if (merge_ == Merge::concat) {
      for (int64_t l = 0; l < lines_; ++l, a += n, b += m, from += n + m) {
        std::copy(from, from + n, a);
        std::copy(from + n, from + n + m, b);
      }
      return;
    }
    const float *ya = at(thereY_) + i * n, *yb = at(backY_) + k * n;
    for (int64_t j = 0; j < lines_ * n; ++j) {
      a[j] = merge_ == Merge::mul ? from[j] * yb[j] : merge_ == Merge::ave ? from[j] * 0.5f : from[j];
      b[j] = merge_ == Merge::mul ? from[j] * ya[j] : merge_ == Merge::ave ? from[j] * 0.5f : from[j];
    }
  }

  Merge merge_;
  Chain there_, back_;
  bool sequences_;
  int64_t steps_ = 1, thereWidth_ = 0, backWidth_ = 0, lines_ = 1;  // lines_: of the last axis, in the output of a step
  int thereY_ = -1, backY_ = -1, thereDy_ = -1, backDy_ = -1, backDx_ = -1;
};

}  // namespace

std::unique_ptr<Op> bidirectional(const Value& spec, const OpEnv& env) { return std::make_unique<Bidirectional>(spec, env); }

}  // namespace gemmfit::ops
