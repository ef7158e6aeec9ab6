#include <algorithm>
#include <cmath>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/op.h"

namespace gemmfit::ops {
namespace {

// The number of boundaries at or below each element; all of them for one that is no number. Nothing flows back.
class Discretization : public Op {
 public:
  Discretization(const Value& spec, const OpEnv& env) {
    for (const double b : spec.numbers("boundaries")) boundaries_.push_back(static_cast<float>(b));
    if (!std::is_sorted(boundaries_.begin(), boundaries_.end())) throw Error("ERR_SPEC", "discretization: boundaries must ascend");
    in = out = env.in;
    inPlace = true;
    flopsPerRow = static_cast<double>(sizeOf(in)) * (4 + 4 * std::log2(static_cast<double>(boundaries_.size() + 1)));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t n = sizeOf(in);
    for (int64_t i = begin * n; i < end * n; ++i)
      y[i] = static_cast<float>(std::upper_bound(boundaries_.begin(), boundaries_.end(), x[i]) - boundaries_.begin());
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) std::fill(dx + begin * sizeOf(in), dx + end * sizeOf(in), 0.0f);
  }

 private:
  std::vector<float> boundaries_;
};

}  // namespace

// { op: 'discretization', boundaries }
std::unique_ptr<Op> discretization(const Value& spec, const OpEnv& env) { return std::make_unique<Discretization>(spec, env); }

}  // namespace gemmfit::ops
