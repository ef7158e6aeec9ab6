#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr double kFlopsPerElement = 8;  // bound by memory
constexpr int64_t kBlock = 512;         // elements whose gradients are summed on the stack
constexpr int64_t kMostTasks = 16;
constexpr int64_t kTaskElements = 65536;

// y = x where x > 0, alpha * x elsewhere. Weight: alpha, of the sample's shape with ones at `sharedAxes` (which count the batch
// dimension, as in Keras), where neighbours share a slope.
class Prelu : public Op {
 public:
  Prelu(const Value& spec, const OpEnv& env) {
    in = out = env.in;
    size_ = sizeOf(in);
    if (in.empty() || env.weights.size() != 1) fail("it takes samples of rank 1 or more and one weight");
    std::vector<bool> shared(in.size());
    for (const int64_t a : spec.integers("sharedAxes")) {
      if (a < 1 || a > static_cast<int64_t>(in.size())) fail("its shared axes are not all axes of a sample");
      shared[asSize(a - 1)] = true;
    }
    findRuns(shared);
    if (env.weights[0]->size != slopes_) fail("its weight does not have the size of its axes");
    take(env.weights[0], &alpha_);
    alphaId_ = env.weightIds[0];
    trains_ = env.trainable[0];
    readsX = true;
    // Where slopes are shared each sample sums up its own part of the gradient; elsewhere there is nothing to sum in a sample.
    partial_ = trains_ && slopes_ < size_;
    weightsReadDy = trains_ && !partial_;
    if (partial_) scratchSpec = {{slopes_, 0, Scratch::backward}};
    flopsPerRow = kFlopsPerElement * static_cast<double>(size_);
    tasks_ = std::clamp<int64_t>(env.batch * slopes_ / kTaskElements, 1, std::min(kMostTasks, ceilDiv(slopes_, kBlock)));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    eachRun(begin, end, [&](int64_t from, int64_t slope) {
      const float* a = alpha_ + slope;
      for (int64_t i = 0; i < length_; ++i) {
        const float v = x[from + i];
        y[from + i] = v > 0 ? v : a[i * stride_] * v;
      }
    });
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    // At 0 both of Keras's halves, relu(x) and relu(-x), are flat.
    if (dx)
      eachRun(begin, end, [&](int64_t from, int64_t slope) {
        const float* a = alpha_ + slope;
        for (int64_t i = 0; i < length_; ++i) {
          const float v = x[from + i];
          dx[from + i] = dy[from + i] * (v > 0 ? 1 : v == 0 ? 0 : a[i * stride_]);
        }
      });
    if (partial_)
      for (int64_t r = begin; r < end; ++r) sumSample(r);
  }

  int64_t weightTasks() const override { return trains_ ? tasks_ : 0; }

  void weightTask(const Step& step, int64_t task) override {
    took(tasks_ == 1 ? Path::preluOneTask : Path::preluTasks);
    const int64_t each = ceilDiv(slopes_, tasks_), last = std::min(slopes_, (task + 1) * each);
    double sum[kBlock];
    for (int64_t i = task * each; i < last; i += kBlock) {
      const int64_t n = std::min(kBlock, last - i);
      std::fill(sum, sum + n, 0.0);
      for (int64_t r = 0; r < step.rows; ++r) {
        const int64_t from = r * slopes_ + i;
        for (int64_t k = 0; k < n; ++k) sum[k] += partial_ ? static_cast<double>(scratch[0][from + k]) : term(from + k);
      }
      float* g = step.updater->tile(alphaId_, i, n);
      for (int64_t k = 0; k < n; ++k) g[k] = static_cast<float>(sum[k]);
      step.updater->done(alphaId_, i, n, g);
    }
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw Error("ERR_SPEC", std::string("prelu: ") + what); }

  // A run is a stretch of a sample in which slopes lie side by side or are one and the same.
  void findRuns(const std::vector<bool>& shared) {
    std::vector<int64_t> strides(in.size());  // in alpha
    for (size_t a = in.size(); a-- > 0;) {
      strides[a] = shared[a] ? 0 : slopes_;
      if (!shared[a]) slopes_ *= in[a];
    }
    size_t inner = in.size() - 1;
    length_ = in[inner];
    while (inner > 0 && shared[inner - 1] == shared.back()) length_ *= in[--inner];
    stride_ = shared.back() ? 0 : 1;
    starts_ = {0};
    for (size_t a = inner; a-- > 0;) {
      std::vector<int64_t> more;
      for (int64_t k = 0; k < in[a]; ++k)
        for (const int64_t s : starts_) more.push_back(s + k * strides[a]);
      starts_ = std::move(more);
    }
    for (size_t k = 0; k < starts_.size(); ++k) byStart_.push_back(k);
    std::stable_sort(byStart_.begin(), byStart_.end(), [&](size_t a, size_t b) { return starts_[a] < starts_[b]; });
  }

  // f(first element, first slope) for the runs of rows [begin, end).
  template <class F>
  void eachRun(int64_t begin, int64_t end, F&& f) const {
    for (int64_t r = begin; r < end; ++r)
      for (size_t k = 0; k < starts_.size(); ++k) f(r * size_ + static_cast<int64_t>(k) * length_, starts_[k]);
  }

  // What element i adds to the gradient of its slope.
  double term(int64_t i) const { return static_cast<double>(x[i] >= 0 ? 0.0f : x[i]) * dy[i]; }

  void sumSample(int64_t row) {
    double sum[kBlock];
    const int64_t apart = stride_ ? length_ : 1;  // slopes of a run
    for (size_t g = 0; g < byStart_.size();) {
      const int64_t slope = starts_[byStart_[g]];
      size_t next = g;
      while (next < byStart_.size() && starts_[byStart_[next]] == slope) ++next;
      for (int64_t i = 0; i < apart; i += kBlock) {
        const int64_t n = std::min(kBlock, apart - i);
        std::fill(sum, sum + n, 0.0);
        for (size_t k = g; k < next; ++k) {
          const int64_t from = row * size_ + static_cast<int64_t>(byStart_[k]) * length_ + i;
          if (stride_)
            for (int64_t e = 0; e < n; ++e) sum[e] += term(from + e);
          else
            for (int64_t e = 0; e < length_; ++e) sum[0] += term(from + e);
        }
        for (int64_t e = 0; e < n; ++e) scratch[0][row * slopes_ + slope + i + e] = static_cast<float>(sum[e]);
      }
      g = next;
    }
  }

  const float* alpha_ = nullptr;
  int alphaId_ = -1;
  bool trains_ = false, partial_ = false;
  int64_t size_ = 1, slopes_ = 1, length_ = 1, stride_ = 1, tasks_ = 1;
  std::vector<int64_t> starts_;  // in alpha, of each run of a sample
  std::vector<size_t> byStart_;  // runs with the same slopes side by side
};

}  // namespace

std::unique_ptr<Op> prelu(const Value& spec, const OpEnv& env) { return std::make_unique<Prelu>(spec, env); }

}  // namespace gemmfit::ops
