#include <algorithm>
#include <cstring>
#include <utility>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr double kFlopsPerElement = 4;  // bound by memory
constexpr int64_t kLargest = int64_t{1} << 40;

// Zeros before and after each axis of a sample. Spec: `before` and `after`, a number for each axis; negative ones cut cells off.
class ZeroPadding : public Op {
 public:
  ZeroPadding(const Value& spec, const OpEnv& env) {
    in = out = env.in;
    const std::vector<int64_t> before = spec.integers("before"), after = spec.integers("after");
    if (in.empty() || before.size() != in.size() || after.size() != in.size()) fail("it takes two numbers for each axis of a sample");
    for (size_t a = 0; a < in.size(); ++a) {
      if (std::abs(before[a]) > kLargest || std::abs(after[a]) > kLargest) fail("its numbers are too large");
      if (in[a] + std::min<int64_t>(0, before[a]) + std::min<int64_t>(0, after[a]) < 1) fail("it would cut off everything");
      out[a] = in[a] + before[a] + after[a];
      pads_ = pads_ || before[a] > 0 || after[a] > 0;
      cuts_ = cuts_ || before[a] < 0 || after[a] < 0;
    }
    flopsPerRow = kFlopsPerElement * (static_cast<double>(sizeOf(in)) + static_cast<double>(sizeOf(out)));  // refuses what is too large
    findRuns(before, after);
    mask = Mask::drop;
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t from = sizeOf(in), to = sizeOf(out);
    if (pads_) std::memset(y + begin * to, 0, asSize((end - begin) * to) * sizeof(float));
    for (int64_t r = begin; r < end; ++r)
      for (const auto& [i, o] : runs_) std::memcpy(y + r * to + o, x + r * from + i, asSize(length_) * sizeof(float));
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    const int64_t from = sizeOf(in), to = sizeOf(out);
    if (cuts_) std::memset(dx + begin * from, 0, asSize((end - begin) * from) * sizeof(float));
    for (int64_t r = begin; r < end; ++r)
      for (const auto& [i, o] : runs_) std::memcpy(dx + r * from + i, dy + r * to + o, asSize(length_) * sizeof(float));
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw Error("ERR_SPEC", std::string("zeroPadding: ") + what); }

  // What stays lies in runs that are contiguous in both: trailing axes that keep their size belong to a run whole.
  void findRuns(const std::vector<int64_t>& before, const std::vector<int64_t>& after) {
    runs_ = {{0, 0}};
    int64_t strideIn = 1, strideOut = 1;
    bool whole = true;
    for (size_t a = in.size(); a-- > 0; strideIn *= in[a], strideOut *= out[a]) {
      const int64_t i = std::max<int64_t>(0, -before[a]), o = std::max<int64_t>(0, before[a]);
      const int64_t kept = in[a] - i - std::max<int64_t>(0, -after[a]);
      if (whole) {
        length_ *= kept;
        runs_[0] = {i * strideIn, o * strideOut};
        whole = before[a] == 0 && after[a] == 0;
        continue;
      }
      std::vector<std::pair<int64_t, int64_t>> more;
      for (int64_t k = 0; k < kept; ++k)
        for (const auto& [ri, ro] : runs_) more.emplace_back(ri + (i + k) * strideIn, ro + (o + k) * strideOut);
      runs_ = std::move(more);
    }
  }

  bool pads_ = false, cuts_ = false;
  int64_t length_ = 1;
  std::vector<std::pair<int64_t, int64_t>> runs_;  // where each begins in the input and in the output
};

}  // namespace

std::unique_ptr<Op> zeroPadding(const Value& spec, const OpEnv& env) { return std::make_unique<ZeroPadding>(spec, env); }

}  // namespace gemmfit::ops
