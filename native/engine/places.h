#pragma once
#include "native/engine/graph.h"

namespace gemmfit {

// Which values share memory: what an op makes may lie where its input is, if nothing reads that later.
void placeValues(Graph& graph, bool lossReadsLogits);

// Which gradients do: dx may lie where dy is, or (fuseInPlace) where x is. Of several who write a gradient the first has its place; others
// add to it themselves where they can, else they have a place of their own and the planner adds.
void placeGradients(Graph& graph);

}  // namespace gemmfit
