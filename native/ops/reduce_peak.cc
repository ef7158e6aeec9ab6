#include "native/kernels/reduce.h"
#include "native/ops/merge.h"
#include "native/ops/reduce.h"

namespace gemmfit::ops {
namespace {

// The largest or smallest. Elements that are as large share the gradient in equal parts, as in Keras on TensorFlow.
class ReducePeak : public Reduce {
 public:
  ReducePeak(const Value& spec, const OpEnv& env, bool least) : Reduce(spec, env), least_(least) {
    readsX = readsY = canAddDx = true;
    if (!overRows_) return;
    peaks_ = addScratch({0, parts_ * axes_.outputs, Scratch::forward});
    if (!env.needsInputGradient) return;
    counts_ = addPartials(Scratch::backward);
    shares_ = addScratch({0, axes_.outputs, Scratch::backward});
  }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 1) return join(begin);
    if (overRows_) return peaks(firstRow(step, begin), lastRow(step, begin), scratch[asSize(peaks_)] + begin * axes_.outputs);
    for (int64_t r = begin; r < end; ++r) peaks(r, r + 1, y + outputsOf(r));
  }

  std::vector<Phase> backwardPhases() const override {
    if (counts_ < 0) return {Phase{}};
    return {{Phase::tasks, parts_}, {Phase::tasks, joins_}, Phase{}};
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (counts_ >= 0 && phase == 0) return count(firstRow(step, begin), lastRow(step, begin), partials(counts_, begin));
    if (counts_ >= 0 && phase == 1) return joinCounts(begin);
    for (int64_t r = begin; r < end; ++r)
      for (int64_t k = 0; k < axes_.blocks(); ++k) {
        const JoinedAxes::Block b = axes_.block(k);
        if (overRows_) {
          give(b, r, scratch[asSize(shares_)] + b.output);
          continue;
        }
        double counts[kColumns] = {};
        float shares[kColumns];
        count(b, r, r + 1, counts);
        for (int64_t i = 0; i < b.outputs; ++i) shares[i] = dy[outputsOf(r) + b.output + i] / static_cast<float>(counts[i]);
        give(b, r, shares);
      }
  }

 private:
  // best = that of each output in the rows [begin, end).
  void peaks(int64_t begin, int64_t end, float* best) const {
    for (int64_t k = 0; k < axes_.blocks(); ++k) {
      const JoinedAxes::Block b = axes_.block(k);
      std::copy_n(x + begin * axes_.size + b.at, b.outputs, best + b.output);
      for (int64_t r = begin; r < end; ++r)
        axes_.lines(b, [&](int64_t at) {
          const float* from = x + r * axes_.size + at;
          if (b.outputs == b.count) return peakInto(best + b.output, from, b.count, least_);
          const float line = peakOf(from, b.count, least_);
          peakInto(best + b.output, &line, 1, least_);
        });
    }
  }

  void join(int64_t task) const {
    const int64_t first = firstOutput(task), n = lastOutput(task) - first;
    const float* from = scratch[asSize(peaks_)] + first;
    std::copy_n(from, n, y + first);
    for (int64_t p = 1; p < parts_; ++p) peakInto(y + first, from + p * axes_.outputs, n, least_);
  }

  // How many elements of the rows [begin, end) are as large as the outputs.
  void count(const JoinedAxes::Block& b, int64_t begin, int64_t end, double* counts) const {
    for (int64_t r = begin; r < end; ++r) {
      const float* best = y + outputsOf(r) + b.output;
      axes_.lines(b, [&](int64_t at) {
        const float* from = x + r * axes_.size + at;
        const int64_t next = b.outputs == b.count ? 1 : 0;
        for (int64_t i = 0; i < b.count; ++i) counts[i * next] += from[i] == best[i * next] ? 1 : 0;
      });
    }
  }
  void count(int64_t begin, int64_t end, double* counts) const {
    std::fill_n(counts, axes_.outputs, 0.0);
    for (int64_t k = 0; k < axes_.blocks(); ++k) count(axes_.block(k), begin, end, counts + axes_.block(k).output);
  }
  void joinCounts(int64_t task) const {
    for (int64_t o = firstOutput(task); o < lastOutput(task); ++o) {
      double all = 0;
      for (int64_t p = 0; p < parts_; ++p) all += partials(counts_, p)[o];
      scratch[asSize(shares_)][o] = dy[o] / static_cast<float>(all);
    }
  }

  void give(const JoinedAxes::Block& b, int64_t r, const float* shares) const {
    const float* best = y + outputsOf(r) + b.output;
    const int64_t next = b.outputs == b.count ? 1 : 0;
    axes_.lines(b, [&](int64_t at) {
      const float* from = x + r * axes_.size + at;
      float* to = dx + r * axes_.size + at;
      for (int64_t i = 0; i < b.count; ++i) {
        const float g = (from[i] == best[i * next] ? 1.0f : 0.0f) * shares[i * next];  // NaN where the peak is: none is equal to it
        to[i] = addsDx ? to[i] + g : g;
      }
    });
  }

  const bool least_;
  int peaks_ = -1, counts_ = -1, shares_ = -1;
};

}  // namespace

std::unique_ptr<Op> reducePeak(const Value& spec, const OpEnv& env, bool least) { return std::make_unique<ReducePeak>(spec, env, least); }

}  // namespace gemmfit::ops
