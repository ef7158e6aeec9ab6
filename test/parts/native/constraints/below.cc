#include "native/engine/constraint.h"

namespace gemmfit {
namespace {

class Below : public Constraint {
 public:
  Below(float limit, int64_t n) : limit_(limit), n_(n) {}
  void apply(float* w) override {
    for (int64_t i = 0; i < n_; ++i) w[i] = w[i] > limit_ ? limit_ : w[i];
  }

 private:
  float limit_;
  int64_t n_;
};

}  // namespace

namespace constraints {
// spec: { limit }
std::unique_ptr<Constraint> below(const Value& spec, const Shape& shape) {
  return std::make_unique<Below>(static_cast<float>(spec.number("limit", 1)), sizeOf(shape));
}
}  // namespace constraints
}  // namespace gemmfit
