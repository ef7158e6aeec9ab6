#include <map>
#include <string>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace ops {
#define GEMMFIT_OP(name) std::unique_ptr<Op> name(const Value& spec, const OpEnv& env);
#define GEMMFIT_OP_OF_ROWS GEMMFIT_OP
#include "native/ops/registry.def"
#undef GEMMFIT_OP
}  // namespace ops

namespace {

struct Kind {
  OpFactory make;
  bool readsRows;
};

std::map<std::string, Kind>& table() {
  static std::map<std::string, Kind> all = {
#define GEMMFIT_OP(name) {#name, {ops::name, false}},
#undef GEMMFIT_OP_OF_ROWS
#define GEMMFIT_OP_OF_ROWS(name) {#name, {ops::name, true}},
#include "native/ops/registry.def"
#undef GEMMFIT_OP
#undef GEMMFIT_OP_OF_ROWS
  };
  return all;
}

}  // namespace

std::unique_ptr<Op> makeOp(const Value& spec, const OpEnv& env) {
  const std::string name = spec.text("op", "");
  const auto it = table().find(name);
  if (it == table().end()) throw Error("ERR_SPEC", "the engine has no op '" + name + "'");
  return it->second.make(spec, env);
}

bool readsRows(const std::string& op) {
  const auto it = table().find(op);
  return it != table().end() && it->second.readsRows;
}

void addOp(const std::string& name, OpFactory factory) { table()[name] = {factory, false}; }

State stateOf(const char* op, const Value& spec, const OpEnv& env, int64_t rowFloats) {
  const int64_t id = spec.integer("state");
  if (id < 0 || id >= static_cast<int64_t>(env.states.size()))
    throw Error("ERR_SPEC", std::string(op) + ": it names a state that is not there");
  return {env.states[asSize(id)], rowFloats};
}

}  // namespace gemmfit
