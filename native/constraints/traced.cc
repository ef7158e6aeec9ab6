// Constraints that users write as elementwise code: register 0 is the weight, the last one what it becomes.
#include <algorithm>

#include "native/engine/constraint.h"
#include "native/engine/element_program.h"

namespace gemmfit {
namespace {

class Traced : public Constraint {
 public:
  Traced(const Value& spec, int64_t n) : n_(n), tape_(tapeOf(ElementCode("constraint", spec.items("code"), 1))) {}
  void apply(float* w) override {
    TapeRun run(tape_);
    run.begin();
    for (int64_t from = 0; from < n_; from += tape_.block()) {
      run.read(0, w + from);
      run.write(0, w + from);
      run.run(std::min(tape_.block(), n_ - from));
    }
  }

 private:
  static ElementTape tapeOf(const ElementCode& code) {
    return forwardTape("constraint", code, {ElementTape::Input::plain}, {code.last()}, {0});
  }
  int64_t n_;
  ElementTape tape_;
};

}  // namespace

namespace constraints {
// spec: { code }
std::unique_ptr<Constraint> traced(const Value& spec, const Shape& shape) { return std::make_unique<Traced>(spec, sizeOf(shape)); }
}  // namespace constraints
}  // namespace gemmfit
