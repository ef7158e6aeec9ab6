#include <algorithm>

#include "native/engine/activation.h"
#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"
#include "native/kernels/softmax.h"
#include "native/ops/several_axes.h"

namespace gemmfit::ops {
namespace {

class Elementwise : public Op {
 public:
  Elementwise(const ActivationFunction& function, const OpEnv& env) : f_(function), n_(sizeOf(env.in)) {
    in = out = env.in;
    identity = f_.is("Linear");
    readsY = !identity && f_.backwardReadsY();
    readsX = !identity && !readsY;
    inPlace = !readsX;
    isRelu = f_.is("Relu");
    flopsPerRow = identity ? 0 : f_.flops() * static_cast<double>(n_);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (identity && x == y) return;
    f_.forward(x + begin * n_, y + begin * n_, (end - begin) * n_);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx || (identity && dx == dy)) return;
    // The identity's gradient is dy itself: whatever it is handed as a saved value is not looked at.
    const float* saved = identity ? dy : readsY ? y : x;
    f_.backward(saved + begin * n_, dy + begin * n_, dx + begin * n_, (end - begin) * n_);
  }

 private:
  ActivationFunction f_;
  int64_t n_;
};

// An index into a sample's shape of an axis that counts as Keras's: 0 would be the batch.
int64_t indexOf(int64_t axis, const Shape& in) {
  const int64_t rank = static_cast<int64_t>(in.size()), index = axis < 0 ? rank + axis : axis - 1;
  if (axis == 0 || index < 0 || index >= rank)
    throw Error("ERR_SPEC", "activation: a sample of shape " + toString(in) + " has no axis " + std::to_string(axis));
  return index;
}

bool hasAxes(const Value& spec) { return spec.has("axis") && spec.at("axis").kind() == Value::Kind::array; }

// The view of a sample's array along `axis`, or along several that are neighbours.
AxisView viewAlong(const Value& spec, const Shape& in) {
  int64_t first = 0, last = 0;
  if (hasAxes(spec)) {
    std::vector<int64_t> indices;
    for (const int64_t axis : spec.integers("axis")) indices.push_back(indexOf(axis, in));
    first = *std::min_element(indices.begin(), indices.end());
    last = *std::max_element(indices.begin(), indices.end());
  } else {
    first = last = indexOf(spec.integer("axis", -1), in);
  }
  AxisView view{1, 1, 1};
  for (int64_t i = 0; i < static_cast<int64_t>(in.size()); ++i)
    (i < first ? view.outer : i > last ? view.inner : view.length) *= in[asSize(i)];
  return view;
}

// Whether there are axes between those that are named.
bool areApart(const Value& spec, const Shape& in) {
  if (!hasAxes(spec)) return false;
  std::vector<bool> named(in.size(), false);
  int64_t count = 0;
  for (const int64_t axis : spec.integers("axis")) {
    const size_t index = asSize(indexOf(axis, in));
    if (named[index]) throw Error("ERR_SPEC", "activation: axis " + std::to_string(axis) + " comes twice");
    named[index] = true;
    ++count;
  }
  if (count == 0) throw Error("ERR_SPEC", "activation: 'axis' names no axis");
  const auto from = std::find(named.begin(), named.end(), true);
  return !std::all_of(from, from + count, [](bool is) { return is; });
}

using Along = void (*)(const AxisView&, const float* x, float* y);
using AlongGradient = void (*)(const AxisView&, const float* saved, const float* dy, float* dx);

// softmax and logSoftmax, whose gradient follows from y; sparsemax, whose gradient follows from x.
class AlongAxis : public Op {
 public:
  AlongAxis(Along value, AlongGradient gradient, bool fromX, const Value& spec, const OpEnv& env)
      : value_(value), gradient_(gradient), view_(viewAlong(spec, env.in)), n_(sizeOf(env.in)) {
    in = out = env.in;
    readsX = fromX;
    inPlace = readsY = !fromX;
    flopsPerRow = 80 * static_cast<double>(n_);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override { value_(rows(begin, end), x + begin * n_, y + begin * n_); }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) gradient_(rows(begin, end), (readsX ? x : y) + begin * n_, dy + begin * n_, dx + begin * n_);
  }

 private:
  AxisView rows(int64_t begin, int64_t end) const { return {(end - begin) * view_.outer, view_.length, view_.inner}; }
  Along value_;
  AlongGradient gradient_;
  AxisView view_;
  int64_t n_;
};

class Glu : public Op {
 public:
  Glu(const Value& spec, const OpEnv& env) : view_(viewAlong(spec, env.in)), n_(sizeOf(env.in)) {
    if (view_.length % 2 != 0) throw Error("ERR_SPEC", "glu halves its axis, whose size must be even; got shape " + toString(env.in));
    view_.length /= 2;
    in = out = env.in;
    const int64_t axis = spec.integer("axis", -1), index = axis < 0 ? static_cast<int64_t>(in.size()) + axis : axis - 1;
    out[asSize(index)] /= 2;
    if (index == 0 && in.size() > 1) mask = Mask::drop;  // its steps are no longer there
    readsX = true;
    flopsPerRow = 40 * static_cast<double>(n_);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override { glu(rows(begin, end), x + begin * n_, y + begin * n_ / 2); }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) gluGradient(rows(begin, end), x + begin * n_, dy + begin * n_ / 2, dx + begin * n_);
  }

 private:
  AxisView rows(int64_t begin, int64_t end) const { return {(end - begin) * view_.outer, view_.length, view_.inner}; }
  AxisView view_;
  int64_t n_;
};

}  // namespace

std::unique_ptr<Op> activation(const Value& spec, const OpEnv& env) {
  const std::string name = spec.text("activation", "");
  if ((name == "softmax" || name == "logSoftmax") && areApart(spec, env.in))
    return severalAxes(name == "logSoftmax", spec.integers("axis"), env);
  if (name == "softmax") return std::make_unique<AlongAxis>(softmax, softmaxGradient, false, spec, env);
  if (name == "logSoftmax") return std::make_unique<AlongAxis>(logSoftmax, logSoftmaxGradient, false, spec, env);
  if (name == "sparsemax") return std::make_unique<AlongAxis>(sparsemax, sparsemaxGradient, true, spec, env);
  if (name == "glu") return std::make_unique<Glu>(spec, env);
  return std::make_unique<Elementwise>(makeActivation(spec), env);
}

}  // namespace gemmfit::ops
