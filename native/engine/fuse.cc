#include "native/engine/fuse.h"
#include "native/kernels/sizes.h"

#include <algorithm>

namespace gemmfit {
namespace {

// The op that makes what op i reads first, where no other reads it; null else.
GraphOp* below(Graph& graph, int i) {
  const int value = graph.ops[asSize(i)].inputs[0], maker = graph.value(value).maker;
  return maker >= 0 && graph.isOnlyReader(i, value) ? &graph.ops[asSize(maker)] : nullptr;
}

// A mean over steps above an embedding: the rows are added up where they are in the table, and the embedded steps are never written.
void sumStepsBelow(Graph& graph, int i) {
  GraphOp* maker = below(graph, i);
  if (!maker || !graph.op(i).readsStepSums || !maker->op->stepSums()) return;
  graph.op(i).xSums = maker->op->stepSums();
  maker->op->yIsSummed = true;
}

// A convolution or a max pool above a ReLU: while it writes its input's gradient it looks at the input's sign, so that the ReLU needs no
// backward pass.
void maskGradient(Graph& graph, int i) {
  GraphOp* maker = below(graph, i);
  if (!maker || !graph.op(i).canMaskDx || !maker->op->isRelu || !graph.wantsDx({i, 0}) || !maker->runsBackward()) return;
  if (!graph.isOnlyReader(graph.value(maker->output).maker, maker->inputs[0])) return;
  graph.op(i).masksDx = true;
  maker->backward = GraphOp::Backward::passes;
}

// A gradient that is the same for all steps of a sample, above an op that can read it so: one step is written.
void shareSteps(Graph& graph, int i) {
  GraphOp* maker = below(graph, i);
  Op& op = graph.op(i);
  if (!maker || op.alikeSteps == 0 || !maker->op->takesSharedDy || !graph.wantsDx({i, 0}) || !maker->runsBackward()) return;
  op.sharesDx = true;
  maker->op->dySteps = op.alikeSteps;
}

// Whether no other backward pass needs what lies in the place of the value that op i reads first, or has its gradient there.
bool isReadLast(const Graph& graph, int i) {
  const int place = graph.value(graph.ops[asSize(i)].inputs[0]).place;
  for (int j = 0; j < graph.count(); ++j) {
    const GraphOp& other = graph.ops[asSize(j)];
    if (j == i || !other.runsBackward()) continue;
    const bool reads = std::any_of(other.inputs.begin(), other.inputs.end(), [&](int id) { return graph.value(id).place == place; });
    const bool makes = graph.value(other.output).place == place;
    if (reads && (!makes || other.op->readsX || other.op->masksDx)) return false;
    if (makes && other.op->readsY) return false;
  }
  return true;
}

// A gradient in the place of its op's input, where nothing else needs that any more.
void replaceInput(Graph& graph, int i) {
  const Reader edge{i, 0};
  const int value = graph.ops[asSize(i)].inputs[0];
  if (!graph.op(i).canReplaceX || !graph.wantsDx(edge) || !graph.isFirstWriter(edge)) return;
  if (graph.isForeign(graph.value(value).place) || !isReadLast(graph, i)) return;
  graph.op(i).replacesX = true;
}

}  // namespace

void fuse(Graph& graph) {
  for (int i = 0; i < graph.count(); ++i) {
    sumStepsBelow(graph, i);
    maskGradient(graph, i);
    shareSteps(graph, i);
  }
}

void fuseInPlace(Graph& graph) {
  for (int i = 0; i < graph.count(); ++i) replaceInput(graph, i);
}

}  // namespace gemmfit
