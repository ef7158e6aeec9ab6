#include "native/kernels/pooling.h"

#include <algorithm>
#include <string>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/kernels/convolution_tiles.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr double kFlopsPerCell = 6;  // bound by memory: a cell takes the time of so many operations of a product
constexpr int64_t kLargest = int64_t{1} << 31;
constexpr int64_t kMostWindows = int64_t{1} << 26;  // along an axis: each is in memory

// What the kernel makes of its first window.
Path wayOf(const Pooling& p) {
  const int64_t run = p.spans[2].front().size();
  if (p.inner == 1 && run >= 2 * filterLanes()) return Path::poolRuns;
  return run == 2 && p.spans[1].front().size() == 2 && p.spans[0].front().size() == 1 ? Path::poolSquare : Path::poolWindows;
}

// The largest or the mean of windows over one to three axes. Spec: kind ('max', 'average'), rank (axes of the windows),
// channelsFirst, and which windows: `global` (one, the whole image; `keepdims` keeps its axes as ones), `outputs` (so many, of
// sizes as equal as can be), or `size`, `strides` and padding ('valid', 'same').
class PoolingOp : public Op {
 public:
  PoolingOp(const Value& spec, const OpEnv& env) {
    const std::string kind = spec.text("kind", "max");
    if (kind != "max" && kind != "average") fail("it has no kind '" + kind + "'");
    max_ = kind == "max";
    rank_ = spec.integer("rank");
    channelsFirst_ = spec.flag("channelsFirst", false);
    if (rank_ < 1 || rank_ > 3 || static_cast<int64_t>(env.in.size()) != rank_ + 1) fail("its input does not have the rank of its windows");
    for (const int64_t d : env.in)
      if (d < 1 || d > kLargest) fail("its input is empty or too large");
    in = env.in;
    sizeOf(in);
    const int64_t channels = channelsFirst_ ? in.front() : in.back();
    (channelsFirst_ ? pool_.planes : pool_.inner) = channels;
    const bool global = spec.flag("global", false);
    for (size_t a = 0; a < 3; ++a) pool_.spans[a] = {{0, 1}};
    for (int64_t a = 0; a < rank_; ++a) {
      const int64_t cells = in[asSize(a + (channelsFirst_ ? 1 : 0))];
      // A whole image is one run.
      const int64_t axis = global ? 2 : a + 3 - rank_;
      pool_.in[axis] *= cells;
      pool_.spans[axis] = global ? std::vector<PoolSpan>{{0, pool_.in[2]}} : spansOf(spec, asSize(a), cells);
    }
    pool_.shares = global;
    describeOverlap();
    out = outShape(spec, channels);
    sizeOf(out);
    mask = Mask::drop;
    readsX = readsY = canMaskDx = max_;
    canReplaceX = max_ && pool_.disjoint;
    flopsPerRow = kFlopsPerCell * static_cast<double>(pool_.cellsIn() + pool_.cellsOut());
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    took(wayOf(pool_));
    const float* from = x + begin * pool_.cellsIn();
    float* to = y + begin * pool_.cellsOut();
    max_ ? maxPool(pool_, end - begin, from, to) : averagePool(pool_, end - begin, from, to);
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (!pool_.disjoint) took(Path::poolAdds);
    if (pool_.disjoint && !pool_.covering) took(Path::poolGaps);
    if (masksDx) took(Path::poolMasked);
    const int64_t i = begin * pool_.cellsIn(), o = begin * pool_.cellsOut();
    if (max_)
      maxPoolGradient(pool_, masksDx, end - begin, x + i, y + o, dy + o, dx + i);
    else
      averagePoolGradient(pool_, end - begin, dy + o, dx + i);
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw Error("ERR_SPEC", "pooling: " + what); }

  int64_t sizeFrom(const Value& spec, const char* key, size_t axis) const {
    const std::vector<int64_t> all = spec.integers(key);
    if (static_cast<int64_t>(all.size()) != rank_ || all[axis] < 1 || all[axis] > kLargest)
      fail(std::string(key) + " must hold a number from 1 on for each axis of its windows");
    return all[axis];
  }

  std::vector<PoolSpan> spansOf(const Value& spec, size_t axis, int64_t cells) const {
    std::vector<PoolSpan> spans;
    if (spec.has("outputs")) {
      const int64_t n = sizeFrom(spec, "outputs", axis);
      if (n > kMostWindows) fail("its output is too large");
      for (int64_t i = 0; i < n; ++i) spans.push_back({i * cells / n, ceilDiv((i + 1) * cells, n)});
      return spans;
    }
    const int64_t size = sizeFrom(spec, "size", axis), stride = sizeFrom(spec, "strides", axis);
    const std::string padding = spec.text("padding", "valid");
    if (padding != "valid" && padding != "same") fail("there is no padding '" + padding + "'");
    const bool same = padding == "same";
    if (!same && size > cells) fail("a window is larger than the input");
    const int64_t n = same ? ceilDiv(cells, stride) : (cells - size) / stride + 1;
    if (n > kMostWindows) fail("its output is too large");
    const int64_t before = same ? std::max<int64_t>(0, (n - 1) * stride + size - cells) / 2 : 0;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t first = i * stride - before;
      spans.push_back({std::max<int64_t>(0, first), std::min(cells, first + size)});
    }
    return spans;
  }

  void describeOverlap() {
    pool_.disjoint = pool_.covering = true;
    for (int a = 0; a < 3; ++a) {
      int64_t end = 0;
      for (const PoolSpan& s : pool_.spans[a]) {
        if (s.begin < end) pool_.disjoint = false;
        if (s.begin > end) pool_.covering = false;
        end = s.end;
      }
      if (end < pool_.in[a]) pool_.covering = false;
    }
  }

  Shape outShape(const Value& spec, int64_t channels) const {
    Shape shape;
    if (!spec.flag("global", false) || spec.flag("keepdims", false))
      for (int64_t a = 3 - rank_; a < 3; ++a) shape.push_back(pool_.out(static_cast<int>(a)));
    shape.insert(channelsFirst_ ? shape.begin() : shape.end(), channels);
    return shape;
  }

  Pooling pool_;
  int64_t rank_ = 1;
  bool max_ = true, channelsFirst_ = false;
};

}  // namespace

std::unique_ptr<Op> pooling(const Value& spec, const OpEnv& env) { return std::make_unique<PoolingOp>(spec, env); }

}  // namespace gemmfit::ops
