#pragma once
#include "native/engine/element_tape.h"

namespace gemmfit {

// Elementwise code as a tape, whose outputs are these registers of the code. over: of each
// output the input in whose memory it may lie, see ElementTape::output.
ElementTape forwardTape(const std::string& who, const ElementCode& code, const std::vector<ElementTape::Input>& inputs,
                        const std::vector<int>& outputs, const std::vector<int>& over);

// Its gradient. Reads the inputs of the code, then y, then dy, the gradient of its last register; puts out that of each input that is
// wanted, in their order. What it needs of the code it computes anew. firstOverDy: the first output may lie in dy's memory.
ElementTape gradientTape(const std::string& who, const ElementCode& code, const std::vector<ElementTape::Input>& inputs,
                         const std::vector<bool>& wanted, bool firstOverDy);

}  // namespace gemmfit
