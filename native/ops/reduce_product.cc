#include "native/ops/reduce.h"

namespace gemmfit::ops {
namespace {

// The gradient of an element is the product of all others, also where some are 0: of those before it and of those behind it.
class ReduceProduct : public Reduce {
 public:
  ReduceProduct(const Value& spec, const OpEnv& env) : Reduce(spec, env) {
    readsX = true;
    if (overRows_) partials_ = addPartials(Scratch::forward);
    tasks_ = std::clamp<int64_t>(floatsOf(axes_.size, env.batch) / kPartFloats, 1, std::min(kMostParts, axes_.blocks()));
  }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (phase == 1) return join(begin);
    if (overRows_) {
      for (int64_t k = 0; k < axes_.blocks(); ++k)
        multiply(axes_.block(k), firstRow(step, begin), lastRow(step, begin), partials(partials_, begin) + axes_.block(k).output);
      return;
    }
    double product[kColumns];
    for (int64_t r = begin; r < end; ++r)
      for (int64_t k = 0; k < axes_.blocks(); ++k) {
        const JoinedAxes::Block b = axes_.block(k);
        multiply(b, r, r + 1, product);
        for (int64_t i = 0; i < b.outputs; ++i) y[outputsOf(r) + b.output + i] = static_cast<float>(product[i]);
      }
  }

  // Over the batch a task has some outputs, and goes through all rows.
  std::vector<Phase> backwardPhases() const override { return {overRows_ ? Phase{Phase::tasks, tasks_} : Phase{}}; }

  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (!overRows_) {
      for (int64_t r = begin; r < end; ++r)
        for (int64_t k = 0; k < axes_.blocks(); ++k) gradient(axes_.block(k), r, r + 1);
      return;
    }
    for (int64_t k = axes_.blocks() * begin / tasks_; k < axes_.blocks() * end / tasks_; ++k) gradient(axes_.block(k), 0, step.rows);
  }

 private:
  void multiply(const JoinedAxes::Block& b, int64_t begin, int64_t end, double* product) const {
    const int64_t next = b.outputs == b.count ? 1 : 0;
    std::fill_n(product, b.outputs, 1.0);
    for (int64_t r = begin; r < end; ++r)
      axes_.lines(b, [&](int64_t at) {
        const float* from = x + r * axes_.size + at;
        for (int64_t i = 0; i < b.count; ++i) product[i * next] *= static_cast<double>(from[i]);
      });
  }

  void join(int64_t task) const {
    for (int64_t o = firstOutput(task); o < lastOutput(task); ++o) {
      double product = 1;
      for (int64_t p = 0; p < parts_; ++p) product *= partials(partials_, p)[o];
      y[o] = static_cast<float>(product);
    }
  }

  // First dx = the product of those before, then times that of those behind: the lines once more from the last to the first.
  void gradient(const JoinedAxes::Block& b, int64_t begin, int64_t end) const {
    const int64_t next = b.outputs == b.count ? 1 : 0;
    double product[kColumns];
    std::fill_n(product, b.outputs, 1.0);
    for (int64_t r = begin; r < end; ++r)
      axes_.lines(b, [&](int64_t at) {
        const int64_t first = r * axes_.size + at;
        for (int64_t i = 0; i < b.count; ++i) {
          dx[first + i] = static_cast<float>(product[i * next]);
          product[i * next] *= static_cast<double>(x[first + i]);
        }
      });
    for (int64_t i = 0; i < b.outputs; ++i) product[i] = static_cast<double>(dy[outputsOf(begin) + b.output + i]);
    for (int64_t r = end; r-- > begin;)
      axes_.linesBackwards(b, [&](int64_t at) {
        const int64_t first = r * axes_.size + at;
        for (int64_t i = b.count; i-- > 0;) {
          dx[first + i] = static_cast<float>(static_cast<double>(dx[first + i]) * product[i * next]);
          product[i * next] *= static_cast<double>(x[first + i]);
        }
      });
  }

  int partials_ = -1;
  int64_t tasks_ = 1;
};

}  // namespace

std::unique_ptr<Op> reduceProduct(const Value& spec, const OpEnv& env) { return std::make_unique<ReduceProduct>(spec, env); }

}  // namespace gemmfit::ops
