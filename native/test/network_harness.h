#pragma once
#include <cmath>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "native/engine/network.h"
#include "native/engine/philox.h"

namespace gemmfit::testing {

// Runs a request on the pool, as the addon does.
class PoolRun : public Job {
 public:
  PoolRun(std::shared_ptr<Network> n, Feed& f, RunRequest r)
      : network(std::move(n)), feed(f), request(std::move(r)), team_(task, network.get()) {}
  void run() override { done.set_value(network->run(feed, request, &team_)); }
  Team* team() override { return &team_; }
  std::shared_ptr<Network> network;
  Feed& feed;
  RunRequest request;
  std::promise<RunResult> done;

 private:
  static void task(void* context, int stage, int64_t t) { static_cast<Network*>(context)->runStage(stage, t); }
  Team team_;
};

// A network put together by hand: ops with their weights, a loss and an optimizer.
struct Model {
  Value::Array ops, described, metrics;
  std::vector<VariablePtr> variables, slots;
  Value::Object optimizer{{"optimizer", "sgd"}};
  Value::Object loss{{"loss", "meanSquaredError"}};
  std::string reduction = "sum_over_batch_size";
  double lossWeight = 1;
  bool logits = false;
  int64_t labelWidth = 1;
  int slotsEach = 0;
  int result = -1;      // value; by default the last op's
  Value::Object roots;  // further values that the program names: losses, addedLosses, metricValues
  uint64_t seed = 11;
  std::shared_ptr<Network> network;

  int weight(const Shape& shape, double scale, Value::Object extra = {}) {
    auto v = std::make_shared<Variable>(shape);
    const int id = static_cast<int>(variables.size());
    for (int64_t i = 0; i < v->size; ++i)
      v->data()[i] = static_cast<float>((unitOpen(Philox(seed, static_cast<uint64_t>(id), static_cast<uint64_t>(i)).v[0]) * 2 - 1) * scale);
    variables.push_back(v);
    extra.emplace("trainable", true);
    const bool trains = Value(extra).flag("trainable", true);
    described.push_back(Value(std::move(extra)));
    if (trains)
      for (int k = 0; k < slotsEach; ++k) slots.push_back(std::make_shared<Variable>(shape));
    return id;
  }
  // Puts an op behind the last one, or over the values that are named, and tells what it makes.
  int add(Value::Object op, const std::vector<int>& inputs = {}) {
    op["inputs"] = inputs.empty() ? Value::Array{last()} : Value::Array(inputs.begin(), inputs.end());
    op["output"] = last() + 1;
    ops.push_back(Value(std::move(op)));
    return last();
  }
  // A value that no op makes: a weight, a constant or the labels.
  int source(Value::Object op) {
    op["output"] = last() + 1;
    ops.push_back(Value(std::move(op)));
    return last();
  }
  int last() const { return static_cast<int>(ops.size()); }
  void dense(int64_t in, int64_t units, Value::Object extra = {}) {
    const int w = weight({in, units}, std::sqrt(3.0 / static_cast<double>(in)), extra), b = weight({units}, 0.3);
    add({{"op", "dense"}, {"units", units}, {"weights", Value::Array{w, b}}});
  }
  void activation(const char* name) { add({{"op", "activation"}, {"activation", name}}); }

  void build() {
    Value::Object head{{"loss", loss},     {"reduction", reduction},   {"lossWeight", lossWeight},
                       {"logits", logits}, {"labelWidth", labelWidth}, {"metrics", metrics}};
    if (loss.empty()) head.erase("loss");
    Value::Object program{{"seed", static_cast<int64_t>(seed)},
                          {"ops", ops},
                          {"result", result < 0 ? last() : result},
                          {"variables", described},
                          {"optimizer", optimizer},
                          {"head", head}};
    if (logits) program["logits"] = last() - 1;
    program.insert(roots.begin(), roots.end());
    network = std::make_shared<Network>(Value(std::move(program)), variables, slots);
  }
  std::vector<float> values() const {
    std::vector<float> all;
    for (const auto& v : variables) all.insert(all.end(), v->data(), v->data() + v->size);
    return all;
  }
  void restore(const std::vector<float>& all) {
    const float* from = all.data();
    for (const auto& v : variables) {
      std::copy(from, from + v->size, v->data());
      from += v->size;
    }
  }
};

// Data of one set; `labels` are made by a function of (row, element).
struct Samples {
  std::vector<float> x, y, w;
  Shape sample;
  FeedSpec spec;
  template <class Label>
  Samples(int64_t rows, const Shape& shape, int64_t labelSize, Label label, int64_t weightSize = 0) : sample(shape) {
    x.resize(static_cast<size_t>(rows * sizeOf(shape)));
    for (size_t i = 0; i < x.size(); ++i) x[i] = unitFloat(Philox(99, 1, i).v[0]) * 2 - 1;
    y.resize(static_cast<size_t>(rows * labelSize));
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t k = 0; k < labelSize; ++k) y[static_cast<size_t>(r * labelSize + k)] = static_cast<float>(label(r, k));
    w.resize(static_cast<size_t>(rows * weightSize));
    for (size_t i = 0; i < w.size(); ++i) w[i] = unitFloat(Philox(98, 1, i).v[0]) * 2;
    spec.x = {x.data(), ElementType::float32, rows, sizeOf(shape)};
    spec.y = {y.data(), ElementType::float32, rows, labelSize};
    if (weightSize) spec.weights = {w.data(), ElementType::float32, rows, weightSize};
    spec.count = rows;
    spec.batch = rows;
  }
  RunRequest request(Mode mode, int64_t steps, float lr = 0.1f) const {
    RunRequest r;
    r.mode = mode;
    r.sampleShape = sample;
    r.weightSteps = spec.weights.rowSize;
    r.steps = steps;
    r.learningRates = {lr};
    return r;
  }
};

}  // namespace gemmfit::testing
