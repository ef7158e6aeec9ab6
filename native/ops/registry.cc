#include "native/engine/op.h"
#include "native/engine/parts.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace ops {
#define GEMMFIT_OP(name) std::unique_ptr<Op> name(const Value& spec, const OpEnv& env);
#define GEMMFIT_OP_OF_ROWS GEMMFIT_OP
#define GEMMFIT_OP_WITHOUT_GRADIENTS GEMMFIT_OP
#include "native/ops/registry.def"
#undef GEMMFIT_OP
#undef GEMMFIT_OP_OF_ROWS
#undef GEMMFIT_OP_WITHOUT_GRADIENTS
}  // namespace ops

namespace {

struct Kind {
  OpFactory make;
  bool readsRows = false;
  bool handsOver = true;
};

Parts<Kind>& kinds() {
  static Parts<Kind> all = {
#define GEMMFIT_OP(name) {#name, {ops::name}},
#define GEMMFIT_OP_OF_ROWS(name) {#name, {ops::name, true}},
#define GEMMFIT_OP_WITHOUT_GRADIENTS(name) {#name, {ops::name, false, false}},
#include "native/ops/registry.def"
#undef GEMMFIT_OP
#undef GEMMFIT_OP_OF_ROWS
#undef GEMMFIT_OP_WITHOUT_GRADIENTS
  };
  return all;
}

}  // namespace

std::unique_ptr<Op> makeOp(const Value& spec, const OpEnv& env) { return partOf(kinds(), "op", spec).make(spec, env); }

bool readsRows(const std::string& op) {
  const auto it = kinds().find(op);
  return it != kinds().end() && it->second.readsRows;
}

bool handsOver(const std::string& op) {
  const auto it = kinds().find(op);
  return it == kinds().end() || it->second.handsOver;
}

void addOp(const std::string& name, OpFactory factory) { kinds()[name] = {factory}; }

State stateOf(const char* op, const Value& spec, const OpEnv& env, int64_t rowFloats) {
  const int64_t id = spec.integer("state");
  if (id < 0 || id >= static_cast<int64_t>(env.states.size()))
    throw Error("ERR_SPEC", std::string(op) + ": it names a state that is not there");
  return {env.states[asSize(id)], rowFloats};
}

}  // namespace gemmfit
