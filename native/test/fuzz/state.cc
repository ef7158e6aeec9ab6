#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/lazy_rows.h"
#include "native/test/fuzz/bytes.h"
#include "native/test/fuzz/targets.h"
#include "native/test/network_harness.h"

namespace gemmfit::fuzz {
namespace {

// As large as tables are that are updated row by row.
constexpr int64_t kIds = int64_t{1} << 14, kWidth = 16, kSteps = 2, kRows = 6, kBatch = 2;

struct Text {
  testing::Model model;
  testing::Samples samples{kRows, {kSteps}, 1, [](int64_t r, int64_t) { return static_cast<double>(r) / 4; }};
  int64_t call = 0;

  Text() {
    model.optimizer = {{"optimizer", "adam"}};
    model.slotsEach = 2;
    // Not by `weight`: numbers drawn for all rows would take most of the time.
    const Shape shape{kIds, kWidth};
    model.variables.push_back(std::make_shared<Variable>(shape));
    for (int64_t i = 0; i < 600 * kWidth; ++i) model.variables[0]->data()[i] = static_cast<float>(i % 11 - 5) / 100;
    for (int k = 0; k < model.slotsEach; ++k) model.slots.push_back(std::make_shared<Variable>(shape));
    model.described.push_back(Value(Value::Object{{"trainable", true}}));
    model.add({{"op", "embedding"}, {"inputDim", kIds}, {"outputDim", kWidth}, {"weights", Value::Array{0}}});
    model.add({{"op", "globalAveragePooling1d"}, {"dataFormat", "channels_last"}});
    model.dense(kWidth, 1);
    model.metrics = {Value(Value::Object{{"metric", "meanSquaredError"}})};
    model.build();
    samples.spec.batch = kBatch;
  }

  std::vector<VariablePtr> all() const {
    std::vector<VariablePtr> out = model.variables;
    out.insert(out.end(), model.slots.begin(), model.slots.end());
    return out;
  }
  void run(Mode mode, int64_t steps) {
    Feed feed(samples.spec);
    RunRequest r = samples.request(mode, steps);
    r.call = call;
    r.reset = false;
    model.network->acquire(mode);
    try {
      model.network->run(feed, r, nullptr);
    } catch (const Error&) {
    }
    model.network->release();
    if (mode == Mode::train) call += steps;
  }
};

struct Saved {
  std::vector<std::vector<float>> values;
  std::vector<LazyState> rows;
  int64_t call = 0;
};

Saved save(const Text& text) {
  Saved out;
  for (const VariablePtr& v : text.all()) {
    out.values.emplace_back(static_cast<size_t>(v->size));
    out.rows.emplace_back();
    if (!readRaw(v, out.values.back().data(), &out.rows.back())) std::abort();
  }
  out.call = text.call;
  return out;
}

void restore(Text& text, const Saved& saved) {
  const std::vector<VariablePtr> all = text.all();
  for (size_t i = 0; i < all.size(); ++i)
    if (!writeRaw(all[i], {all[i]->shape, saved.values[i].data(), static_cast<int64_t>(saved.values[i].size()), saved.rows[i]}))
      std::abort();
  if (!text.model.network->takeUpRows()) std::abort();
  text.call = saved.call;
}

// What was put down and taken up goes on to the same bits.
void resume(Text& text, int64_t steps) {
  const Saved before = save(text);
  text.run(Mode::train, steps);
  const Saved right = save(text);
  restore(text, before);
  text.run(Mode::train, steps);
  const Saved again = save(text);
  for (size_t i = 0; i < right.values.size(); ++i)
    if (std::memcmp(right.values[i].data(), again.values[i].data(), right.values[i].size() * sizeof(float)) != 0 ||
        right.rows[i].updated != again.rows[i].updated || right.rows[i].scales != again.rows[i].scales)
      std::abort();
}

// A state that may be none of the variable's.
void write(Bytes& bytes, const VariablePtr& variable) {
  RawState state;
  state.shape = bytes.flag() ? variable->shape : bytes.shape(4);
  std::vector<float> values(static_cast<size_t>(bytes.flag() ? variable->size : bytes.byte()));
  for (float& v : values) v = static_cast<float>(bytes.byte() - 128) / 64;
  state.values = values.data();
  state.count = static_cast<int64_t>(values.size());
  state.rows.scales.resize(static_cast<size_t>(bytes.flag() ? bytes.below(8) : 16 * bytes.byte() + bytes.byte()), 1e-3);
  state.rows.updated.resize(static_cast<size_t>(bytes.flag() ? kIds : bytes.byte()));
  const bool fitting = bytes.flag();
  for (int32_t& u : state.rows.updated)
    u = static_cast<int32_t>(fitting ? bytes.below(static_cast<int64_t>(state.rows.scales.size()) + 1) : bytes.byte() - 8);
  if (!state.rows.scales.empty()) state.rows.scales[0] = bytes.real();
  writeRaw(variable, std::move(state));
}

void sums(Bytes& bytes, Network& network) {
  Network::Sums given;
  given.loss = bytes.real();
  given.rows = bytes.byte();
  given.steps = bytes.byte();
  const auto size = static_cast<size_t>(bytes.below(6));
  for (int64_t chunks = bytes.below(4); chunks > 0; --chunks) given.metrics.emplace_back(size, bytes.real());
  network.setTrainingSums(std::move(given));
}

}  // namespace

void state(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  Text text;
  const std::vector<VariablePtr> all = text.all();
  std::vector<float> out(static_cast<size_t>(kIds * kWidth));
  Saved saved = save(text);
  for (int commands = 0; commands < 24 && !bytes.over(); ++commands) try {
      const VariablePtr& variable = all[static_cast<size_t>(bytes.below(static_cast<int64_t>(all.size())))];
      for (float& id : text.samples.x) id = static_cast<float>(2 * bytes.byte());
      switch (bytes.below(10)) {
        case 0:
          text.run(Mode::train, 1 + bytes.below(3));
          break;
        case 1:
          text.run(Mode::test, 2);
          break;
        case 2:
          readVariable(variable, out.data());
          break;
        case 3:
          writeVariable(variable, out.data());
          break;
        case 4:
          write(bytes, variable);
          break;
        case 5:
          text.model.network->takeUpRows();
          break;
        case 6:
          resume(text, 1 + bytes.below(3));
          break;
        case 7:
          saved = save(text);
          break;
        case 8:
          restore(text, saved);
          break;
        default:
          sums(bytes, *text.model.network);
      }
    } catch (const Error&) {
    }
}

}  // namespace gemmfit::fuzz
