#include "native/ops/rearrange.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/ops/joined_sums.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kTile = 16;  // of a plane whose rows lie closer together than its columns: both sides of a tile stay in cache
constexpr int64_t kShort = 16;

// f(row, first column, end) over a plane, in tiles where it is turned.
template <class F>
void overPlane(int64_t rows, int64_t rowStep, int64_t columns, int64_t columnStep, const F& f) {
  const int64_t tile = std::abs(rowStep) < std::abs(columnStep) ? kTile : columns;
  for (int64_t c = 0; c < columns; c += tile)
    for (int64_t r = 0; r < rows; ++r) f(r, c, std::min(columns, c + tile));
}

// y from x.
struct Copy {
  const float* x;
  float* y;
  float value;

  void none(int64_t to, int64_t count) const { std::fill_n(y + to, count, value); }
  void run(int64_t to, int64_t from, int64_t count, int64_t step) const {
    if (step == 1 && count >= kShort)
      std::copy_n(x + from, count, y + to);
    else
      for (int64_t i = 0; i < count; ++i) y[to + i] = x[from + i * step];
  }
  void plane(int64_t to, int64_t from, int64_t rows, int64_t rowStep, int64_t columns, int64_t columnStep) const {
    overPlane(rows, rowStep, columns, columnStep, [&](int64_t r, int64_t first, int64_t end) {
      const float* source = x + from + r * rowStep;
      float* target = y + to + r * columns;
      for (int64_t c = first; c < end; ++c) target[c] = source[c * columnStep];
    });
  }
};

// dx from dy: set where each number comes once, else added.
template <bool kAdds>
struct Return {
  const float* dy;
  float* dx;

  static void give(float& to, float g) { to = kAdds ? to + g : g; }
  void none(int64_t, int64_t) const {}
  void run(int64_t to, int64_t from, int64_t count, int64_t step) const {
    for (int64_t i = 0; i < count; ++i) give(dx[from + i * step], dy[to + i]);
  }
  void plane(int64_t to, int64_t from, int64_t rows, int64_t rowStep, int64_t columns, int64_t columnStep) const {
    overPlane(rows, rowStep, columns, columnStep, [&](int64_t r, int64_t first, int64_t end) {
      float* target = dx + from + r * rowStep;
      const float* source = dy + to + r * columns;
      for (int64_t c = first; c < end; ++c) give(target[c * columnStep], source[c]);
    });
  }
};

// Numbers of a sample in other places: some may be left out, come several times, or be a value of their own.
class Rearrange : public Op {
 public:
  Rearrange(const OpEnv& env, const Arrangement& a)
      : map_(a.axes, sizeOf(env.in)), n_(sizeOf(env.in)), m_(map_.outputs()), value_(a.value) {
    in = env.in;
    out = a.out;
    mask = Mask::drop;
    canAddDx = true;
    identity = inPlace = map_.isIdentity();
    flopsPerRow = 2 * static_cast<double>(n_ + m_);
    if (!a.stretches) return;
    Shape sizes;
    std::vector<bool> stretched;
    for (const RunMap::Axis& axis : a.axes) {
      sizes.push_back(axis[0].count);
      stretched.push_back(axis[0].step == 0);
    }
    stretch_ = std::make_unique<JoinedAxes>(sizes, stretched);
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (x == y) return;
    if (identity) {
      std::copy(x + begin * n_, x + end * n_, y + begin * n_);
      return;
    }
    for (int64_t r = begin; r < end; ++r) map_.each(Copy{x + r * n_, y + r * m_, value_});
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx || (identity && dx == dy)) return;
    for (int64_t r = begin; r < end; ++r) {
      const float* from = dy + r * m_;
      float* to = dx + r * n_;
      if (stretch_) {
        sumStretched(from, to);
        continue;
      }
      if (!addsDx && !map_.isWhole()) std::fill_n(to, n_, 0.0f);
      if (addsDx || !map_.isInjective())
        map_.each(Return<true>{from, to});
      else
        map_.each(Return<false>{from, to});
    }
  }

 private:
  void sumStretched(const float* from, float* to) const {
    double sum[JoinedAxes::kColumns];
    for (int64_t k = 0; k < stretch_->blocks(); ++k) {
      const JoinedAxes::Block b = stretch_->block(k);
      sumBlock(*stretch_, b, from, 1, sum);
      for (int64_t i = 0; i < b.outputs; ++i) to[b.output + i] = (addsDx ? to[b.output + i] : 0) + static_cast<float>(sum[i]);
    }
  }

  const RunMap map_;
  const int64_t n_, m_;
  const float value_;
  std::unique_ptr<JoinedAxes> stretch_;
};

}  // namespace

// { op: 'rearrange', how, ... }: see arrangement.cc.
std::unique_ptr<Op> rearrange(const Value& spec, const OpEnv& env) {
  if (sizeOf(env.in) < 1) throw Error("ERR_SHAPE", "rearrange: a value of shape " + toString(env.in) + " has no numbers");
  if (spec.text("how", "") == "triangle") return triangle(spec, env);
  return std::make_unique<Rearrange>(env, arranged(spec, env.in));
}

}  // namespace gemmfit::ops
