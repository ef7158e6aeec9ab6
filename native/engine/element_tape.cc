#include "native/engine/element_tape.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "native/engine/error.h"

namespace gemmfit {
namespace {

constexpr int64_t kMostElements = 1024, kFewElements = 64, kAlign = 16;
constexpr int64_t kCached = 6144;  // floats of all blocks together that stay in the first-level cache beside what is read and written

const Instruction& instruction(const char* name) { return *findInstruction(name); }

}  // namespace

// --- making one

int ElementTape::input(Input kind) {
  registers_.push_back({kind == Input::uniform});
  inputs_.push_back({static_cast<int>(registers_.size()) - 1, kind});
  return inputs_.back().r;
}

int ElementTape::constant(float value) {
  for (const auto& [r, has] : constants_)
    if (std::memcmp(&has, &value, sizeof(value)) == 0) return r;
  registers_.push_back({true});
  constants_.emplace_back(static_cast<int>(registers_.size()) - 1, value);
  return constants_.back().first;
}

int ElementTape::add(Call call, bool uniform) {
  registers_.push_back({uniform, static_cast<int>(calls_.size())});
  call.out = static_cast<int>(registers_.size()) - 1;
  calls_.push_back(std::move(call));
  return calls_.back().out;
}

int ElementTape::line(const ElementLine& line, const std::vector<int>& of) {
  if (of.empty()) return constant(line.value);
  const bool uniform = std::all_of(of.begin(), of.end(), [this](int r) { return registers_[asSize(r)].uniform; });
  return add({line.activation ? nullptr : line.instruction->forward, line.activation, false, of}, uniform);
}

int ElementTape::add(int a, int b) {
  const bool uniform = registers_[asSize(a)].uniform && registers_[asSize(b)].uniform;
  return add({instruction("add").forward, std::nullopt, false, {a, b}}, uniform);
}

int ElementTape::slope(const ElementLine& line, size_t k, const std::vector<int>& of, int y, int dy) {
  if (line.activation) {
    int saved = line.activation->backwardReadsY() ? y : of[0];
    if (registers_[asSize(saved)].uniform)  // activations read one number an element
      saved = add({instruction("copy").forward, std::nullopt, false, {saved}}, false);
    return add({nullptr, line.activation, true, {saved, dy}}, false);
  }
  const Instruction::Slope& slope = line.instruction->slopes[k];
  if (slope.kind == Instruction::Slope::pass) return dy;
  std::vector<int> reads(kMostRead, -1);
  for (size_t i = 0; i < of.size(); ++i)
    if (slope.reads >> i & 1u) reads[i] = of[i];
  if (slope.reads & Instruction::kReadsY) reads[kY] = y;
  reads[kDy] = dy;
  return add({slope.loop, std::nullopt, false, std::move(reads)}, false);
}

void ElementTape::output(int r, int over) {
  // Of an input a copy is put out, which is taken before any output is written over that input.
  if (registers_[asSize(r)].maker < 0 && !registers_[asSize(r)].uniform)
    r = add({instruction("copy").forward, std::nullopt, false, {r}}, false);
  outputs_.push_back({r, over});
}

// --- its memory

void ElementTape::finish(const std::string& who) {
  sortCalls();
  placeUniform();
  placeBlocks();
  for (std::vector<Call>* calls : {&once_, &each_})
    for (Call& call : *calls) call.out = registers_[asSize(call.out)].place;
  for (std::vector<Call>* calls : {&once_, &each_, &last_})
    for (Call& call : *calls) address(call);
  for (auto& [r, value] : constants_) r = registers_[asSize(r)].place;
  calls_.clear();
  chooseBlock(who);
}

// Those that outputs hang on, the others fall away.
void ElementTape::sortCalls() {
  std::vector<bool> needed(registers_.size(), false);
  for (const Output& o : outputs_) needed[asSize(o.from)] = true;
  for (size_t i = calls_.size(); i-- > 0;)
    if (needed[asSize(calls_[i].out)])
      for (const int r : calls_[i].of)
        if (r >= 0) needed[asSize(r)] = true;
  for (Call& call : calls_)
    if (needed[asSize(call.out)]) (registers_[asSize(call.out)].uniform ? once_ : each_).push_back(std::move(call));
}

void ElementTape::placeUniform() {
  int place = firstUniform();
  for (size_t k = 0; k < inputs_.size(); ++k) {
    Register& r = registers_[asSize(inputs_[k].r)];
    r.place = r.uniform ? place++ : static_cast<int>(k);
  }
  for (const auto& [r, value] : constants_) registers_[asSize(r)].place = place++;
  for (const Call& call : once_) registers_[asSize(call.out)].place = place++;
  uniforms_ = place - firstUniform();
}

int ElementTape::newBlock() {
  if (!freeBlocks_.empty()) {
    const int block = freeBlocks_.back();
    freeBlocks_.pop_back();
    return block;
  }
  return firstUniform() + uniforms_ + blocks_++;
}

bool ElementTape::isReadAfter(int input, size_t call) const {
  for (size_t i = call + 1; i < each_.size(); ++i)
    if (std::count(each_[i].of.begin(), each_[i].of.end(), inputs_[asSize(input)].r) > 0) return true;
  return false;
}

// An output is written by the call that makes it, unless it lies over an input that is still to be read. A block is free again behind the
// last call that reads it.
void ElementTape::placeBlocks() {
  constexpr size_t kNever = std::numeric_limits<size_t>::max();
  std::vector<size_t> lastUse(registers_.size(), 0);
  for (size_t i = 0; i < each_.size(); ++i)
    for (const int r : each_[i].of)
      if (r >= 0) lastUse[asSize(r)] = i;
  for (Source& input : inputs_)
    if (input.kind == Input::copied) input.block = newBlock();
  for (Output& o : outputs_) {
    lastUse[asSize(o.from)] = kNever;
    o.block = newBlock();
  }
  for (size_t i = 0; i < each_.size(); ++i) {
    Register& made = registers_[asSize(each_[i].out)];
    for (size_t j = 0; j < outputs_.size() && made.place < 0; ++j)
      if (outputs_[j].from == each_[i].out && (outputs_[j].over < 0 || !isReadAfter(outputs_[j].over, i))) made.place = outputPlace(j);
    if (made.place < 0) made.place = newBlock();
    for (size_t k = 0; k < each_[i].of.size(); ++k) {
      const int r = each_[i].of[k];
      if (r < 0 || lastUse[asSize(r)] != i || registers_[asSize(r)].place < firstUniform() + uniforms_) continue;
      freeBlocks_.push_back(registers_[asSize(r)].place);
      lastUse[asSize(r)] = kNever;  // given back once
    }
  }
  for (size_t j = 0; j < outputs_.size(); ++j)
    if (registers_[asSize(outputs_[j].from)].place != outputPlace(j))
      last_.push_back({instruction("copy").forward, std::nullopt, false, {outputs_[j].from}, outputPlace(j)});
}

void ElementTape::address(Call& call) const {
  for (size_t k = 0; k < call.of.size(); ++k) {
    const Register& r = registers_[asSize(call.of[k] < 0 ? call.of.back() : call.of[k])];  // what is not read is what is there
    call.strides[k] = r.uniform ? 0 : 1;
    call.of[k] = r.place;
  }
}

void ElementTape::chooseBlock(const std::string& who) {
  const int64_t blocks = std::max(blocks_, 1), rest = TapeRun::kFloats - uniforms_ * kUniformFloats;
  const auto fitting = [blocks](int64_t floats) { return floats / blocks / kAlign * kAlign; };
  block_ = std::min({kMostElements, std::max(fitting(kCached), kFewElements), fitting(rest)});
  if (block_ < kAlign || firstUniform() + uniforms_ + blocks_ > TapeRun::kMostPlaces)
    throw Error("ERR_SPEC", who + ": its code has " + std::to_string(uniforms_) + " numbers and " + std::to_string(blocks_) +
                                " values that are needed at the same time, which are too many. Compute it in two parts");
}

bool ElementTape::reads(int input) const {
  const Register& r = registers_[asSize(inputs_[asSize(input)].r)];
  const auto among = [&](const std::vector<Call>& calls) {
    return std::any_of(calls.begin(), calls.end(), [&](const Call& c) { return std::count(c.of.begin(), c.of.end(), r.place) > 0; });
  };
  return among(once_) || among(each_) || among(last_);
}

// --- a run

TapeRun::TapeRun(const ElementTape& tape) : tape_(tape) {
  const int uniform = tape.firstUniform(), blocks = uniform + tape.uniforms_;
  for (int i = 0; i < tape.uniforms_; ++i) places_[uniform + i] = memory_ + i * kUniformFloats;
  float* rest = memory_ + tape.uniforms_ * kUniformFloats;
  for (int i = 0; i < tape.blocks_; ++i) places_[blocks + i] = rest + i * tape.block_;
  for (size_t k = 0; k < tape.inputs_.size(); ++k)
    if (tape.inputs_[k].kind == ElementTape::Input::copied) places_[k] = room(static_cast<int>(k));
  for (size_t j = 0; j < tape.outputs_.size(); ++j) keep(j);
}

void TapeRun::begin() {
  for (const ElementTape::Source& input : tape_.inputs_)
    if (input.kind == ElementTape::Input::uniform) spread(tape_.registers_[asSize(input.r)].place);
  for (const auto& [place, value] : tape_.constants_) {
    *places_[place] = value;
    spread(place);
  }
  for (const ElementTape::Call& call : tape_.once_) {
    run(call, 1);
    spread(call.out);
  }
}

void TapeRun::begin(const std::vector<float>& computed) {
  for (int i = 0; i < tape_.uniforms_; ++i) std::fill_n(memory_ + i * kUniformFloats, kUniformFloats, computed[asSize(i)]);
}

void TapeRun::copyUniforms(std::vector<float>& computed) const {
  computed.resize(asSize(tape_.uniforms_));
  for (int i = 0; i < tape_.uniforms_; ++i) computed[asSize(i)] = memory_[i * kUniformFloats];
}

void TapeRun::spread(int place) const { std::fill_n(places_[place], kUniformFloats, *places_[place]); }

void TapeRun::run(const ElementTape::Call& call, int64_t n) const {
  float* out = places_[call.out];
  if (call.loop) {
    Operands of;
    for (size_t k = 0; k < call.of.size(); ++k) {
      of.at[k] = places_[call.of[k]];
      of.stride[k] = call.strides[k];
    }
    return call.loop(of, out, n);
  }
  if (call.isSlope) return call.activation->backward(places_[call.of[0]], places_[call.of[1]], out, n);
  call.activation->forward(places_[call.of[0]], out, n);
}

void TapeRun::run(int64_t n) const {
  for (const ElementTape::Call& call : tape_.each_) run(call, n);
  for (const ElementTape::Call& call : tape_.last_) run(call, n);
}

}  // namespace gemmfit
