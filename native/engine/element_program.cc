#include "native/engine/element_program.h"

namespace gemmfit {
namespace {

// Registers of code on a tape, which are computed when they are first asked for.
class OnTape {
 public:
  OnTape(const ElementCode& code, const std::vector<ElementTape::Input>& inputs, ElementTape& tape)
      : code_(code), tape_(tape), at_(asSize(code.registers()), -1) {
    for (int k = 0; k < code.inputs; ++k) at_[asSize(k)] = tape.input(inputs[asSize(k)]);
  }
  void set(int r, int at) { at_[asSize(r)] = at; }
  // Registers stand behind those they are of, so that going up does without recursion.
  int operator()(int r) {
    if (at_[asSize(r)] < 0)
      for (const int i : missing(r)) at_[asSize(i)] = tape_.line(lineOf(i), all(lineOf(i).of));
    return at_[asSize(r)];
  }
  std::vector<int> all(const std::vector<int>& of) {
    std::vector<int> is;
    for (const int r : of) is.push_back((*this)(r));
    return is;
  }
  const ElementLine& lineOf(int r) const { return code_.lines[asSize(r - code_.inputs)]; }

 private:
  std::vector<int> missing(int r) const {
    std::vector<bool> needed(at_.size(), false);
    needed[asSize(r)] = true;
    for (int i = r; i >= code_.inputs; --i)
      if (needed[asSize(i)] && at_[asSize(i)] < 0)
        for (const int of : lineOf(i).of) needed[asSize(of)] = true;
    std::vector<int> is;
    for (int i = code_.inputs; i <= r; ++i)
      if (needed[asSize(i)] && at_[asSize(i)] < 0) is.push_back(i);
    return is;
  }
  const ElementCode& code_;
  ElementTape& tape_;
  std::vector<int> at_;
};

bool readsY(const ElementLine& line, size_t k) {
  return line.activation ? line.activation->backwardReadsY() : (line.instruction->slopes[k].reads & Instruction::kReadsY) != 0;
}

// The operands that the slope of operand k reads; the others need not be computed.
std::vector<int> operands(const ElementLine& line, size_t k, OnTape& at) {
  std::vector<int> of(line.of.size(), -1);
  for (size_t i = 0; i < of.size(); ++i)
    if (line.activation ? !line.activation->backwardReadsY() : (line.instruction->slopes[k].reads >> i & 1u) != 0) of[i] = at(line.of[i]);
  return of;
}

bool flows(const ElementLine& line, size_t k) { return line.activation || line.instruction->slopes[k].kind != Instruction::Slope::none; }

}  // namespace

ElementTape forwardTape(const std::string& who, const ElementCode& code, const std::vector<ElementTape::Input>& inputs,
                        const std::vector<int>& outputs, const std::vector<int>& over) {
  ElementTape tape;
  OnTape at(code, inputs, tape);
  for (size_t j = 0; j < outputs.size(); ++j) tape.output(at(outputs[j]), over[j]);
  tape.finish(who);
  return tape;
}

ElementTape gradientTape(const std::string& who, const ElementCode& code, const std::vector<ElementTape::Input>& inputs,
                         const std::vector<bool>& wanted, bool firstOverDy) {
  ElementTape tape;
  OnTape at(code, inputs, tape);
  at.set(code.last(), tape.input(ElementTape::Input::plain));
  std::vector<int> gradients(asSize(code.registers()), -1);
  std::vector<bool> learns = wanted;  // of each register: something wanted is below it
  for (const ElementLine& line : code.lines) {
    bool any = false;
    for (size_t k = 0; k < line.of.size(); ++k) any = any || (learns[asSize(line.of[k])] && flows(line, k));
    learns.push_back(any);
  }
  gradients.back() = tape.input(ElementTape::Input::plain);
  for (int r = code.last(); r >= code.inputs; --r) {
    const int dy = gradients[asSize(r)];
    const ElementLine& line = at.lineOf(r);
    for (size_t k = 0; k < line.of.size() && dy >= 0; ++k) {
      if (!learns[asSize(line.of[k])] || !flows(line, k)) continue;
      const int part = tape.slope(line, k, operands(line, k, at), readsY(line, k) ? at(r) : -1, dy);
      int& sum = gradients[asSize(line.of[k])];
      sum = sum < 0 ? part : tape.add(sum, part);
    }
  }
  bool first = true;
  for (size_t k = 0; k < wanted.size(); ++k) {
    if (!wanted[k]) continue;
    tape.output(gradients[k] < 0 ? tape.zero() : gradients[k], first && firstOverDy ? code.inputs + 1 : -1);
    first = false;
  }
  tape.finish(who);
  return tape;
}

}  // namespace gemmfit
