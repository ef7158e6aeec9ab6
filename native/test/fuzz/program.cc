#include <algorithm>
#include <memory>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/network.h"
#include "native/test/fuzz/bytes.h"
#include "native/test/fuzz/targets.h"

namespace gemmfit::fuzz {
namespace {

constexpr int64_t kMostNumbersOfData = 1 << 14;

std::vector<VariablePtr> variables(Bytes& bytes) {
  std::vector<VariablePtr> out;
  for (int64_t n = bytes.below(48); n > 0; --n) {
    const Shape shape = bytes.shape(6);
    out.push_back(std::make_shared<Variable>(shape));
    for (int64_t i = 0; i < out.back()->size; ++i) out.back()->data()[i] = static_cast<float>(i % 7 - 3) / 8;
  }
  return out;
}

void run(Network& network, const FeedSpec& data, RunRequest request) {
  Feed feed(data);
  network.acquire(request.mode);
  try {
    network.run(feed, request, nullptr);
  } catch (const Error&) {
  }
  network.release();
  network.rest();
}

}  // namespace

void program(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  try {
    Value spec = bytes.value();
    const std::vector<VariablePtr> weights = variables(bytes), slots = variables(bytes);
    std::vector<VariablePtr> states;
    for (int64_t n = bytes.below(8); n > 0; --n) states.push_back(std::make_shared<Variable>(Shape{0}));
    const Shape sample = bytes.shape(6);
    const int64_t rows = 1 + bytes.below(5), labelSize = bytes.byte(), weightSteps = bytes.below(8), batch = 1 + bytes.below(5);
    const bool ids = bytes.flag();
    if (sizeOf(sample) * rows > kMostNumbersOfData) return;

    Network model(std::move(spec), weights, slots, states);
    const Shape out = Network(model).outputShape(sample);
    if (sizeOf(out) * rows > kMostNumbersOfData) return;

    // Memory of exactly their size, so that who reads beyond them is found.
    std::vector<float> x(static_cast<size_t>(sizeOf(sample) * rows)), y(static_cast<size_t>(labelSize * rows));
    std::vector<float> w(static_cast<size_t>(weightSteps * rows), 0.5f), predictions(static_cast<size_t>(sizeOf(out) * rows));
    for (size_t i = 0; i < x.size(); ++i) x[i] = ids ? static_cast<float>(i % 3) : static_cast<float>(i % 9) / 4 - 1;
    for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(i % 2);
    FeedSpec spec_;
    spec_.x = {x.data(), ElementType::float32, rows, sizeOf(sample)};
    if (labelSize > 0) spec_.y = {y.data(), ElementType::float32, rows, labelSize};
    if (weightSteps > 0) spec_.weights = {w.data(), ElementType::float32, rows, weightSteps};
    spec_.count = rows;
    spec_.batch = batch;
    spec_.passes = 2;

    RunRequest request;
    request.sampleShape = sample;
    request.weightSteps = weightSteps;
    request.steps = 3;
    request.learningRates = {0.01f};
    request.mode = Mode::train;
    run(model, spec_, request);
    Network reader(model);
    request.mode = Mode::test;
    run(reader, spec_, request);
    request.mode = Mode::predict;
    request.weightSteps = 0;
    request.predictions = predictions.data();
    request.capacity = static_cast<int64_t>(predictions.size());
    spec_.y = spec_.weights = {};
    spec_.passes = 1;
    run(reader, spec_, request);
  } catch (const Error&) {
  }
}

}  // namespace gemmfit::fuzz
