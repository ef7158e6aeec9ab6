#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/regularizer.h"
#include "native/engine/variable.h"
#include "native/kernels/gemm/gemm.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

constexpr int64_t kBlockFloats = 1 << 18;
constexpr double kLeastNorm = 1e-6;  // shorter vectors are divided by this: zero stays zero

// factor * mean of |cosine| over all pairs of rows (or columns) of a matrix. The cosines are products of the normalized vectors, computed
// a block of rows of their matrix at a time, so that memory stays bounded for weights of many vectors.
class Orthogonal : public Regularizer {
 public:
  Orthogonal(double factor, bool rows, int64_t matrixRows, int64_t matrixColumns)
      : rows_(rows), count_(rows ? matrixRows : matrixColumns), length_(rows ? matrixColumns : matrixRows) {
    const double k = static_cast<double>(count_);
    weight_ = count_ > 1 ? factor * 0.5 / (k * (k - 1) / 2) : 0;  // a single vector has nothing to be orthogonal to
    block_ = std::max<int64_t>(1, std::min(count_, kBlockFloats / count_));
    units_ = allocateFloats(count_ * length_);
    cosines_ = allocateFloats(block_ * count_);
    slopes_ = allocateFloats(block_ * length_);
    norms_.resize(asSize(count_));
  }

  bool elementwise() const override { return false; }

  double value(const float* w, int64_t /*n*/) override {
    normalize(w);
    double sum = 0;
    for (int64_t i = 0; i < count_; i += block_) {
      const int64_t rows = cosines(i);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < count_; ++j)
          if (j != i + r) sum += std::abs(static_cast<double>(cosines_[r * count_ + j]));
    }
    return weight_ * sum;
  }

  void addGradient(const float* w, float* g, int64_t /*n*/) override {
    normalize(w);
    for (int64_t i = 0; i < count_; i += block_) {
      const int64_t rows = cosines(i);
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t j = 0; j < count_; ++j) {
          float& c = cosines_[r * count_ + j];
          c = j == i + r ? 0.0f : c > 0 ? 1.0f : c < 0 ? -1.0f : c;
        }
      gemm({cosines_.get(), rows, count_, count_}, {units_.get(), count_, length_, length_}, {slopes_.get(), length_});
      for (int64_t r = 0; r < rows; ++r) addThroughNorm(i + r, slopes_.get() + r * length_, g);
    }
  }

 private:
  int64_t place(int64_t vector, int64_t i) const { return rows_ ? vector * length_ + i : i * count_ + vector; }

  void normalize(const float* w) {
    for (int64_t v = 0; v < count_; ++v) {
      double squares = 0;
      for (int64_t i = 0; i < length_; ++i) squares += static_cast<double>(w[place(v, i)]) * w[place(v, i)];
      const double norm = std::sqrt(squares), divisor = norm < kLeastNorm ? kLeastNorm : norm;
      norms_[asSize(v)] = norm;
      for (int64_t i = 0; i < length_; ++i) units_[v * length_ + i] = static_cast<float>(w[place(v, i)] / divisor);
    }
  }

  int64_t cosines(int64_t from) {
    const int64_t rows = std::min(block_, count_ - from);
    gemm({units_.get() + from * length_, rows, length_, length_}, {units_.get(), length_, count_, length_, true}, {cosines_.get(), count_});
    return rows;
  }

  // Moving a vector along itself does not turn it: that part of the slope is taken away.
  void addThroughNorm(int64_t v, const float* slope, float* g) const {
    const float* unit = units_.get() + v * length_;
    const double norm = norms_[asSize(v)];
    const bool divided = !(norm < kLeastNorm);
    double along = 0;
    if (divided)
      for (int64_t i = 0; i < length_; ++i) along += static_cast<double>(slope[i]) * unit[i];
    const double scale = 2 * weight_ / (divided ? norm : kLeastNorm);  // each pair stands in the sum twice
    for (int64_t i = 0; i < length_; ++i) g[place(v, i)] += static_cast<float>((slope[i] - along * unit[i]) * scale);
  }

  bool rows_;
  int64_t count_, length_, block_;
  double weight_;
  AlignedFloats units_, cosines_, slopes_;
  std::vector<double> norms_;
};

}  // namespace

namespace regularizers {
// spec: { factor, mode: 'rows' | 'columns' }
std::unique_ptr<Regularizer> orthogonal(const Value& spec, const Shape& shape) {
  if (shape.size() != 2)
    throw Error("ERR_SHAPE", "OrthogonalRegularizer takes weights of two axes. Received: a weight of shape " + toString(shape));
  if (shape[0] < 1 || shape[1] < 1) throw Error("ERR_SPEC", "OrthogonalRegularizer: empty weight");
  return std::make_unique<Orthogonal>(spec.number("factor", 0.01), spec.text("mode", "rows") == "rows", shape[0], shape[1]);
}
}  // namespace regularizers
}  // namespace gemmfit
