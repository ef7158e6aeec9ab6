#pragma once
#include "native/engine/error.h"
#include "native/engine/value.h"
#include "native/kernels/gemm/gemm.h"

namespace gemmfit::ops {

// `precision` of an op with matrix products: 'float32' where it is missing.
inline Precision readPrecision(const Value& spec) {
  const std::string name = spec.text("precision", "float32");
  if (name == "float32") return Precision::float32;
  if (name == "bfloat16") return Precision::bfloat16;
  throw Error("ERR_SPEC", "precision must be 'float32' or 'bfloat16'. Received: '" + name + "'");
}

}  // namespace gemmfit::ops
