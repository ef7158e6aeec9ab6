#pragma once

namespace gemmfit {

enum class Mode { train, test, predict };

}  // namespace gemmfit
