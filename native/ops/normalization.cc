#include <algorithm>
#include <cmath>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr double kFlopsPerElement = 16;
constexpr float kLeastDeviation = 1e-7f;

// y = (x - mean) / max(sqrt(variance), 1e-7), or with `invert` the way back. Spec: axis, the axes that have a mean and variance for each
// position (the batch dimension is 0; none: one pair for all). Mean and variance are weights, which are never trained, or numbers of
// the spec: `mean` and `variance`.
class Normalization : public Op {
 public:
  Normalization(const Value& spec, const OpEnv& env) {
    in = out = env.in;
    invert_ = spec.flag("invert", false);
    findPlaces(spec);
    if (env.weights.empty()) {
      own_[0] = numbersOf(spec, "mean");
      own_[1] = numbersOf(spec, "variance");
      mean_ = own_[0].data();
      variance_ = own_[1].data();
    } else {
      // Keras keeps a third number, of data seen, which means nothing here.
      if (env.weights.size() < 2 || env.weights.size() > 3 || env.weights[0]->size != places_ || env.weights[1]->size != places_)
        fail("its weights do not have the size of its axes");
      if (std::any_of(env.trainable.begin(), env.trainable.end(), [](bool t) { return t; })) fail("its weights cannot be trained");
      take(env.weights[0], &mean_);
      take(env.weights[1], &variance_);
    }
    inPlace = true;
    flopsPerRow = kFlopsPerElement * static_cast<double>(sizeOf(in));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    eachElement(begin, end,
                [&](int64_t i, int64_t k) { y[i] = invert_ ? mean_[k] + x[i] * deviation(k) : (x[i] - mean_[k]) / deviation(k); });
  }

  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    eachElement(begin, end, [&](int64_t i, int64_t k) { dx[i] = invert_ ? dy[i] * deviation(k) : dy[i] / deviation(k); });
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw Error("ERR_SPEC", std::string("normalization: ") + what); }

  std::vector<float> numbersOf(const Value& spec, const char* key) const {
    const std::vector<double> given = spec.numbers(key);
    if (static_cast<int64_t>(given.size()) != places_) fail("its mean and variance do not have the size of its axes");
    return std::vector<float>(given.begin(), given.end());
  }

  float deviation(int64_t k) const {
    const float d = std::sqrt(variance_[k]);
    return d < kLeastDeviation ? kLeastDeviation : d;
  }

  // A run of neighbours has places side by side (step 1) or one place (step 0).
  void findPlaces(const Value& spec) {
    std::vector<bool> kept(in.size());
    for (const int64_t a : spec.integers("axis")) {
      if (a < 1 || a > static_cast<int64_t>(in.size()) || kept[asSize(a - 1)]) fail("its axes must be different ones of the sample's");
      kept[asSize(a - 1)] = true;
    }
    std::vector<int64_t> strides(in.size());
    for (size_t a = in.size(); a-- > 0;) {
      strides[a] = kept[a] ? places_ : 0;
      if (kept[a]) places_ *= in[a];
    }
    size_t inner = in.size();
    while (inner > 0 && kept[inner - 1] == kept.back()) run_ *= in[--inner];
    step_ = !kept.empty() && kept.back() ? 1 : 0;
    for (size_t a = inner; a-- > 0;) {
      std::vector<int64_t> more;
      for (int64_t k = 0; k < in[a]; ++k)
        for (const int64_t s : first_) more.push_back(s + k * strides[a]);
      first_ = std::move(more);
    }
  }

  // f(element of the batch, its place)
  template <class F>
  void eachElement(int64_t begin, int64_t end, F&& f) const {
    int64_t i = begin * sizeOf(in);
    for (int64_t r = begin; r < end; ++r)
      for (const int64_t place : first_)
        for (int64_t k = 0; k < run_; ++k, ++i) f(i, place + k * step_);
  }

  bool invert_ = false;
  int64_t places_ = 1, run_ = 1, step_ = 0;
  std::vector<int64_t> first_{0};  // place of the first element of each run of a sample
  std::vector<float> own_[2];
  const float* mean_ = nullptr;
  const float* variance_ = nullptr;
};

}  // namespace

std::unique_ptr<Op> normalization(const Value& spec, const OpEnv& env) { return std::make_unique<Normalization>(spec, env); }

}  // namespace gemmfit::ops
