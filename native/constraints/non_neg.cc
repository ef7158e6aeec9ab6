#include "native/engine/constraint.h"

namespace gemmfit {
namespace {

class NonNeg : public Constraint {
 public:
  explicit NonNeg(int64_t n) : n_(n) {}
  void apply(float* w) override {
    for (int64_t i = 0; i < n_; ++i) w[i] = w[i] < 0 ? 0.0f : w[i];
  }

 private:
  int64_t n_;
};

}  // namespace

namespace constraints {
std::unique_ptr<Constraint> nonNeg(const Value& /*spec*/, const Shape& shape) { return std::make_unique<NonNeg>(sizeOf(shape)); }
}  // namespace constraints
}  // namespace gemmfit
