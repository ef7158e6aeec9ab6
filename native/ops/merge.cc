#include "native/ops/merge.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {

int64_t axisOf(const char* op, const Value& spec, const Shape& in) {
  const int64_t axis = spec.integer("axis", -1), rank = static_cast<int64_t>(in.size()), index = axis < 0 ? rank + axis : axis - 1;
  if (axis == 0 || index < 0 || index >= rank)
    throw Error("ERR_SPEC", std::string(op) + ": a sample of shape " + toString(in) + " has no axis " + std::to_string(axis));
  return index;
}

AxisRuns::AxisRuns(const Shape& in, int64_t axis) : length(in[asSize(axis)]) {
  for (int64_t i = 0; i < static_cast<int64_t>(in.size()); ++i)
    if (i != axis) (i < axis ? outer : inner) *= in[asSize(i)];
}

int64_t maskedAxes(const char* op, const Shape& in, int64_t maskSteps) {
  int64_t axes = 0, steps = 1;
  while (steps < maskSteps && axes < static_cast<int64_t>(in.size())) steps *= in[asSize(axes++)];
  if (steps != maskSteps)
    throw Error("ERR_MASK",
                std::string(op) + ": a mask of " + std::to_string(maskSteps) + " numbers does not fit samples of shape " + toString(in));
  return axes;
}

namespace {

// Values of one shape, element by element. A step counts where any of the masks counts it, as in Keras; where a value has no mask, all do.
class Merge : public Op {
 protected:
  Merge(const char* name, const OpEnv& env) : n_(sizeOf(env.in)), masks_(env.maskSteps) {
    if (env.others.empty()) throw Error("ERR_SPEC", std::string(name) + " needs two inputs or more");
    in = out = env.in;
    canAddDx = true;
    flopsPerRow = 4 * static_cast<double>(n_ * static_cast<int64_t>(env.others.size()));
    for (const OpEnv::Other& other : env.others) {
      if (other.in != in)
        throw Error("ERR_SHAPE",
                    std::string(name) + " takes values of one shape, and these have " + toString(in) + " and " + toString(other.in));
      if (other.sameMask) continue;
      if (masks_ == 0 || other.maskSteps == 0) {
        mask = Mask::drop;
      } else if (mask != Mask::drop) {
        if (other.maskSteps != masks_) throw Error("ERR_MASK", std::string(name) + ": its inputs have masks of different sizes");
        mask = Mask::make;
        maskSteps = masks_;
      }
    }
  }

  void mergeMasks(int64_t begin, int64_t end) const {
    if (mask != Mask::make) return;
    for (int64_t i = begin * masks_; i < end * masks_; ++i) {
      bool counts = maskIn[i] != 0;
      for (const Other& other : others) counts = counts || other.mask[i] != 0;
      maskOut[i] = counts ? 1.0f : 0.0f;
    }
  }
  void sum(int64_t begin, int64_t end) const {
    const float* first = others[0].x;
    for (int64_t i = begin * n_; i < end * n_; ++i) y[i] = x[i] + first[i];
    for (size_t k = 1; k < others.size(); ++k)
      for (int64_t i = begin * n_; i < end * n_; ++i) y[i] += others[k].x[i];
  }
  // To every input the gradient times a factor.
  void pass(int64_t begin, int64_t end, float factor, float othersFactor) const {
    const int64_t at = begin * n_, count = (end - begin) * n_;
    if (dx) give(dx + at, addsDx, dy + at, count, factor);
    for (const Other& other : others)
      if (other.dx) give(other.dx + at, other.addsDx, dy + at, count, othersFactor);
  }

  const int64_t n_;

 private:
  int64_t masks_;
};

class Add : public Merge {
 public:
  explicit Add(const OpEnv& env) : Merge("add", env) { inPlace = true; }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    sum(begin, end);
    mergeMasks(begin, end);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override { pass(begin, end, 1, 1); }
};

class Subtract : public Merge {
 public:
  explicit Subtract(const OpEnv& env) : Merge("subtract", env) {
    if (env.others.size() != 1) throw Error("ERR_SPEC", "subtract takes two inputs");
    inPlace = true;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const float* other = others[0].x;
    for (int64_t i = begin * n_; i < end * n_; ++i) y[i] = x[i] - other[i];
    mergeMasks(begin, end);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override { pass(begin, end, 1, -1); }
};

class Average : public Merge {
 public:
  explicit Average(const OpEnv& env) : Merge("average", env), share_(1 / static_cast<float>(env.others.size() + 1)) {}
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    sum(begin, end);
    for (int64_t i = begin * n_; i < end * n_; ++i) y[i] *= share_;
    mergeMasks(begin, end);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override { pass(begin, end, share_, share_); }

 private:
  const float share_;
};

class Multiply : public Merge {
 public:
  explicit Multiply(const OpEnv& env) : Merge("multiply", env) { readsX = true; }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const float* first = others[0].x;
    for (int64_t i = begin * n_; i < end * n_; ++i) y[i] = x[i] * first[i];
    for (size_t k = 1; k < others.size(); ++k)
      for (int64_t i = begin * n_; i < end * n_; ++i) y[i] *= others[k].x[i];
    mergeMasks(begin, end);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    for (size_t k = 0; k <= others.size(); ++k) {
      float* to = k == 0 ? dx : others[k - 1].dx;
      if (!to) continue;
      const bool adds = k == 0 ? addsDx : others[k - 1].addsDx;
      for (int64_t i = begin * n_; i < end * n_; ++i) {
        float g = dy[i];
        for (size_t j = 0; j <= others.size(); ++j)
          if (j != k) g *= j == 0 ? x[i] : others[j - 1].x[i];
        to[i] = adds ? to[i] + g : g;
      }
    }
  }
};

}  // namespace

// { op: 'add' | 'average' | 'multiply' | 'subtract' }
std::unique_ptr<Op> add(const Value&, const OpEnv& env) { return std::make_unique<Add>(env); }
std::unique_ptr<Op> average(const Value&, const OpEnv& env) { return std::make_unique<Average>(env); }
std::unique_ptr<Op> multiply(const Value&, const OpEnv& env) { return std::make_unique<Multiply>(env); }
std::unique_ptr<Op> subtract(const Value&, const OpEnv& env) { return std::make_unique<Subtract>(env); }

}  // namespace gemmfit::ops
