#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

// Stands before the ops of a layer: divides the layer's kernel, seen as a matrix [.., columns], by an estimate of its largest singular
// value, before each training step. Data goes through untouched. Spec: iterations (of the power method a step). Weights: the kernel, and
// u [columns], which goes on from step to step.
class SpectralNormalization : public Op {
 public:
  SpectralNormalization(const Value& spec, const OpEnv& env) : iterations_(spec.integer("iterations", 1)), training_(env.training) {
    in = out = env.in;
    if (env.weights.size() != 2 || env.weights[1]->size < 1 || env.weights[0]->size % env.weights[1]->size != 0)
      throw Error("ERR_SPEC", "spectralNormalization: its weights are not a kernel and a vector as long as its last axis");
    if (env.trainable[1]) throw Error("ERR_SPEC", "spectralNormalization: its vector cannot be trained");
    if (training_ && env.steps > 1)
      throw Error("ERR_LAYER",
                  "spectral normalization inside TimeDistributed cannot be trained: the kernel would be another one at each of its " +
                      std::to_string(env.steps) + " steps");
    if (iterations_ < 1) throw Error("ERR_SPEC", "spectralNormalization takes one iteration or more");
    take(env.weights[0], &kernel_);
    take(env.weights[1], &vector_);
    columns_ = env.weights[1]->size;
    rows_ = env.weights[0]->size / columns_;
    u_.resize(asSize(columns_));
    v_.resize(asSize(rows_));
    identity = inPlace = true;
    writesWeights = training_;
  }

  // All of the kernel is read and written before anyone uses it.
  std::vector<Phase> forwardPhases() const override { return {training_ ? Phase{Phase::tasks, 1} : Phase{}}; }

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (x != y) training_ ? copy(x, y, 0, step.rows) : copy(x, y, begin, end);
    const int64_t n = rows_ * columns_;
    if (!training_ || std::all_of(kernel_, kernel_ + n, [](float k) { return k == 0; })) return;
    std::copy(vector_, vector_ + columns_, u_.begin());
    for (int64_t k = 0; k < iterations_; ++k) {
      timesColumns();
      normalize(v_);
      timesRows();
      normalize(u_);
    }
    // v W u, where v is still that of the last iteration.
    double sigma = 0;
    for (int64_t r = 0; r < rows_; ++r) sigma += v_[asSize(r)] * rowTimes(r);
    const auto scale = static_cast<float>(sigma);
    for (int64_t i = 0; i < n; ++i) kernel_[i] /= scale;
    std::copy(u_.begin(), u_.end(), vector_);
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx && dx != dy) copy(dy, dx, begin, end);
  }

 private:
  // Inside a wrapper, where what goes in and what comes out have memory of their own.
  void copy(const float* from, float* to, int64_t begin, int64_t end) const {
    const int64_t size = sizeOf(in);
    std::copy(from + begin * size, from + end * size, to + begin * size);
  }
  double rowTimes(int64_t row) const {
    const float* w = kernel_ + row * columns_;
    double sum[4] = {};
    for (int64_t c = 0; c < columns_; ++c) sum[c & 3] += w[c] * u_[asSize(c)];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
  void timesColumns() {
    for (int64_t r = 0; r < rows_; ++r) v_[asSize(r)] = rowTimes(r);
  }
  void timesRows() {
    std::fill(u_.begin(), u_.end(), 0.0);
    for (int64_t r = 0; r < rows_; ++r)
      for (int64_t c = 0; c < columns_; ++c) u_[asSize(c)] += v_[asSize(r)] * kernel_[r * columns_ + c];
  }
  static void normalize(std::vector<double>& v) {
    double squares = 0;
    for (const double e : v) squares += e * e;
    if (squares == 0) return;
    for (double& e : v) e /= std::sqrt(squares);
  }

  int64_t iterations_, rows_ = 1, columns_ = 1;
  bool training_;
  float* kernel_ = nullptr;
  float* vector_ = nullptr;
  std::vector<double> u_, v_;
};

}  // namespace

std::unique_ptr<Op> spectralNormalization(const Value& spec, const OpEnv& env) {
  return std::make_unique<SpectralNormalization>(spec, env);
}

}  // namespace gemmfit::ops
