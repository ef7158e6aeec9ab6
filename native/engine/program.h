#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/value.h"

namespace gemmfit {

// One op of a program: the values it reads, and the one it makes. Three ops read none, see `Source`.
struct Node {
  const Value* spec;  // the program's own
  std::string op;     // as the registry calls it
  std::string label;  // of its layer, for messages
  std::vector<int> inputs;
  int output = 0;
  std::vector<int> weights;  // positions among the network's
  uint64_t seed = 0;         // its key for random numbers
};

// Where a value comes from that no op computes: a `weight` as it is, a `constant` of the program, the `label`s of the batch. Weights and
// constants are single: one for the whole batch.
enum class Source { none, batch, label, weight, constant };
Source sourceOf(const std::string& op);

// A model as ops over numbered values. Value 0 is the batch; every other one is made by one op, and any number of ops may read it. An op
// stands behind those whose values it reads. Shapes come later: see graph.h.
class Program {
 public:
  // spec: { seed, ops: [{ op, inputs, output, weights?, stream?, label?, ... }], result, logits?, losses?, addedLosses?, metricValues?,
  // head? }. `stream` is a path of numbers that gives the op its random numbers, by default its place counted from 1. The op `byMode` reads
  // two values, and makes the first one in training, else the second. Throws Error ERR_SPEC.
  Program(std::shared_ptr<const Value> spec, int64_t weights);

  const Value& spec() const { return *spec_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  int values() const { return static_cast<int>(nodes_.size()) + 1; }
  int result() const { return result_; }  // the predictions
  int logits() const { return logits_; }  // what a last sigmoid or softmax makes them of, where a loss may read that instead; else below 0
  int losses() const { return losses_; }  // of items, where ops compute them; else below 0
  const std::vector<int>& addedLosses() const { return addedLosses_; }    // single numbers that are added to the loss
  const std::vector<int>& metricValues() const { return metricValues_; }  // what metrics take that ops compute
  // Whether an op reads the weight that knows nothing of rows that are behind (LazyRows).
  bool isReadWhole(int weight) const;

 private:
  Node node(const Value& op, uint64_t seed, int64_t weights, const std::vector<bool>& made) const;
  void refuseUnread() const;

  std::shared_ptr<const Value> spec_;
  std::vector<Node> nodes_;
  int result_ = 0, logits_ = -1, losses_ = -1;
  std::vector<int> addedLosses_, metricValues_;
};

}  // namespace gemmfit
