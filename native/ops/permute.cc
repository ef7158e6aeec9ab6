#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kTile = 16;  // of a transposition: both sides of a tile stay in cache

// The same numbers with axes in another order.
class Permute : public Op {
 public:
  Permute(const Value& spec, const OpEnv& env) : n_(sizeOf(env.in)) {
    in = env.in;
    mask = Mask::drop;
    const std::vector<int64_t> dims = spec.integers("dims");
    std::vector<bool> seen(in.size());
    bool fits = dims.size() == in.size();
    for (size_t i = 0; fits && i < dims.size(); ++i) {
      fits = dims[i] >= 1 && dims[i] <= static_cast<int64_t>(in.size()) && !seen[asSize(dims[i] - 1)];
      if (fits) seen[asSize(dims[i] - 1)] = true;
    }
    if (!fits) throw Error("ERR_SPEC", "permute: dims must hold each of 1 to " + std::to_string(in.size()) + " once");
    Shape strides(in.size(), 1);
    for (size_t i = in.size(); i-- > 1;) strides[i - 1] = strides[i] * in[i];
    for (const int64_t d : dims) out.push_back(in[asSize(d - 1)]);
    // Axes that stay neighbours are one; axes of size 1 are none.
    for (size_t i = 0; i < dims.size(); ++i) {
      const int64_t size = out[i], stride = strides[asSize(dims[i] - 1)];
      if (size == 1) continue;
      if (!axes_.empty() && axes_.back().stride == size * stride)
        axes_.back() = {axes_.back().size * size, stride};
      else
        axes_.push_back({size, stride});
    }
    if (axes_.empty()) axes_.push_back({1, 1});
    if (axes_.size() == 1) identity = inPlace = true;
    // The last two output axes are walked in tiles; the others by counting up.
    inner_ = axes_.back();
    axes_.pop_back();
    if (!axes_.empty()) {
      middle_ = axes_.back();
      axes_.pop_back();
    }
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    for (int64_t r = begin; r < end; ++r)
      each([&](int64_t from, int64_t to, int64_t count) {
        const float* source = x + r * n_ + from;
        float* target = y + r * n_ + to;
        for (int64_t i = 0; i < count; ++i) target[i] = source[i * inner_.stride];
      });
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (identity) return copy(dy, dx, begin, end);
    for (int64_t r = begin; r < end; ++r)
      each([&](int64_t from, int64_t to, int64_t count) {
        float* target = dx + r * n_ + from;
        const float* source = dy + r * n_ + to;
        for (int64_t i = 0; i < count; ++i) target[i * inner_.stride] = source[i];
      });
  }

 private:
  struct Axis {
    int64_t size, stride;  // the stride in the input
  };

  // f(from, to, count): output elements to, to + 1, ... are input elements from, from + inner stride, ...
  template <class F>
  void each(F&& f) const {
    const int64_t plane = middle_.size * inner_.size, planes = n_ / plane, tile = inner_.stride == 1 ? inner_.size : kTile;
    for (int64_t p = 0; p < planes; ++p) {
      int64_t left = p, base = 0;
      for (size_t a = axes_.size(); a-- > 0; left /= axes_[a].size) base += left % axes_[a].size * axes_[a].stride;
      for (int64_t i = 0; i < inner_.size; i += tile)
        for (int64_t m = 0; m < middle_.size; ++m)
          f(base + m * middle_.stride + i * inner_.stride, p * plane + m * inner_.size + i, std::min(tile, inner_.size - i));
    }
  }

  void copy(const float* from, float* to, int64_t begin, int64_t end) const {
    if (from != to) std::copy(from + begin * n_, from + end * n_, to + begin * n_);
  }

  int64_t n_;
  std::vector<Axis> axes_;
  Axis middle_{1, 0}, inner_{1, 1};
};

}  // namespace

// { op: 'permute', dims }: output axis i is input axis dims[i], counted from 1 as in Keras.
std::unique_ptr<Op> permute(const Value& spec, const OpEnv& env) { return std::make_unique<Permute>(spec, env); }

}  // namespace gemmfit::ops
