#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/ops/joined_sums.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kTaskFloats = 32768;
constexpr int64_t kMostTasks = 16;

// A value that is one for the whole batch, for each sample of another one. Its gradient is the sum over all rows, in tasks of some columns.
class ToRows : public Op {
 public:
  explicit ToRows(const OpEnv& env) : sum_(env.in, std::vector<bool>(env.in.size(), false)) {
    if (env.others.size() != 1 || !env.single)
      throw Error("ERR_SPEC", "toRows takes two inputs: a value that is one for the whole batch, and one of samples");
    in = out = env.in;
    mask = Mask::drop;
    mixes = canAddDx = true;
    flopsPerRow = 2 * static_cast<double>(sum_.size);
    tasks_ = std::clamp<int64_t>(floatsOf(sum_.size, env.batch) / kTaskFloats, 1, std::min(kMostTasks, sum_.blocks()));
    givesSum_ = env.needsInputGradient;
    other_ = sizeOf(env.others[0].in);
    givesOther_ = env.others[0].wantsGradient;
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    for (int64_t r = begin; r < end; ++r) std::copy_n(x, sum_.size, y + r * sum_.size);
  }

  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases;
    if (givesSum_) phases.push_back({Phase::tasks, tasks_});
    if (givesOther_ || phases.empty()) phases.push_back(Phase{});
    return phases;
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (!givesSum_ || phase == 1) {
      float* ofOther = others[0].dx;  // nothing of it is in y
      if (ofOther && !others[0].addsDx) std::fill(ofOther + begin * other_, ofOther + end * other_, 0.0f);
      return;
    }
    double sum[JoinedAxes::kColumns];
    for (int64_t k = sum_.blocks() * begin / tasks_; k < sum_.blocks() * (begin + 1) / tasks_; ++k) {
      const JoinedAxes::Block b = sum_.block(k);
      sumBlock(sum_, b, dy, step.rows, sum);
      for (int64_t i = 0; i < b.outputs; ++i) dx[b.output + i] = (addsDx ? dx[b.output + i] : 0) + static_cast<float>(sum[i]);
    }
  }

 private:
  const JoinedAxes sum_;
  int64_t tasks_ = 1, other_ = 0;
  bool givesSum_ = false, givesOther_ = false;
};

}  // namespace

// { op: 'toRows' }
std::unique_ptr<Op> toRows(const Value&, const OpEnv& env) {
  if (sizeOf(env.in) < 1) throw Error("ERR_SHAPE", "toRows: a value of shape " + toString(env.in) + " has no numbers");
  return std::make_unique<ToRows>(env);
}

}  // namespace gemmfit::ops
