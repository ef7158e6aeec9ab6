#include "native/ops/reduce.h"

#include "native/engine/error.h"
#include "native/ops/joined_sums.h"
#include "native/ops/merge.h"

namespace gemmfit::ops {
namespace {

std::vector<bool> joinsOf(const Value& spec, const Shape& in) {
  std::vector<bool> joins(in.size(), false);
  if (sizeOf(in) < 1) throw Error("ERR_SHAPE", "reduce: a value of shape " + toString(in) + " has no numbers");
  for (const int64_t axis : spec.integers("axes")) {
    if (axis < 0 || axis >= static_cast<int64_t>(in.size()) || joins[asSize(axis)])
      throw Error("ERR_SPEC", "reduce: axes are different ones of " + toString(in) + ". Received: " + std::to_string(axis));
    joins[asSize(axis)] = true;
  }
  return joins;
}

bool overRows(const Value& spec, const OpEnv& env) {
  const bool rows = spec.flag("rows", false);
  if (rows && env.single) throw Error("ERR_SPEC", "reduce: a value that is one for the whole batch has no rows");
  return rows;
}

}  // namespace

Reduce::Reduce(const Value& spec, const OpEnv& env) : overRows_(overRows(spec, env)), axes_(env.in, joinsOf(spec, env.in)) {
  in = env.in;
  const std::vector<bool> joins = joinsOf(spec, in);
  for (size_t i = 0; i < in.size(); ++i)
    if (!joins[i])
      out.push_back(in[i]);
    else if (spec.flag("keepDims", false))
      out.push_back(1);
  mask = Mask::drop;
  flopsPerRow = 2 * static_cast<double>(axes_.size);
  if (!overRows_) return;
  rows = Rows::overAll;
  parts_ = std::clamp<int64_t>(floatsOf(axes_.size, env.batch) / kPartFloats, 1, std::min(kMostParts, env.batch));
  joins_ = std::clamp<int64_t>(axes_.outputs * parts_ / kPartFloats, 1, kMostParts);
}

std::vector<Phase> Reduce::forwardPhases() const {
  if (!overRows_) return {Phase{}};
  return {{Phase::tasks, parts_}, {Phase::tasks, joins_}};
}

namespace {

// Sums in double: one of a million numbers is as right as its own rounding.
class Sum : public Reduce {
 public:
  Sum(const Value& spec, const OpEnv& env, bool mean) : Reduce(spec, env), mean_(mean) {
    canAddDx = true;
    if (overRows_) partials_ = addPartials(Scratch::forward);
  }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 1) return join(step, begin);
    if (overRows_) {
      for (int64_t k = 0; k < axes_.blocks(); ++k) {
        const JoinedAxes::Block b = axes_.block(k);
        sumBlock(axes_, b, x + firstRow(step, begin) * axes_.size, lastRow(step, begin) - firstRow(step, begin),
                 partials(partials_, begin) + b.output);
      }
      return;
    }
    double sum[kColumns];
    for (int64_t r = begin; r < end; ++r)
      for (int64_t k = 0; k < axes_.blocks(); ++k) {
        const JoinedAxes::Block b = axes_.block(k);
        sumBlock(axes_, b, x + r * axes_.size, 1, sum);
        for (int64_t i = 0; i < b.outputs; ++i) y[outputsOf(r) + b.output + i] = static_cast<float>(sum[i] / divisor(step));
      }
  }

  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    const auto factor = static_cast<float>(1 / divisor(step));
    for (int64_t r = begin; r < end; ++r)
      for (int64_t k = 0; k < axes_.blocks(); ++k) {
        const JoinedAxes::Block b = axes_.block(k);
        const float* g = dy + outputsOf(r) + b.output;
        axes_.lines(b, [&](int64_t at) {
          float* to = dx + r * axes_.size + at;
          if (b.outputs == b.count) return give(to, addsDx, g, b.count, factor);
          const float alike = *g * factor;
          for (int64_t i = 0; i < b.count; ++i) to[i] = addsDx ? to[i] + alike : alike;
        });
      }
  }

 private:
  double divisor(const Step& step) const {
    return mean_ ? static_cast<double>(axes_.joined) * static_cast<double>(overRows_ ? step.rows : 1) : 1;
  }

  void join(const Step& step, int64_t task) {
    for (int64_t o = firstOutput(task); o < lastOutput(task); ++o) {
      double sum = 0;
      for (int64_t p = 0; p < parts_; ++p) sum += partials(partials_, p)[o];
      y[o] = static_cast<float>(sum / divisor(step));
    }
  }

  const bool mean_;
  int partials_ = -1;
};

}  // namespace

// { op: 'reduce', kind: 'sum' | 'mean' | 'max' | 'min' | 'prod', axes, keepDims?, rows? }
std::unique_ptr<Op> reduce(const Value& spec, const OpEnv& env) {
  const std::string kind = spec.text("kind", "");
  if (kind == "sum" || kind == "mean") return std::make_unique<Sum>(spec, env, kind == "mean");
  if (kind == "max" || kind == "min") return reducePeak(spec, env, kind == "min");
  if (kind == "prod") return reduceProduct(spec, env);
  throw Error("ERR_SPEC", "reduce: kind is one of sum, mean, max, min, prod. Received: '" + kind + "'");
}

}  // namespace gemmfit::ops
