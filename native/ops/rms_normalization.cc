#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr double kFlopsPerElement = 30;  // bound by memory: an element takes the time of so many operations of a product
constexpr int64_t kBlock = 256;          // elements whose gradients are summed on the stack
constexpr int64_t kMostTasks = 16;
constexpr double kLeastSquares = 1e-12;  // Keras's bound for the squared length of a vector that is divided by its length

// Each sample by itself, over the axes given (which count the batch dimension):
//   rmsNormalization   y = x / sqrt(mean(x^2) + epsilon) * scale; weight: scale, of the sizes of the axes
//   unitNormalization  y = x / sqrt(max(sum(x^2), 1e-12))
class RmsNormalization : public Op {
 public:
  RmsNormalization(const char* name, bool unit, const Value& spec, const OpEnv& env) : name_(name), unit_(unit) {
    in = out = env.in;
    findGroups(spec);
    epsilon_ = unit ? 0 : spec.number("epsilon", 1e-6);
    if (env.weights.size() != (unit ? 0u : 1u) || (!unit && env.weights[0]->size != n_))
      fail("its weights do not have the size of its axes");
    if (!unit) {
      take(env.weights[0], &scale_);
      scaleId_ = env.weightIds[0];
      trains_ = env.trainable[0];
      mask = Mask::drop;  // as in Keras
    }
    training_ = env.training;
    inPlace = !training_;
    readsX = training_;
    weightsReadDy = trains_;
    if (training_) scratchSpec = {{groups_}};
    flopsPerRow = kFlopsPerElement * static_cast<double>(groups_ * n_);
    tasks_ = std::clamp<int64_t>(env.batch * groups_ * n_ / 65536, 1, std::min(kMostTasks, ceilDiv(n_, kBlock)));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    eachGroup(begin, end, [&](int64_t group, int64_t from, auto at) {
      double squares[4] = {};
      for (int64_t i = 0; i < n_; ++i) squares[i & 3] += square(x[from + at(i)]);
      const double sum = (squares[0] + squares[1]) + (squares[2] + squares[3]);
      const double under = unit_ ? (sum < kLeastSquares ? kLeastSquares : sum) : sum / static_cast<double>(n_) + epsilon_;
      const float inverse = static_cast<float>(1 / std::sqrt(under));
      if (training_) scratch[0][group] = inverse;
      for (int64_t i = 0; i < n_; ++i) y[from + at(i)] = x[from + at(i)] * inverse * factor(i);
    });
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    eachGroup(begin, end, [&](int64_t group, int64_t from, auto at) {
      const double inverse = scratch[0][group];
      double sum = 0;
      for (int64_t i = 0; i < n_; ++i) sum += static_cast<double>(dy[from + at(i)]) * factor(i) * x[from + at(i)];
      // A vector shorter than the bound is divided by a constant.
      const bool constant = unit_ && scratch[0][group] >= kMostInverse;
      const auto part = static_cast<float>(constant ? 0 : sum * inverse * inverse * inverse / (unit_ ? 1 : static_cast<double>(n_)));
      for (int64_t i = 0; i < n_; ++i)
        dx[from + at(i)] = dy[from + at(i)] * factor(i) * static_cast<float>(inverse) - x[from + at(i)] * part;
    });
  }

  int64_t weightTasks() const override { return trains_ ? tasks_ : 0; }

  void weightTask(const Step& step, int64_t task) override {
    took(tasks_ == 1 ? Path::rmsNormOneTask : Path::rmsNormTasks);
    const int64_t each = ceilDiv(n_, tasks_), last = std::min(n_, (task + 1) * each);
    for (int64_t k = task * each; k < last; k += kBlock) {
      const int64_t n = std::min(kBlock, last - k);
      double sum[kBlock] = {};
      eachGroup(0, step.rows, [&](int64_t group, int64_t from, auto at) {
        const double inverse = scratch[0][group];
        for (int64_t i = 0; i < n; ++i) sum[i] += static_cast<double>(dy[from + at(k + i)]) * x[from + at(k + i)] * inverse;
      });
      float* g = step.updater->tile(scaleId_, k, n);
      for (int64_t i = 0; i < n; ++i) g[i] = static_cast<float>(sum[i]);
      step.updater->done(scaleId_, k, n, g);
    }
  }

 private:
  static constexpr float kMostInverse = 1e6f;  // of kLeastSquares

  [[noreturn]] void fail(const char* what) const { throw Error("ERR_SPEC", std::string(name_) + ": " + what); }
  static double square(double v) { return v * v; }
  float factor(int64_t i) const { return scale_ ? scale_[i] : 1.0f; }

  // Elements of a group are neighbours where its axes are the last ones; elsewhere a table tells where they lie.
  void findGroups(const Value& spec) {
    const int64_t rank = static_cast<int64_t>(in.size());
    std::vector<int64_t> axes = spec.integers("axis");
    if (axes.empty()) axes = {-1};
    std::vector<bool> within(in.size());
    for (int64_t a : axes) {
      if (a < 0) a += rank + 1;
      if (a < 1 || a > rank || within[asSize(a - 1)]) fail("its axes must be different ones of the sample's");
      within[asSize(a - 1)] = true;
    }
    std::vector<int64_t> stride(in.size());
    int64_t step = 1;
    bool last = true, moved = false;
    for (size_t a = in.size(); a-- > 0; step *= in[a]) {
      stride[a] = step;
      (within[a] ? n_ : groups_) *= in[a];
      moved = moved || (within[a] && !last);
      last = last && within[a];
    }
    if (!moved) return;
    for (const bool which : {false, true}) {
      std::vector<int64_t>& offsets = which ? elements_ : starts_;
      offsets = {0};
      for (size_t a = 0; a < in.size(); ++a) {
        if (within[a] != which) continue;
        std::vector<int64_t> more;
        for (const int64_t o : offsets)
          for (int64_t k = 0; k < in[a]; ++k) more.push_back(o + k * stride[a]);
        offsets = std::move(more);
      }
    }
  }

  // f(number of the group in the batch, its first element, where its i-th element lies from there).
  template <class F>
  void eachGroup(int64_t begin, int64_t end, F&& f) const {
    if (elements_.empty()) {
      for (int64_t g = begin * groups_; g < end * groups_; ++g) f(g, g * n_, [](int64_t i) { return i; });
      return;
    }
    const int64_t* table = elements_.data();
    for (int64_t r = begin; r < end; ++r)
      for (int64_t g = 0; g < groups_; ++g)
        f(r * groups_ + g, r * groups_ * n_ + starts_[asSize(g)], [table](int64_t i) { return table[i]; });
  }

  const char* name_;
  bool unit_, training_ = false, trains_ = false;
  double epsilon_ = 0;
  int64_t n_ = 1, groups_ = 1, tasks_ = 1;
  std::vector<int64_t> starts_, elements_;
  const float* scale_ = nullptr;
  int scaleId_ = -1;
};

}  // namespace

std::unique_ptr<Op> rmsNormalization(const Value& spec, const OpEnv& env) {
  return std::make_unique<RmsNormalization>("rmsNormalization", false, spec, env);
}
std::unique_ptr<Op> unitNormalization(const Value& spec, const OpEnv& env) {
  return std::make_unique<RmsNormalization>("unitNormalization", true, spec, env);
}

}  // namespace gemmfit::ops
