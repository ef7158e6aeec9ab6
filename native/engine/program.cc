#include "native/engine/program.h"

#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/engine/philox.h"
#include "native/kernels/sizes.h"

namespace gemmfit {
namespace {

[[noreturn]] void refuse(const Node& node, const std::string& what) { throw Error("ERR_SPEC", "the op '" + node.op + "' " + what); }

bool contains(const std::vector<int>& list, int value) { return std::find(list.begin(), list.end(), value) != list.end(); }

}  // namespace

Program::Program(std::shared_ptr<const Value> spec, int64_t weights) : spec_(std::move(spec)) {
  const uint64_t seed = static_cast<uint64_t>(spec_->integer("seed", 0));
  const Value::Array& ops = spec_->items("ops");
  std::vector<bool> made(ops.size() + 1, false);
  made[0] = true;
  for (const Value& op : ops) {
    nodes_.push_back(node(op, seed, weights, made));
    made[asSize(nodes_.back().output)] = true;
  }
  const auto checked = [&](const char* key, int64_t id) {
    if (id < 0 || id >= values()) throw Error("ERR_SPEC", std::string("the program's '") + key + "' is not one of its values");
    return static_cast<int>(id);
  };
  const auto list = [&](const char* key) {
    std::vector<int> ids;
    for (const int64_t id : spec_->integers(key)) ids.push_back(checked(key, id));
    return ids;
  };
  result_ = checked("result", spec_->integer("result"));
  if (spec_->has("logits")) logits_ = checked("logits", spec_->integer("logits"));
  if (spec_->has("losses")) losses_ = checked("losses", spec_->integer("losses"));
  addedLosses_ = list("addedLosses");
  metricValues_ = list("metricValues");
  refuseUnread();
}

Node Program::node(const Value& op, uint64_t seed, int64_t weights, const std::vector<bool>& made) const {
  Node n;
  n.spec = &op;
  n.op = op.text("op", "");
  n.label = op.text("label", "an op");
  for (const int64_t id : op.integers("inputs")) {
    if (id < 0 || id >= static_cast<int64_t>(made.size()) || !made[asSize(id)]) refuse(n, "reads a value that no op before it makes");
    n.inputs.push_back(static_cast<int>(id));
  }
  if (n.inputs.empty() == (sourceOf(n.op) == Source::none))
    refuse(n, n.inputs.empty() ? "reads no value" : "reads values, and is a source of them");
  if (n.op == "byMode" && n.inputs.size() != 2) refuse(n, "reads two values");
  const int64_t output = op.integer("output");
  if (output < 1 || output >= static_cast<int64_t>(made.size()) || made[asSize(output)])
    refuse(n, "makes a value that is there, or whose number is above that of the ops");
  n.output = static_cast<int>(output);
  for (const int64_t id : op.integers("weights")) {
    if (id < 0 || id >= weights) refuse(n, "names a weight that is not there");
    n.weights.push_back(static_cast<int>(id));
  }
  if (n.op == "weight" && n.weights.size() != 1) refuse(n, "names one weight");
  n.seed = seed;
  std::vector<int64_t> stream = op.integers("stream");
  if (stream.empty()) stream = {static_cast<int64_t>(nodes_.size()) + 1};
  for (const int64_t key : stream) n.seed = mixKey(n.seed, static_cast<uint64_t>(key));
  return n;
}

Source sourceOf(const std::string& op) {
  return op == "weight" ? Source::weight : op == "constant" ? Source::constant : op == "label" ? Source::label : Source::none;
}

// What an op makes for nobody would have a gradient that nobody writes.
void Program::refuseUnread() const {
  for (const Node& n : nodes_)
    if (n.output != result_ && n.output != losses_ && !contains(addedLosses_, n.output) && !contains(metricValues_, n.output) &&
        std::none_of(nodes_.begin(), nodes_.end(), [&](const Node& other) { return contains(other.inputs, n.output); }))
      refuse(n, "makes a value that nobody reads");
}

bool Program::isReadWhole(int weight) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& n) { return !readsRows(n.op) && contains(n.weights, weight); });
}

}  // namespace gemmfit
