#include "native/engine/regularizer.h"

namespace gemmfit {
namespace {

class L4 : public Regularizer {
 public:
  explicit L4(double factor) : factor_(factor) {}
  double value(const float* w, int64_t n) override {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(w[i]) * w[i] * w[i] * w[i];
    return factor_ * sum;
  }
  void addGradient(const float* w, float* g, int64_t n) override {
    for (int64_t i = 0; i < n; ++i) g[i] += static_cast<float>(4 * factor_) * w[i] * w[i] * w[i];
  }

 private:
  double factor_;
};

}  // namespace

namespace regularizers {
// spec: { factor }
std::unique_ptr<Regularizer> l4(const Value& spec, const Shape& /*shape*/) { return std::make_unique<L4>(spec.number("factor", 0.01)); }
}  // namespace regularizers
}  // namespace gemmfit
