#include <algorithm>
#include <cstdint>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kMostIds = int64_t{1} << 24;  // as many whole numbers from 0 on are exact in float32

// Columns of a table, one number each, as one vector: a column of width 0 goes on as it is, another holds ids that become vectors of its
// width. Ids outside become zeros. Nothing flows back but through numbers.
class TableEncoding : public Op {
 public:
  TableEncoding(const Value& spec, const OpEnv& env) : widths_(spec.integers("widths")) {
    if (env.in.size() != 1 || static_cast<int64_t>(widths_.size()) != env.in[0])
      throw Error("ERR_SPEC", "tableEncoding: its widths are not one for each column of samples of shape " + toString(env.in));
    int64_t width = 0;
    for (const int64_t w : widths_) {
      if (w < 0 || w > kMostIds) throw Error("ERR_SPEC", "tableEncoding: widths must be 0 to 2^24");
      width += std::max<int64_t>(1, w);
    }
    in = env.in;
    out = {width};
    sizeOf(out);  // refuses what is too large
    mask = Mask::drop;
    flopsPerRow = 4 * static_cast<double>(width);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t columns = in[0], width = out[0];
    for (int64_t r = begin; r < end; ++r) {
      float* to = y + r * width;
      std::fill(to, to + width, 0.0f);
      for (int64_t c = 0; c < columns; ++c) {
        const float value = x[r * columns + c];
        const int64_t w = widths_[asSize(c)];
        if (w == 0)
          *to = value;
        else if (value >= 0.0f && value < static_cast<float>(w))
          to[static_cast<int64_t>(value)] = 1.0f;
        to += std::max<int64_t>(1, w);
      }
    }
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    for (int64_t r = begin; r < end; ++r) {
      const float* from = dy + r * out[0];
      for (int64_t c = 0; c < in[0]; ++c) {
        const int64_t w = widths_[asSize(c)];
        dx[r * in[0] + c] = w == 0 ? *from : 0.0f;
        from += std::max<int64_t>(1, w);
      }
    }
  }

 private:
  std::vector<int64_t> widths_;
};

}  // namespace

// { op: 'tableEncoding', widths }
std::unique_ptr<Op> tableEncoding(const Value& spec, const OpEnv& env) { return std::make_unique<TableEncoding>(spec, env); }

}  // namespace gemmfit::ops
