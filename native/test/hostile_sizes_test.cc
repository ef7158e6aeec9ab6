// Descriptions whose sizes pass what integers or memory hold: refused with an error, before anything is allocated or written.
#include <cstdint>
#include <string>
#include <vector>

#include "native/engine/memory.h"
#include "native/engine/plan.h"
#include "native/test/network_harness.h"
#include "native/test/op_harness.h"

namespace gemmfit {
namespace {

using test::integers;

TEST(HostileSizes, ProductsThatPassWhatIntegersHoldAreErrors) {
  const int64_t big = int64_t{1} << 32;
  for (const Shape& s :
       {Shape{big, big}, Shape{big, big, big}, Shape{1, big, int64_t{1} << 31, 2}, Shape{INT64_MAX, 2}, Shape{-1}, Shape{3, -2}})
    EXPECT_THROW(sizeOf(s), Error) << toString(s);
  EXPECT_EQ(sizeOf({int64_t{1} << 20, int64_t{1} << 20}), kMostFloats);
  EXPECT_EQ(sizeOf({big, 0}), 0);
  EXPECT_EQ(sizeOf({}), 1);
  EXPECT_THROW(floatsOf(int64_t{1} << 31, int64_t{1} << 40), Error);
  EXPECT_THROW(floatsOf(1, INT64_MAX, 16), Error);
  EXPECT_THROW(floatsOf(1, 1, INT64_MAX), Error);
  EXPECT_THROW(floatsOf(-1, 1), Error);
  EXPECT_EQ(floatsOf(3, 5, 2), 17);
  EXPECT_GT(memoryLeft(), 0);
}

TEST(HostileSizes, MemoryThatIsNotThereIsAnError) {
  EXPECT_THROW(allocateFloats(-1), Error);
  EXPECT_THROW(allocateFloats(kMostFloats + 1), Error);
  EXPECT_THROW(allocateFloats(kMostFloats), Error);  // 4 TiB
}

// Every op that has no weights to hold its sizes down, each number of its description replaced by large ones in turn.
TEST(HostileSizes, OpsRefuseHostileDescriptions) {
  struct Case {
    Value::Object spec;
    Shape in;
    std::vector<std::string> lists, numbers;
  };
  const std::vector<Case> cases = {
      {{{"op", "upSampling"}, {"rank", 3}, {"size", integers({2, 2, 2})}}, {1, 1, 1, 1}, {"size"}, {"rank"}},
      {{{"op", "upSampling"}, {"rank", 2}, {"size", integers({2, 2})}, {"interpolation", "lanczos5"}}, {2, 2, 1}, {"size"}, {}},
      {{{"op", "zeroPadding"}, {"before", integers({1, 1, 1, 0})}, {"after", integers({0, 1, 1, 0})}},
       {1, 1, 1, 1},
       {"before", "after"},
       {}},
      {{{"op", "pooling"}, {"rank", 3}, {"outputs", integers({2, 2, 2})}}, {2, 2, 2, 1}, {"outputs"}, {}},
      {{{"op", "pooling"}, {"rank", 2}, {"size", integers({2, 2})}, {"strides", integers({1, 1})}, {"padding", "same"}},
       {4, 4, 1},
       {"size", "strides"},
       {"rank"}},
      {{{"op", "pooling"}, {"rank", 1}, {"kind", "average"}, {"size", integers({2})}, {"strides", integers({2})}},
       {4, 1},
       {"size", "strides"},
       {}},
      {{{"op", "repeatVector"}, {"n", 2}}, {3}, {}, {"n"}},
      {{{"op", "reshape"}, {"shape", integers({2, 3})}}, {6}, {"shape"}, {}},
      {{{"op", "permute"}, {"dims", integers({2, 1})}}, {2, 3}, {"dims"}, {}},
      {{{"op", "dropout"}, {"rate", 0.5}, {"noiseShape", integers({1, 3})}}, {2, 3}, {"noiseShape"}, {}},
  };
  const std::vector<int64_t> large = {int64_t{1} << 21,
                                      int64_t{1} << 22,
                                      int64_t{1} << 31,
                                      (int64_t{1} << 31) - 1,
                                      int64_t{1} << 32,
                                      int64_t{1} << 40,
                                      (int64_t{1} << 53) - 1,
                                      int64_t{1} << 53,
                                      -(int64_t{1} << 53),
                                      -1,
                                      0};
  int refused = 0, made = 0;
  const auto attempt = [&](const Case& c, const Value::Object& spec) {
    OpEnv env;
    env.in = c.in;
    env.batch = 2;
    env.training = env.needsInputGradient = false;
    env.seed = 1;
    try {
      const std::unique_ptr<Op> op = makeOp(Value(spec), env);
      EXPECT_LE(sizeOf(op->out), kMostFloats);
      for (const Scratch& s : op->scratchSpec) EXPECT_GE(s.perRow, 0);
      ++made;
    } catch (const Error&) {
      ++refused;
    } catch (const std::exception&) {  // no memory for a list
      ++refused;
    }
  };
  for (const Case& c : cases) {
    for (const int64_t n : large) {
      for (const std::string& key : c.numbers) {
        Value::Object spec = c.spec;
        spec[key] = n;
        attempt(c, spec);
      }
      for (const std::string& key : c.lists) {
        const std::vector<int64_t> list = Value(c.spec).integers(key.c_str());
        attempt(c, [&] {
          Value::Object spec = c.spec;
          spec[key] = integers(std::vector<int64_t>(list.size(), n));
          return spec;
        }());
        for (size_t i = 0; i < list.size(); ++i) {
          std::vector<int64_t> one = list;
          one[i] = n;
          Value::Object spec = c.spec;
          spec[key] = integers(one);
          attempt(c, spec);
        }
      }
    }
  }
  EXPECT_GT(refused, 200);
  EXPECT_GT(made, 0);
}

std::string refusal(const std::shared_ptr<Network>& network, const Shape& in) {
  try {
    network->outputShape(in);
    return "made";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "ERR_MEMORY");
    return e.what();
  }
}

TEST(HostileSizes, APlanNamesTheLayerThatIsTooLarge) {
  testing::Model model;
  model.add({{"op", "repeatVector"}, {"n", int64_t{1} << 20}, {"label", "layer 'small'"}});
  model.add({{"op", "zeroPadding"}, {"before", integers({0, 0})}, {"after", integers({int64_t{1} << 32, 0})}, {"label", "layer 'large'"}});
  model.dense(1, 1);
  model.build();
  EXPECT_NE(refusal(model.network, {1}).find("layer 'large': an output of shape [4296015872, 1]"), std::string::npos);

  testing::Model past;
  past.add({{"op", "zeroPadding"},
            {"before", integers({(1 << 22) - 1, (1 << 21) - 1, (1 << 21) - 1, 0})},
            {"after", integers({0, 0, 0, 0})},
            {"label", "layer 'past'"}});
  past.dense(1, 1);
  past.build();
  EXPECT_NE(refusal(past.network, {1, 1, 1, 1}).find("layer 'past'"), std::string::npos);
}

// Ids that an op makes are the embedding's to check.
TEST(HostileSizes, IdsOutsideTheTableEndTheRunBeforeAWeightChanges) {
  for (const float id : {-1.0f, 5.0f, 1e30f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    for (const bool distributed : {false, true})
      for (const bool team : {false, true}) {
        testing::Model m;
        const int table = m.weight({5, 2}, 1);
        m.add({{"op", "reshape"}, {"shape", integers({2, 2})}, {"label", "layer 'cut'"}});
        if (distributed) m.add({{"op", "stepsToRows"}});
        m.add({{"op", "embedding"}, {"inputDim", 5}, {"outputDim", 2}, {"weights", Value::Array{table}}, {"label", "layer 'ids'"}});
        if (distributed) m.add({{"op", "rowsToSteps"}});
        m.add({{"op", "reshape"}, {"shape", integers({8})}});
        m.dense(8, 1);
        m.build();
        testing::Samples s(600, {4}, 1, [](int64_t, int64_t) { return 0.5; });
        for (size_t i = 0; i < s.x.size(); ++i) s.x[i] = static_cast<float>(i % 5);
        const std::vector<float> before = m.values();
        s.x[4 * 411 + 3] = s.x[4 * 599] = id;
        const auto attempt = [&](Mode mode) -> std::string {
          std::vector<float> out(600);
          RunRequest r = s.request(mode, 1);
          r.predictions = out.data();
          r.capacity = 600;
          Feed feed(s.spec);
          try {
            if (!team) {
              m.network->run(feed, r, nullptr);
              return "ran";
            }
            Team helpers([](void* n, int stage, int64_t t) { static_cast<Network*>(n)->runStage(stage, t); }, m.network.get());
            m.network->run(feed, r, &helpers);
            return "ran";
          } catch (const Error& e) {
            EXPECT_EQ(e.code, "ERR_INDEX");
            return e.what();
          }
        };
        for (const Mode mode : {Mode::train, Mode::test, Mode::predict}) {
          const std::string said = attempt(mode);
          EXPECT_NE(said.find("layer 'ids'"), std::string::npos) << said;
          EXPECT_NE(said.find("sample 411"), std::string::npos) << said;
          EXPECT_NE(said.find("from 0 to 4"), std::string::npos) << said;
          EXPECT_EQ(m.values(), before);
        }
        s.x[4 * 411 + 3] = s.x[4 * 599] = 1;
        EXPECT_EQ(attempt(Mode::train), "ran");
        EXPECT_NE(m.values(), before);
      }
}

}  // namespace
}  // namespace gemmfit
