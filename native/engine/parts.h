#pragma once
#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/value.h"

namespace gemmfit {

// The parts of a family by their names. Each registry.cc fills one from its registry.def.
template <class Part>
using Parts = std::map<std::string, Part>;

// The part of a name. Error ERR_SPEC where there is none.
template <class Part>
const Part& partOf(const Parts<Part>& parts, const char* family, const std::string& name) {
  const auto it = parts.find(name);
  if (it == parts.end()) throw Error("ERR_SPEC", std::string("the engine has no ") + family + " '" + name + "'");
  return it->second;
}

// The part that a description names, as in { loss: 'mean_squared_error' } of the family 'loss'.
template <class Part>
const Part& partOf(const Parts<Part>& parts, const char* family, const Value& spec) {
  return partOf(parts, family, spec.text(family, ""));
}

}  // namespace gemmfit
