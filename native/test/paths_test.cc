// Every path that sizes choose is taken in training, testing and predicting, with full batches and a partial one, before training and
// after; the guard finds nothing, and memory shared as it is without it gives the same bits, on any number of threads.
#include "native/engine/paths.h"

#include <gtest/gtest.h>

#include "native/engine/op.h"
#include "native/kernels/gemm/choice.h"
#include "native/test/network_harness.h"

namespace gemmfit {
namespace {

using testing::Model;
using testing::PoolRun;
using testing::Samples;

Value list(const std::vector<int64_t>& numbers) { return Value(Value::Array(numbers.begin(), numbers.end())); }

// A network whose ops follow each other: each is told its weights' shapes, and what it makes is the next one's input.
struct Stack : Model {
  Shape input, shape;
  int64_t batch;
  int64_t ids = 0;     // x holds whole numbers below it
  bool bytes = false;  // x holds bytes
  Stack(const Shape& in, int64_t rows) : input(in), shape(in), batch(rows) {
    optimizer = {{"optimizer", "adam"}};
    slotsEach = 2;
  }
  Stack& op(const char* name, Value::Object spec, const std::vector<Shape>& weights = {}) {
    OpEnv env;
    env.in = shape;
    env.batch = 1;
    env.training = false;
    env.needsInputGradient = false;
    env.seed = 1;
    Value::Array own;
    for (const Shape& s : weights) {
      const bool kernel = s.size() > 1;
      const double scale = kernel ? std::sqrt(3.0 * static_cast<double>(s.back()) / static_cast<double>(sizeOf(s))) : 0.3;
      env.weightIds.push_back(weight(s, scale));
      env.weights.push_back(variables.back());
      env.trainable.push_back(false);
      own.push_back(Value(env.weightIds.back()));
    }
    spec["op"] = name;
    spec["weights"] = Value(own);
    shape = makeOp(Value(spec), env)->out;
    add(std::move(spec));
    return *this;
  }
  Stack& relu() { return op("activation", {{"activation", "relu"}}); }
  Stack& dense(int64_t units, Value::Object spec = {}) {
    spec["units"] = units;
    return op("dense", std::move(spec), {{shape.back(), units}, {units}});
  }
  Stack& conv(int64_t filters, int64_t size, Value::Object spec = {}) {
    const std::vector<int64_t> kernel(shape.size() - 1, size);
    Shape weights(kernel);
    weights.push_back(spec.count("channelsFirst") ? shape.front() : shape.back());
    weights.push_back(filters);
    spec["filters"] = filters;
    spec["kernel"] = list(kernel);
    return op("conv", std::move(spec), {weights, {filters}});
  }
  Stack& convTranspose(int64_t filters, int64_t size) {
    return op("convTranspose", {{"filters", filters}, {"kernel", list({size, size})}}, {{size, size, filters, shape.back()}, {filters}});
  }
  Stack& depthwise(int64_t dilation = 1) {
    return op("depthwiseConv",
              {{"kernel", list({3, 3})}, {"dilation", list({dilation, dilation})}, {"padding", dilation > 1 ? "same" : "valid"}},
              {{3, 3, shape.back(), 1}, {shape.back()}});
  }
  Stack& convLstm(int64_t filters) {
    return op("convLstm", {{"filters", filters}, {"kernel", list({3, 3})}},
              {{3, 3, shape.back(), 4 * filters}, {3, 3, filters, 4 * filters}, {4 * filters}});
  }
  Stack& lstm(int64_t units, Value::Object spec = {}) {
    spec["units"] = units;
    return op("lstm", std::move(spec), {{shape.back(), 4 * units}, {units, 4 * units}, {4 * units}});
  }
  Stack& embedding(int64_t rows, int64_t width) {
    ids = rows;
    return op("embedding", {{"inputDim", rows}, {"outputDim", width}}, {{rows, width}});
  }
  Stack& pool(const char* kind, int64_t size, int64_t strides, bool first = false) {
    const size_t rank = shape.size() - 1;
    return op("pooling", {{"kind", kind},
                          {"rank", static_cast<int64_t>(rank)},
                          {"channelsFirst", first},
                          {"size", list(std::vector<int64_t>(rank, size))},
                          {"strides", list(std::vector<int64_t>(rank, strides))}});
  }
  Stack& batchNormalization() {
    const Shape c{shape.back()};
    op("batchNormalization", {}, {c, c, c, c});
    std::fill(variables.back()->data(), variables.back()->data() + c[0], 1.0f);  // a variance
    for (int moving = 0; moving < 2; ++moving) described[described.size() - 1 - static_cast<size_t>(moving)] = Value(Value::Object{});
    slots.resize(slots.size() - 2 * static_cast<size_t>(slotsEach));
    return *this;
  }
  // To one number a sample.
  std::shared_ptr<Stack> done() {
    if (shape.size() > 1) op("reshape", {{"shape", list({sizeOf(shape)})}});
    dense(1);
    build();
    return std::make_shared<Stack>(std::move(*this));
  }
};

using Made = std::shared_ptr<Stack>;
const std::vector<std::pair<const char*, Made (*)()>>& stacks() {
  static const std::vector<std::pair<const char*, Made (*)()>> all = {
      {"wide", [] { return Stack({512}, 128).dense(512).relu().dense(512).relu().dense(512).done(); }},
      {"rows", [] { return Stack({256}, 256).dense(200).relu().dense(600).relu().dense(64).done(); }},
      {"few", [] { return Stack({3}, 8).dense(5).done(); }},
      {"split", [] { return Stack({784}, 32).dense(128).done(); }},
      {"bytes",
       [] {
         Stack s({784}, 32);
         s.bytes = true;
         return s.dense(16).done();
       }},
      {"bfloat16",
       [] {
         const Value::Object spec{{"precision", "bfloat16"}};
         return Stack({10, 10, 3}, 16).conv(8, 3, spec).relu().conv(4, 3, spec).dense(40, spec).done();
       }},
      {"clipped",
       [] {
         Stack s({20}, 16);
         s.optimizer["clipnorm"] = 0.5;
         return s.dense(30).done();
       }},
      {"means", [] { return Stack({100}, 64).embedding(3000, 16).op("globalAveragePooling1d", {}).done(); }},
      {"lazy", [] { return Stack({6}, 16).embedding(60000, 8).done(); }},
      {"wideRows", [] { return Stack({2}, 3).embedding(3, 65600).done(); }},
      {"direct",
       [] {
         return Stack({12, 12, 3}, 16).conv(16, 3).relu().conv(32, 3, {{"padding", "same"}}).relu().conv(15, 3).done();
       }},
      {"panels",
       [] {
         return Stack({9, 9, 4}, 12).conv(3, 3).relu().conv(3, 3, {{"padding", "same"}}).relu().conv(3, 1).done();
       }},
      {"channelsFirst",
       [] {
         return Stack({4, 9, 9}, 8).conv(8, 3, {{"channelsFirst", true}}).relu().pool("max", 2, 2, true).done();
       }},
      {"transposed",
       [] {
         return Stack({5, 5, 4}, 8).convTranspose(16, 3).relu().convTranspose(3, 3).done();
       }},
      {"deep",
       [] {
         return Stack({4, 4, 64}, 8).conv(64, 3, {{"padding", "same"}}).done();
       }},
      {"depthwise",
       [] {
         return Stack({8, 8, 8}, 8).conv(8, 1).relu().depthwise().depthwise(2).done();
       }},
      {"farApart",
       [] {
         return Stack({8, 8, 4}, 4).conv(4, 1).relu().depthwise(200).done();
       }},
      {"recurrent",
       [] {
         return Stack({20, 64}, 64).lstm(64, {{"returnSequences", true}}).lstm(4).done();
       }},
      {"dropped",
       [] {
         return Stack({5, 4}, 8).lstm(8, {{"dropout", 0.2}, {"recurrentDropout", 0.3}}).done();
       }},
      {"convLstm",
       [] {
         return Stack({3, 6, 6, 2}, 4).convLstm(4).done();
       }},
      {"largeConvLstm",
       [] {
         return Stack({3, 12, 12, 4}, 8).convLstm(8).done();
       }},
      {"runs",
       [] {
         return Stack({80, 1}, 8).conv(1, 1).pool("average", 40, 40).done();
       }},
      {"windows",
       [] {
         return Stack({16, 16, 3}, 8)
             .conv(4, 3, {{"padding", "same"}})
             .relu()
             .pool("max", 2, 2)
             .conv(4, 3, {{"padding", "same"}})
             .relu()
             .pool("max", 3, 1)
             .pool("max", 1, 2)
             .done();
       }},
      {"steps",
       [] {
         return Stack({12, 5}, 8).conv(6, 3).relu().op("globalAveragePooling1d", {}).done();
       }},
      {"batchNormalized",
       [] {
         return Stack({48, 48, 2}, 32).batchNormalization().pool("average", 8, 8).dense(6).batchNormalization().done();
       }},
      {"normalized",
       [] {
         const Shape c{2048};
         return Stack(c, 64)
             .op("layerNormalization", {}, {c, c})
             .op("rmsNormalization", {}, {c})
             .op("groupNormalization", {{"groups", 8}}, {c, c})
             .op("prelu", {}, {c})
             .done();
       }},
      {"branches",
       [] {
         Stack s({6, 5}, 8);
         s.dense(4);
         const int x = s.last();
         s.lstm(3);
         const int there = s.last();
         s.shape = {6, 4};
         s.add({{"op", "flip"}, {"axis", 1}}, {x});
         s.lstm(3);
         s.add({{"op", "add"}}, {there, s.last()});
         return s.done();
       }},
      {"fewNormalized",
       [] {
         const Shape c{24};
         return Stack(c, 8)
             .op("layerNormalization", {}, {c, c})
             .op("rmsNormalization", {}, {c})
             .op("groupNormalization", {{"groups", 8}}, {c, c})
             .op("prelu", {}, {c})
             .done();
       }},
  };
  return all;
}

// All that a stack gives: what it predicts and its losses before and after training, and its weights.
std::vector<float> results(const Made& stack, int threads) {
  Pool::instance().setThreads(threads);
  const int64_t rows = 2 * stack->batch + ceilDiv(stack->batch, 2);
  Samples s(rows, stack->input, 1, [](int64_t r, int64_t) { return static_cast<double>(r % 7) * 0.1; });
  s.spec.batch = stack->batch;
  if (stack->ids)
    for (float& v : s.x) v = std::floor((v + 1) / 2 * (static_cast<float>(stack->ids) - 0.5f));
  std::vector<uint8_t> bytes(s.x.size());
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 % 251);
  if (stack->bytes) s.spec.x = {bytes.data(), ElementType::uint8, rows, sizeOf(stack->input)};
  std::vector<float> all;
  const auto run = [&](Mode mode, Shuffle shuffle, bool gathers = false) {
    FeedSpec spec = s.spec;
    spec.shuffle = shuffle;
    std::vector<double> wide;
    if (gathers && !stack->bytes) {
      wide.assign(s.x.begin(), s.x.end());
      spec.x = {wide.data(), ElementType::float64, rows, sizeOf(stack->input)};
    }
    std::vector<float> predictions(static_cast<size_t>(rows));
    RunRequest request = s.request(mode, 3, 0.001f);
    request.predictions = predictions.data();
    request.capacity = rows;
    Feed feed(spec);
    const auto job = std::make_shared<PoolRun>(stack->network, feed, request);
    auto done = job->done.get_future();
    Pool::instance().submit(job);
    EXPECT_EQ(done.get().steps, 3);
    all.insert(all.end(), predictions.begin(), predictions.end());
    all.push_back(static_cast<float>(stack->network->totals().loss));
  };
  const auto look = [&] {
    run(Mode::predict, Shuffle::none);
    run(Mode::predict, Shuffle::none, true);
    run(Mode::test, Shuffle::none);
    run(Mode::test, Shuffle::none, true);
  };
  look();
  run(Mode::train, Shuffle::rows);
  run(Mode::train, Shuffle::none);
  look();
  const std::vector<float> weights = stack->values();
  all.insert(all.end(), weights.begin(), weights.end());
  return all;
}

class Paths : public ::testing::TestWithParam<GemmChoice> {};
INSTANTIATE_TEST_SUITE_P(Choices, Paths, ::testing::Values(GemmChoice::automatic, GemmChoice::openblas, GemmChoice::own),
                         [](const auto& info) {
                           const OtherGemmChoice choice(info.param);
                           return std::string(gemmChoiceName());
                         });

TEST_P(Paths, AreAllTakenInEveryModeAndGiveTheSameBits) {
  const OtherGemmChoice choice(GetParam());
  const int threads = Pool::instance().threads();
  resetPaths();
  for (const auto& [name, make] : stacks()) {
    setGuarding(true);
    std::vector<float> guarded[2];
    for (const int count : {1, 2}) guarded[count - 1] = results(make(), count);
    EXPECT_EQ(guarded[0], guarded[1]) << name << ": one thread and two";
    for (const float v : guarded[0])
      if (!std::isfinite(v)) {
        ADD_FAILURE() << name << ": a number is not finite";
        break;
      }
    setGuarding(false);
    EXPECT_EQ(guarded[0], results(make(), 2)) << name << ": with and without the guard";
  }
  setGuarding(true);
  Pool::instance().setThreads(threads);
  // What is named here wants a stack above.
  for (const PathCount& path : pathCounts()) EXPECT_GT(path.times, 0) << path.name;
}

}  // namespace
}  // namespace gemmfit
