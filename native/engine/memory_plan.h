#pragma once
#include <cstdint>
#include <vector>

#include "native/engine/gather.h"
#include "native/engine/graph.h"
#include "native/engine/head.h"
#include "native/engine/memory.h"
#include "native/engine/schedule.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

// Memory of a network's batches: one block that all its plans use in turn.
class Arena {
 public:
  float* reserve(int64_t floats);  // keeps its block where it is large enough
  int64_t bytes() const { return size_ * static_cast<int64_t>(sizeof(float)); }

 private:
  AlignedFloats block_;
  int64_t size_ = 0;
};

// Live from stage `from` to stage `to`.
struct Buffer {
  int64_t floats;
  int from, to;
  std::vector<float**> users;
  int64_t used = 0;    // floats that are not there to fill a line
  int64_t perRow = 0;  // of these, for each row of the batch, where that is all
  int64_t offset = 0;
};

// Where everything of a plan lies in the arena: values, gradients, masks, scratch and what the loss needs, by the first and the last stage
// that uses them. Rows of different chunks are in different phases of a stage, so lifetimes are counted in stages, not ops.
class MemoryPlan {
 public:
  // head: null in prediction.
  MemoryPlan(Graph& graph, const Schedule& schedule, Head* head, Mode mode, int64_t weightSteps, BatchPlaces& batch);

  void share();                  // offsets: what is alive at the same time lies side by side
  void bind(float* base) const;  // tells all users
  std::vector<Buffer> buffers;
  int64_t floats = 0;                            // of the arena
  std::vector<const float**> inputReaders;       // who reads the batch: aimed each step at the data itself where it can be read in place
  std::vector<float**> inputAliases;             // likewise, of ops that pass it on
  std::vector<std::pair<float**, int>> foreign;  // who reads a weight or a constant, and the value that shows it

 private:
  struct Span {
    int first = -1, last = -1;
    void take(int stage) {
      if (first < 0) first = stage;
      last = stage;
    }
  };
  void findSpans(const Schedule& schedule);
  int add(int64_t perRow, int64_t fixed, int from, int to);
  void extend(int buffer, int from, int to);
  void use(int buffer, const float* const* user) { buffers[asSize(buffer)].users.push_back(const_cast<float**>(user)); }
  int bufferOf(int place) const { return placed_[asSize(place)]; }
  int lastUse(int op) const;  // of what its backward pass and its weight tasks read
  void addValues();
  void useValue(int value, const float* const* user, int from, int to);
  void useOutput(const GraphOp& o, int from, int to);
  void addValue(int op);
  void addScratch(int op);
  void addMasks();
  void addHead(Head& head, int64_t weightSteps, BatchPlaces& batch);
  void addHeadValues(Head& head);
  void addGradients(Head& head);
  void addWriters(GraphValue& v, int buffer);

  Graph& graph_;
  const Mode mode_;
  std::vector<int> placed_;  // the buffer of each place of the graph
  std::vector<Span> forward_, backward_;
  std::vector<const float* const*> labelUsers_;
  std::vector<std::vector<int>> adds_;  // of each op's inputs: the stage that adds its gradient to others'; below 0: none
  int resultMask_ = -1;                 // buffer
  int gather_ = 0, headFirst_ = 0, headLast_ = 0, weightStage_ = -1, last_ = 0;
};

}  // namespace gemmfit
