// Penalties that users write as elementwise code: register 0 is the weight, the last one the penalty of an element. They are added up.
#include <algorithm>

#include "native/engine/element_program.h"
#include "native/engine/regularizer.h"
#include "native/kernels/reduce.h"

namespace gemmfit {
namespace {

class Traced : public Regularizer {
 public:
  explicit Traced(const ElementCode& code)
      : value_(forwardTape("regularizer", code, {ElementTape::Input::plain}, {code.last()}, {-1})),
        gradient_(gradientTape("regularizer", code, {ElementTape::Input::plain}, {true}, false)),
        ones_(asSize(gradient_.block()), 1.0f) {}

  double value(const float* w, int64_t n) override {
    TapeRun run(value_);
    run.begin();
    double sum = 0;
    for (int64_t from = 0; from < n; from += value_.block()) {
      const int64_t count = std::min(value_.block(), n - from);
      run.read(0, w + from);
      run.run(count);
      sum += sumOf(run.kept(0), count);
    }
    return sum;
  }

  void addGradient(const float* w, float* g, int64_t n) override {
    TapeRun first(value_), run(gradient_);
    first.begin();
    run.begin();
    run.read(2, ones_.data());
    for (int64_t from = 0; from < n; from += gradient_.block()) {
      const int64_t count = std::min(gradient_.block(), n - from);
      if (gradient_.reads(1)) {
        first.read(0, w + from);
        first.run(count);
        run.read(1, first.kept(0));
      }
      run.read(0, w + from);
      run.run(count);
      const float* slope = run.kept(0);
      for (int64_t i = 0; i < count; ++i) g[from + i] += slope[i];
    }
  }

 private:
  ElementTape value_, gradient_;
  std::vector<float> ones_;
};

}  // namespace

namespace regularizers {
// spec: { code }
std::unique_ptr<Regularizer> traced(const Value& spec, const Shape& /*shape*/) {
  return std::make_unique<Traced>(ElementCode("regularizer", spec.items("code"), 1));
}
}  // namespace regularizers
}  // namespace gemmfit
