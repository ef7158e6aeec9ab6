// Rules that users write as elementwise code.
#include <algorithm>

#include "native/engine/element_program.h"
#include "native/engine/error.h"
#include "native/engine/optimizer.h"

namespace gemmfit {
namespace {

constexpr int kMostSlots = 8;
constexpr int kW = 0, kG = 1, kFirstSlot = 2;

// Registers of the code: the weight, its gradient, the slots, the learning rate, the iteration counted from 1. What hangs on the last two
// and on constants alone is computed once a step.
class Traced : public Optimizer {
 public:
  explicit Traced(const Value& spec)
      : slots_(static_cast<int>(spec.integer("slots", 0))),
        tape_(tapeOf(slots_, ElementCode("optimizer", spec.items("code"), kFirstSlot + slots_ + 2), spec)) {}

  int slots() const override { return slots_; }

  void begin(double lr, int64_t t) override {
    TapeRun run(tape_);
    run.setUniform(kFirstSlot + slots_, static_cast<float>(lr));
    run.setUniform(kFirstSlot + slots_ + 1, static_cast<float>(t));
    run.begin();
    run.copyUniforms(uniforms_);
  }

  void update(float* w, const float* g, float* const* slot, int64_t n) const override {
    TapeRun run(tape_);
    run.begin(uniforms_);
    for (int64_t from = 0; from < n; from += tape_.block()) {
      run.read(kW, w + from);
      run.read(kG, g + from);
      run.write(0, w + from);
      for (int k = 0; k < slots_; ++k) {
        run.read(kFirstSlot + k, slot[k] + from);
        run.write(asSize(k + 1), slot[k] + from);
      }
      run.run(std::min(tape_.block(), n - from));
    }
  }

 private:
  static ElementTape tapeOf(int slots, const ElementCode& code, const Value& spec) {
    std::vector<int> outputs, over;
    for (const int64_t r : spec.integers("outputs")) {
      if (r < 0 || r > code.last())
        throw Error("ERR_SPEC", "optimizer: it puts out register " + std::to_string(r) + ", which is not there");
      outputs.push_back(static_cast<int>(r));
    }
    if (static_cast<int>(outputs.size()) != 1 + slots)
      throw Error("ERR_SPEC", "optimizer: of " + std::to_string(slots) + " slots it puts out " + std::to_string(1 + slots) +
                                  " values, the weight's first. Received: " + std::to_string(outputs.size()));
    std::vector<ElementTape::Input> inputs(asSize(code.inputs), ElementTape::Input::plain);
    inputs[asSize(kFirstSlot + slots)] = inputs[asSize(kFirstSlot + slots + 1)] = ElementTape::Input::uniform;
    over.push_back(kW);
    for (int k = 0; k < slots; ++k) over.push_back(kFirstSlot + k);
    return forwardTape("optimizer", code, inputs, outputs, over);
  }

  int slots_;
  ElementTape tape_;
  std::vector<float> uniforms_;
};

}  // namespace

namespace optimizers {
// spec: { code, slots: how many, outputs: [the register of the new weight, then of each slot] }
std::unique_ptr<Optimizer> traced(const Value& spec) {
  const int64_t slots = spec.integer("slots", 0);
  if (slots < 0 || slots > kMostSlots)
    throw Error("ERR_SPEC", "optimizer: it may keep 0 to " + std::to_string(kMostSlots) + " slots. Received: " + std::to_string(slots));
  return std::make_unique<Traced>(spec);
}
}  // namespace optimizers
}  // namespace gemmfit
