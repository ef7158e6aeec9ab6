// What indices choose, against plain loops: tables and data of samples, indices of samples and of the whole batch, and indices outside.
#include <cstring>

#include "native/test/gradients.h"
#include "native/test/inputs_harness.h"

namespace gemmfit::test {
namespace {

struct Case {
  const char* op;
  Shape data, indices;
  int64_t axis;
  bool singleData, singleIndices;
};

// Whole numbers from -n to n - 1.
Floats someIndices(int64_t count, int64_t n) {
  Floats all = randomFloats(count, 41, static_cast<float>(-n), static_cast<float>(n));
  for (float& v : all) v = std::floor(v);
  return all;
}

InputsSetup setupOf(const Case& c, int64_t rows = 5) {
  InputsSetup setup;
  setup.spec = object({{"op", c.op}, {"axis", c.axis}});
  setup.rows = rows;
  setup.batch = rows + 2;
  const bool once = c.singleData && c.singleIndices;
  const int64_t count = sizeOf(c.indices) * (c.singleIndices || once ? 1 : rows),
                n = c.axis >= 0 && c.axis < static_cast<int64_t>(c.data.size()) ? c.data[asSize(c.axis)] : 1;
  setup.inputs = {{c.data, c.singleData}, {c.indices, c.singleIndices, someIndices(count, n)}};
  return setup;
}

Doubles taken(const Case& c, const std::vector<Doubles>& x, int64_t rows) {
  const size_t axis = asSize(c.axis), rank = c.data.size();
  const bool along = std::string(c.op) == "takeAlongAxis";
  Shape out;
  for (size_t i = 0; i < rank; ++i) {
    if (along)
      out.push_back(i == axis ? c.indices[i] : std::max(c.data[i], c.indices[i]));
    else if (i == axis)
      out.insert(out.end(), c.indices.begin(), c.indices.end());
    else
      out.push_back(c.data[i]);
  }
  Doubles y;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t k = 0; k < sizeOf(out); ++k) {
      Shape at(out.size());
      int64_t left = k;
      for (size_t a = out.size(); a-- > 0; left /= out[a]) at[a] = left % out[a];
      int64_t ofIndex = 0;
      for (size_t a = 0; a < c.indices.size(); ++a)
        ofIndex = ofIndex * c.indices[a] + (along ? (c.indices[a] == 1 ? 0 : at[a]) : at[axis + a]);
      auto index = static_cast<int64_t>(std::floor(x[1][asSize((c.singleIndices ? 0 : r * sizeOf(c.indices)) + ofIndex)] + 0.5));
      if (index < 0) index += c.data[axis];
      int64_t of = 0;
      for (size_t a = 0; a < rank; ++a) {
        const int64_t place = a == axis ? index : along ? (c.data[a] == 1 ? 0 : at[a]) : at[a < axis ? a : a - 1 + c.indices.size()];
        of = of * c.data[a] + place;
      }
      y.push_back(x[0][asSize((c.singleData ? 0 : r * sizeOf(c.data)) + of)]);
    }
  return y;
}

TEST(Take, IsThatOfPlainLoops) {
  for (const bool singleData : {false, true})
    for (const bool singleIndices : {false, true})
      for (const Case& c :
           {Case{"take", {5}, {3}, 0}, Case{"take", {5, 3}, {4}, 0}, Case{"take", {5, 3}, {2, 2}, 0}, Case{"take", {2, 5, 3}, {4}, 1},
            Case{"take", {2, 5}, {3}, 1}, Case{"take", {5, 3}, {}, 0}, Case{"take", {1, 1}, {1}, 0}, Case{"take", {4, 20}, {3}, 0},
            Case{"takeAlongAxis", {5}, {3}, 0}, Case{"takeAlongAxis", {2, 5}, {2, 3}, 1}, Case{"takeAlongAxis", {5, 2}, {3, 2}, 0},
            Case{"takeAlongAxis", {2, 5, 3}, {2, 4, 3}, 1}, Case{"takeAlongAxis", {2, 5, 3}, {2, 1, 1}, 1},
            Case{"takeAlongAxis", {2, 5, 1}, {1, 4, 3}, 1}, Case{"takeAlongAxis", {1, 5}, {3, 2}, 1},
            Case{"takeAlongAxis", {3, 5}, {3, 1}, 1}, Case{"takeAlongAxis", {4, 5}, {1, 5}, 0}}) {
        Case with = c;
        with.singleData = singleData;
        with.singleIndices = singleIndices;
        SCOPED_TRACE(std::string(c.op) + " " + toString(c.data) + (singleData ? " single" : "") + " at " + toString(c.indices) +
                     (singleIndices ? " single" : ""));
        checkInputs(setupOf(with), [&](const std::vector<Doubles>& x, int64_t rows) { return taken(with, x, rows); });
      }
}

// A table whose gradient goes in several tasks: the same as that of an embedding.
TEST(Take, ATableIsAnEmbedding) {
  using testing::Model;
  using testing::PoolRun;
  using testing::Samples;
  const auto train = [](bool own, int threads, bool guarded) {
    setGuarding(guarded);
    Pool::instance().setThreads(threads);
    Model m;
    m.labelWidth = 1;
    const int table = m.weight({50, 24}, 0.5);
    if (own) {
      const int shown = m.source({{"op", "weight"}, {"weights", Value::Array{table}}});
      m.add({{"op", "take"}, {"axis", 0}}, {shown, 0});
    } else {
      m.add({{"op", "embedding"}, {"inputDim", 50}, {"outputDim", 24}, {"weights", Value::Array{table}}}, {0});
    }
    m.add({{"op", "reduce"}, {"kind", "mean"}, {"axes", Value::Array{0}}});
    m.dense(24, 1);
    m.build();
    Samples s(4000, {7}, 1, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); });
    for (float& v : s.x) v = std::floor((v + 1) * 25);
    Feed feed(s.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    return m.values();
  };
  const int before = Pool::instance().threads();
  const std::vector<float> one = train(true, 1, true);
  EXPECT_EQ(one, train(true, 2, true));
  EXPECT_EQ(one, train(true, 2, false));
  expectClose(one, toDoubles(train(false, 1, true)), 1e-6, "weights");
  setGuarding(true);
  Pool::instance().setThreads(before);
}

TEST(Take, IndicesOutsideEndTheRunAndNameTheSample) {
  using testing::Model;
  using testing::Samples;
  for (const double wrong : {7.0, -8.0, 1e9, std::numeric_limits<double>::quiet_NaN()}) {
    Model m;
    const int table = m.source({{"op", "constant"}, {"shape", Value::Array{7, 2}}, {"numbers", Value::Array{1}}});
    m.add({{"op", "take"}, {"axis", 0}, {"label", "a table"}}, {table, 0});
    m.labelWidth = 2;
    m.build();
    Samples s(5, {3}, 6, [](int64_t, int64_t) { return 0; });
    std::fill(s.x.begin(), s.x.end(), -7.0f);
    testing::lossOf(m, s);
    s.x[10] = static_cast<float>(wrong);
    try {
      testing::lossOf(m, s);
      ADD_FAILURE() << wrong << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "ERR_INDEX");
      const std::string message = e.what();
      EXPECT_NE(message.find("a table: the index "), std::string::npos) << message;
      EXPECT_NE(message.find("takes from 7 numbers: indices are -7 to 6, in sample 3"), std::string::npos) << message;
    }
    s.x[10] = 6;
    testing::lossOf(m, s);
  }
}

TEST(Take, RefusesWhatCannotBe) {
  expectInputsRefused(setupOf({"take", {5}, {3}, 1}), "ERR_SPEC", "take: data of shape [5] and indices of shape [3]: there is no axis 1");
  expectInputsRefused(setupOf({"take", {5}, {3}, -1}), "ERR_SPEC", "no axis -1");
  expectInputsRefused(setupOf({"take", {5, 0}, {3}, 0}), "ERR_SHAPE", "there are no numbers");
  expectInputsRefused(setupOf({"takeAlongAxis", {5, 2}, {3}, 0}), "ERR_SHAPE", "both have one rank");
  expectInputsRefused(setupOf({"takeAlongAxis", {5, 2}, {3, 3}, 0}), "ERR_SHAPE", "axis 1 does not stretch");
  Case wide{"take", {1}, {1}, 0};
  InputsSetup large = setupOf(wide);
  large.inputs[0].shape = {(int64_t{1} << 24) + 1};
  expectInputsRefused(large, "ERR_SPEC", "2^24 numbers at most");
  InputsSetup one = setupOf(wide);
  one.inputs.pop_back();
  expectInputsRefused(one, "ERR_SPEC", "takes two inputs");
}

}  // namespace
}  // namespace gemmfit::test
