#pragma once
#include <optional>
#include <string>
#include <vector>

#include "native/engine/element_code.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

// A straight line of loops over blocks of elements: what stays between two of them does not leave the cache. Made once, with its memory
// planned; any thread runs it with a TapeRun of its own.
class ElementTape {
 public:
  // Where an input's numbers are: in memory, one after the other; in a block of the run, where the caller copies them to; or it is one
  // number for all elements of a run. What hangs on uniform numbers alone is computed once a run.
  enum class Input { plain, copied, uniform };

  // --- making one: each call makes the next register
  int input(Input kind);
  int constant(float value);
  int line(const ElementLine& line, const std::vector<int>& of);
  int add(int a, int b);
  int zero() { return constant(0); }
  // dy times the derivative of a line by its operand k. `y` may be below 0 where that does not read it.
  int slope(const ElementLine& line, size_t k, const std::vector<int>& of, int y, int dy);
  // What comes out. Its memory may be that of an input, `over`; below 0: of none.
  void output(int r, int over = -1);
  // Error ERR_SPEC, in `who`'s name, where it needs more memory than a run has.
  void finish(const std::string& who);

  // --- of one that is finished
  bool reads(int input) const;              // its numbers are needed; counted as inputs came
  int64_t block() const { return block_; }  // the most elements at a time

 private:
  friend class TapeRun;
  struct Call {
    ElementLoop loop;                              // null: an activation's
    std::optional<ActivationFunction> activation;  // y of the first operand; or its slope, of what it saves and of dy
    bool isSlope;
    std::vector<int> of;  // registers in the order of Operands, below 0: none. When it is finished: places
    int out = -1;         // likewise
    int64_t strides[kMostRead] = {};
  };
  struct Source {
    int r;
    Input kind;
    int block = -1;  // of one that is copied
  };
  struct Register {
    bool uniform;
    int maker = -1;  // the call
    int place = -1;
  };
  struct Output {
    int from, over;
    int block = -1;  // where it is when a run gives it no memory
  };
  int add(Call call, bool uniform);
  int newBlock();
  bool isReadAfter(int input, size_t call) const;
  void sortCalls();
  void placeUniform();
  void placeBlocks();
  void address(Call& call) const;
  void chooseBlock(const std::string& who);
  int outputPlace(size_t j) const { return static_cast<int>(inputs_.size() + j); }
  int firstUniform() const { return static_cast<int>(inputs_.size() + outputs_.size()); }

  std::vector<Register> registers_;
  std::vector<Source> inputs_;
  std::vector<std::pair<int, float>> constants_;  // register, then place
  std::vector<Call> calls_, once_, each_, last_;  // those that are needed: for uniform registers, for each block, to the outputs
  std::vector<Output> outputs_;
  std::vector<int> freeBlocks_;
  // Places are the inputs, the outputs, uniform numbers, then blocks.
  int uniforms_ = 0, blocks_ = 0;
  int64_t block_ = 0;
};

// One thread's run of a tape, with the memory that it works in: setUniform and begin, then block by block what it reads and writes, and
// run.
class TapeRun {
 public:
  explicit TapeRun(const ElementTape& tape);
  void setUniform(int input, float value) { *places_[tape_.registers_[asSize(tape_.inputs_[asSize(input)].r)].place] = value; }
  void begin();
  // What hangs on uniform numbers alone, computed by another run: `begin` for many runs of the same numbers.
  void begin(const std::vector<float>& computed);
  void copyUniforms(std::vector<float>& computed) const;
  float* room(int input) { return places_[tape_.inputs_[asSize(input)].block]; }          // of one that is copied
  void read(int input, const float* from) { places_[input] = const_cast<float*>(from); }  // never written
  void write(size_t output, float* to) { places_[tape_.outputPlace(output)] = to; }
  void keep(size_t output) { write(output, places_[tape_.outputs_[output].block]); }  // until the next block
  const float* kept(size_t output) const { return places_[tape_.outputs_[output].block]; }
  void run(int64_t n) const;  // elements, at most the tape's block

  static constexpr int64_t kFloats = 16384;
  static constexpr int kMostPlaces = 768;

 private:
  void run(const ElementTape::Call& call, int64_t n) const;
  void spread(int place) const;

  const ElementTape& tape_;
  float* places_[kMostPlaces];
  alignas(64) float memory_[kFloats];
};

}  // namespace gemmfit
