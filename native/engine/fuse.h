#pragma once
#include "native/engine/graph.h"

namespace gemmfit {

// What ops that follow each other do together: each rule looks at an edge between the op that makes a value and the only one that reads it,
// at what both say of themselves (op.h), and tells them. All such rules are here, and results keep their bits.
void fuse(Graph& graph);

// The rule that needs to know which values share memory: gradients that may lie where the input is.
void fuseInPlace(Graph& graph);

}  // namespace gemmfit
