// What holds of every op, whatever it computes: what a plan may leave out changes nothing else. And what no op takes.
#include <map>
#include <set>

#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

struct Named {
  std::string name;
  OpSetup setup;
  bool predictsAlike = true;  // as it trains
};

OpSetup made(Value::Object spec, Shape in, std::vector<Shape> weights = {}) {
  OpSetup s;
  s.spec = Value(std::move(spec));
  s.in = std::move(in);
  s.rows = 5;
  s.batch = 7;
  s.weights = std::move(weights);
  return s;
}

std::vector<Named> everyOp() {
  const auto windows = [](const char* kind) {
    return Value::Object{{"op", "pooling"},   {"kind", kind}, {"rank", 2}, {"size", integers({2, 2})}, {"strides", integers({2, 2})},
                         {"padding", "valid"}};
  };
  const auto convolution = [](const char* op, Value::Object more = {}) {
    more.insert({{"op", op},
                 {"filters", 3},
                 {"kernel", integers({2, 2})},
                 {"strides", integers({1, 1})},
                 {"dilation", integers({1, 1})},
                 {"padding", "same"}});
    return more;
  };
  std::vector<Named> all;
  for (const char* name : {"linear", "relu", "tanh", "gelu", "sigmoid"})
    all.push_back({name, made({{"op", "activation"}, {"activation", name}}, {4, 3})});
  for (const char* name : {"softmax", "logSoftmax", "glu", "sparsemax"})
    all.push_back({name, made({{"op", "activation"}, {"activation", name}}, {3, 4})});
  all.push_back({"softmax of two axes", made({{"op", "activation"}, {"activation", "softmax"}, {"axis", integers({1, 3})}}, {3, 2, 4})});
  all.push_back({"activityRegularization", made({{"op", "activityRegularization"}, {"l1", 0.1}, {"l2", 0.2}}, {6})});
  all.push_back({"batchNormalization", made({{"op", "batchNormalization"}}, {4, 3}, {{3}, {3}, {3}, {3}}), false});
  all.back().setup.trainable = {true, true, false, false};
  all.push_back({"conv", made(convolution("conv"), {4, 5, 2}, {{2, 2, 2, 3}, {3}})});
  all.push_back({"convTranspose", made(convolution("convTranspose"), {4, 5, 2}, {{2, 2, 3, 2}, {3}})});
  all.push_back(
      {"depthwiseConv", made(convolution("depthwiseConv", {{"depthMultiplier", 2}, {"filters", 4}}), {4, 5, 2}, {{2, 2, 2, 2}, {4}})});
  all.push_back({"convLstm", made(convolution("convLstm"), {3, 4, 4, 2}, {{2, 2, 2, 12}, {2, 2, 3, 12}, {12}})});
  all.push_back({"dense", made({{"op", "dense"}, {"units", 3}}, {2, 4}, {{4, 3}, {3}})});
  all.push_back({"a large dense", made({{"op", "dense"}, {"units", 520}}, {512}, {{512, 520}, {520}})});
  for (const char* name : {"dropout", "alphaDropout", "gaussianDropout"})
    all.push_back({name, made({{"op", name}, {"rate", 0.4}}, {3, 5}), false});
  all.push_back({"gaussianNoise", made({{"op", "gaussianNoise"}, {"stddev", 0.4}}, {3, 5}), false});
  all.push_back({"dropout of steps", made({{"op", "dropout"}, {"rate", 0.4}, {"noiseShape", integers({0, 3, 1})}}, {3, 5}), false});
  for (const char* kind : {"sum", "prod", "max"})
    all.push_back({std::string("cumulate ") + kind, made({{"op", "cumulate"}, {"kind", kind}, {"axis", 0}}, {4, 3})});
  all.push_back({"sort", made({{"op", "sort"}, {"axis", 0}}, {4, 3})});
  all.push_back({"elementwise", made({{"op", "elementwise"},
                                      {"code", Value::Array{object({{"do", "sin"}, {"of", integers({0})}}),
                                                            object({{"do", "multiply"}, {"of", integers({0, 1})}})}}},
                                     {4, 3})});
  all.push_back({"embedding", made({{"op", "embedding"}, {"inputDim", 9}, {"outputDim", 4}}, {6}, {{9, 4}})});
  for (const char* mode : {"one_hot", "multi_hot", "count"})
    all.push_back({"categoryEncoding " + std::string(mode), made({{"op", "categoryEncoding"}, {"tokens", 3}, {"mode", mode}}, {4})});
  all.push_back({"discretization", made({{"op", "discretization"}, {"boundaries", numbers({-1, 0, 0.5})}}, {3, 4})});
  const Value::Object image{{"height", 3}, {"width", 2}};
  const auto ranged = [&](const char* op, Value::Object more) {
    more.insert({{"op", op}, {"values", numbers({-0.5, 0.5})}, {"factor", numbers({0.2, 0.9})}, {"scale", numbers({0.3, 0.6})}});
    return made(std::move(more), {4, 5, 2});
  };
  for (const char* name : {"resizing", "centerCrop", "randomCrop"}) {
    Value::Object spec = image;
    spec.insert({{"op", name}, {"interpolation", "bilinear"}});
    all.push_back({name, made(spec, {4, 5, 2}), std::string(name) != "randomCrop"});
  }
  all.push_back({"randomFlip", made({{"op", "randomFlip"}, {"horizontal", true}}, {4, 5, 2}), false});
  for (const char* kind : {"zoom", "translation", "shear"})
    all.push_back(
        {std::string("random ") + kind,
         made({{"op", "randomAffine"}, {"kind", kind}, {"rows", numbers({0.1, 0.4})}, {"columns", numbers({0.1, 0.4})}}, {4, 5, 2}),
         false});
  all.push_back(
      {"random rotation", made({{"op", "randomAffine"}, {"kind", "rotation"}, {"turn", numbers({-0.2, 0.2})}}, {4, 5, 2}), false});
  for (const char* kind : {"brightness", "contrast"}) all.push_back({kind, ranged("randomLight", {{"kind", kind}}), false});
  all.push_back({"randomErasing", ranged("randomErasing", {}), false});
  all.push_back({"tableEncoding", made({{"op", "tableEncoding"}, {"widths", integers({0, 3, 0, 2})}}, {4})});
  all.push_back({"globalAveragePooling1d", made({{"op", "globalAveragePooling1d"}}, {4, 3})});
  all.push_back({"groupNormalization", made({{"op", "groupNormalization"}, {"groups", 2}}, {3, 4}, {{4}, {4}})});
  all.push_back({"layerNormalization", made({{"op", "layerNormalization"}}, {3, 4}, {{4}, {4}})});
  all.push_back({"rmsNormalization", made({{"op", "rmsNormalization"}}, {3, 4}, {{4}})});
  all.push_back({"unitNormalization", made({{"op", "unitNormalization"}}, {3, 4})});
  all.push_back(
      {"gru", made({{"op", "gru"}, {"units", 3}, {"resetAfter", false}, {"returnSequences", true}}, {4, 2}, {{2, 9}, {3, 9}, {9}})});
  all.push_back({"gru that resets after", made({{"op", "gru"}, {"units", 3}, {"resetAfter", true}}, {4, 2}, {{2, 9}, {3, 9}, {2, 9}})});
  all.push_back({"lstm", made({{"op", "lstm"}, {"units", 3}, {"returnSequences", true}}, {4, 2}, {{2, 12}, {3, 12}, {12}})});
  all.push_back({"simpleRnn", made({{"op", "simpleRnn"}, {"units", 3}}, {4, 2}, {{2, 3}, {3, 3}, {3}})});
  all.push_back({"simpleRnn of relu", made({{"op", "simpleRnn"}, {"units", 3}, {"activation", object({{"activation", "relu"}})}}, {4, 2},
                                           {{2, 3}, {3, 3}, {3}})});
  all.push_back({"masking", made({{"op", "masking"}, {"maskValue", 0}}, {4, 3})});
  all.push_back(
      {"normalization",
       made({{"op", "normalization"}, {"axis", integers({1})}, {"mean", numbers({1, 2, 3})}, {"variance", numbers({1, 4, 9})}}, {3})});
  all.push_back({"permute", made({{"op", "permute"}, {"dims", integers({2, 1})}}, {3, 4})});
  all.push_back({"permute that moves nothing", made({{"op", "permute"}, {"dims", integers({1, 2})}}, {3, 4})});
  for (const char* kind : {"max", "average"}) all.push_back({std::string(kind) + " pooling", made(windows(kind), {4, 6, 3})});
  all.push_back({"prelu", made({{"op", "prelu"}, {"sharedAxes", integers({1})}}, {3, 4}, {{1, 4}})});
  all.push_back(
      {"rearrange by padding",
       made({{"op", "rearrange"}, {"how", "pad"}, {"before", integers({1, 0})}, {"after", integers({0, 2})}, {"mode", "symmetric"}},
            {3, 4})});
  all.push_back({"rearrange by a triangle", made({{"op", "rearrange"}, {"how", "triangle"}, {"upper", true}}, {3, 4})});
  for (const char* kind : {"sum", "mean", "max", "min", "prod"})
    all.push_back({std::string("reduce by ") + kind, made({{"op", "reduce"}, {"kind", kind}, {"axes", integers({0})}}, {3, 4})});
  all.push_back({"repeatVector", made({{"op", "repeatVector"}, {"n", 3}}, {4})});
  all.push_back({"rescaling", made({{"op", "rescaling"}, {"scale", 0.5}, {"offset", 1}}, {3, 4})});
  all.push_back({"reshape", made({{"op", "reshape"}, {"shape", integers({2, -1})}}, {3, 4})});
  all.push_back({"spectralNormalization", made({{"op", "spectralNormalization"}}, {3}, {{4, 3}, {3}}), false});
  all.back().setup.trainable = {false, false};  // it hands over none: the kernel's is that of the layer it normalizes
  for (const char* name : {"dropMask", "stopGradient"}) all.push_back({name, made({{"op", name}}, {3, 4})});
  all.push_back({"flip", made({{"op", "flip"}, {"axis", 1}}, {3, 4})});
  all.push_back({"slice", made({{"op", "slice"}, {"axis", 1}, {"begin", 1}, {"size", 2}}, {4, 3})});
  all.push_back({"upSampling", made({{"op", "upSampling"}, {"rank", 2}, {"size", integers({2, 3})}}, {2, 3, 2})});
  all.push_back({"upSampling by cubes",
                 made({{"op", "upSampling"}, {"rank", 2}, {"size", integers({2, 3})}, {"interpolation", "bicubic"}}, {2, 3, 2})});
  all.push_back({"zeroPadding", made({{"op", "zeroPadding"}, {"before", integers({1, 0})}, {"after", integers({2, 0})}}, {3, 4})});
  all.push_back({"cropping", made({{"op", "zeroPadding"}, {"before", integers({-1, 0})}, {"after", integers({0, 0})}}, {3, 4})});
  return all;
}

struct Result {
  Floats y, dx;
  std::vector<Floats> gradients;
};

Floats inputOf(const OpSetup& setup, int64_t rows) {
  Floats x = randomFloats(rows * sizeOf(setup.in), 3);
  if (setup.spec.text("op", "") == "embedding")
    for (float& v : x) v = std::floor(std::abs(v) * 4);
  return x;
}

Result run(const OpSetup& setup) {
  OpRunner runner(setup);
  const Floats x = inputOf(setup, setup.rows);
  Result result;
  result.y = runner.forward(x);
  if (!setup.training) return result;
  result.dx = runner.backward(randomFloats(static_cast<int64_t>(result.y.size()), 4));
  result.gradients = runner.gradients;
  for (size_t w = 0; w < setup.trainable.size(); ++w)
    if (!setup.trainable[w]) result.gradients[w].clear();
  return result;
}

std::string nameOf(const testing::TestParamInfo<Named>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::vector<Named> alikeInTraining() {
  std::vector<Named> all = everyOp();
  all.erase(std::remove_if(all.begin(), all.end(), [](const Named& op) { return !op.predictsAlike; }), all.end());
  return all;
}

class EveryOp : public testing::TestWithParam<Named> {};
INSTANTIATE_TEST_SUITE_P(All, EveryOp, testing::ValuesIn(everyOp()), nameOf);
class AlikeOp : public testing::TestWithParam<Named> {};
INSTANTIATE_TEST_SUITE_P(All, AlikeOp, testing::ValuesIn(alikeInTraining()), nameOf);

// The lowest layer's gradient goes nowhere.
TEST_P(EveryOp, GivesTheSameGradientsOfWeightsWithoutThatOfItsInput) {
  OpSetup setup = GetParam().setup;
  const Result whole = run(setup);
  setup.needsInputGradient = false;
  const Result part = run(setup);
  EXPECT_EQ(part.y, whole.y);
  EXPECT_EQ(part.dx, Floats());
  EXPECT_EQ(part.gradients, whole.gradients);
}

TEST_P(EveryOp, GivesTheSameWhereItsMemoryIsNotShared) {
  OpSetup setup = GetParam().setup;
  const Result shared = run(setup);
  setup.inPlace = false;
  const Result apart = run(setup);
  EXPECT_EQ(apart.y, shared.y);
  EXPECT_EQ(apart.dx, shared.dx);
  EXPECT_EQ(apart.gradients, shared.gradients);
}

// Sums may be cut in another way, so that rounding differs.
TEST_P(EveryOp, GivesTheSameGradientOfItsInputWhereWeightsAreFrozen) {
  OpSetup setup = GetParam().setup;
  const Result training = run(setup);
  std::vector<bool> trainable(setup.weights.size(), true);
  if (!setup.trainable.empty()) trainable = setup.trainable;
  for (size_t w = 0; w <= trainable.size(); ++w) {
    setup.trainable.assign(trainable.size(), false);
    if (w < trainable.size()) setup.trainable[w] = trainable[w];  // at last, all are frozen
    const Result frozen = run(setup);
    expectClose(frozen.y, toDoubles(training.y), 1e-5, "y");
    expectClose(frozen.dx, toDoubles(training.dx), 1e-5, "dx");
    if (w < trainable.size() && trainable[w]) expectClose(frozen.gradients[w], toDoubles(training.gradients[w]), 1e-5, "gradient");
  }
}

TEST_P(AlikeOp, PredictsWhatItTrainsWith) {
  OpSetup setup = GetParam().setup;
  const Result training = run(setup);
  setup.training = false;
  setup.trainable.clear();
  expectClose(run(setup).y, toDoubles(training.y), 1e-5, "y");
}

// TimeDistributed's rule: each step is a batch of its own. An op whose rows know each other must look at OpEnv::steps.
TEST_P(EveryOp, TakesEachStepForABatchOfItsOwn) {
  static const std::set<std::string> others{
      "alphaDropout",         "dropout",    "gaussianDropout", "gaussianNoise",                 // draw by the number of a row
      "randomAffine",         "randomCrop", "randomErasing",   "randomFlip",    "randomLight",  // these, too
      "spectralNormalization"};                                                                 // refuses
  OpSetup setup = GetParam().setup;
  if (others.count(setup.spec.text("op", ""))) return;
  constexpr int64_t kSteps = 4;
  const int64_t samples = setup.rows, n = sizeOf(setup.in);
  const Floats x = inputOf(setup, samples * kSteps);
  const auto forward = [&](const Floats& rows, int64_t steps) {
    setup.steps = steps;
    setup.rows = setup.batch = setup.chunk = samples * steps;
    return OpRunner(setup).forward(rows);
  };
  const Floats all = forward(x, kSteps);
  const int64_t size = static_cast<int64_t>(all.size()) / (samples * kSteps);
  for (int64_t t = 0; t < kSteps; ++t) {
    Floats step, got;
    for (int64_t row = t; row < samples * kSteps; row += kSteps) {
      step.insert(step.end(), x.begin() + row * n, x.begin() + (row + 1) * n);
      got.insert(got.end(), all.begin() + row * size, all.begin() + (row + 1) * size);
    }
    expectClose(got, toDoubles(forward(step, 1)), 1e-4, "step " + std::to_string(t));
  }
}

TEST(EveryOp, IsAmongThem) {
  std::set<std::string> here{"add",       "average",       "concatenate", "multiply",  // of several inputs: graph_test.cc
                             "matmul",                                                 // matmul_test.cc
                             "argReduce",                                              // ordered_test.cc
                             "take",      "takeAlongAxis",                             // take_test.cc
                             "maskOf",    "toRows",        "withMask",                 // passing_test.cc
                             "subtract",  "rowsToSteps",   "stepsToRows"};             // other rows: wrappers_test.cc
  for (const Named& op : everyOp()) here.insert(op.setup.spec.text("op", ""));
#define GEMMFIT_OP(name) EXPECT_EQ(here.count(#name), 1u) << #name;
#define GEMMFIT_OP_OF_ROWS(name) GEMMFIT_OP(name)
#define GEMMFIT_OP_WITHOUT_GRADIENTS(name) GEMMFIT_OP(name)
#include "native/ops/registry.def"
#undef GEMMFIT_OP
#undef GEMMFIT_OP_OF_ROWS
#undef GEMMFIT_OP_WITHOUT_GRADIENTS
}

struct Wrong {
  OpSetup setup;
  const char *code, *says;
};

TEST(EveryOp, RefusesWhatCannotBe) {
  const auto wrong = [](Value::Object spec, Shape in, std::vector<Shape> weights, const char* says, const char* code = "ERR_SPEC",
                        int64_t maskSteps = 0) {
    Wrong w{made(std::move(spec), std::move(in), std::move(weights)), code, says};
    w.setup.maskSteps = maskSteps;
    return w;
  };
  const Value::Object dense{{"op", "dense"}, {"units", 3}};
  const std::vector<Shape> ofLstm{{2, 12}, {3, 12}, {12}};
  std::vector<Wrong> all{
      wrong({{"op", "nothing"}}, {4}, {}, "no op 'nothing'"),
      wrong(dense, {}, {{4, 3}, {3}}, "rank 1 or more"),
      wrong({{"op", "dense"}, {"units", 0}}, {4}, {{4, 3}, {3}}, "units above 0"),
      wrong(dense, {0}, {{4, 3}, {3}}, "rank 1 or more"),
      wrong(dense, {4}, {{4, 3}}, "the shape of its input"),
      wrong(dense, {4}, {{5, 3}, {3}}, "the shape of its input"),
      wrong(dense, {4}, {{4, 3}, {4}}, "the shape of its input"),
      wrong({{"op", "dense"}, {"units", 3}, {"precision", "float16"}}, {4}, {{4, 3}, {3}}, "Received: 'float16'"),
      wrong({{"op", "lstm"}, {"units", 3}}, {4, 2}, ofLstm, "came with 3 for 4 steps", "ERR_MASK", 3),
      wrong({{"op", "lstm"}, {"units", 3}, {"state", 0}}, {4, 2}, ofLstm, "names a state that is not there"),
      wrong({{"op", "lstm"}, {"units", 3}, {"state", -1}}, {4, 2}, ofLstm, "names a state that is not there"),
      wrong({{"op", "lstm"}, {"units", 3}, {"dropout", -0.1}}, {4, 2}, ofLstm, "dropout rates"),
      wrong({{"op", "lstm"}, {"units", 3}, {"recurrentDropout", 1}}, {4, 2}, ofLstm, "dropout rates"),
      wrong({{"op", "lstm"}, {"units", 3}, {"recurrentDropout", -1}}, {4, 2}, ofLstm, "dropout rates"),
      wrong({{"op", "globalAveragePooling1d"}}, {4, 3}, {}, "has 2 for 4 steps", "ERR_MASK", 2),
      wrong({{"op", "stepsToRows"}}, {3}, {}, "[steps, ...]"),
      wrong({{"op", "stepsToRows"}}, {3, 4}, {}, "a part for each of its steps", "ERR_MASK", 4),
      wrong({{"op", "rowsToSteps"}}, {3}, {}, "needs stepsToRows before it"),
      wrong({{"op", "add"}}, {3}, {}, "two inputs or more"),
      wrong({{"op", "concatenate"}}, {3}, {}, "two inputs or more"),
      wrong({{"op", "flip"}, {"axis", 2}}, {3}, {}, "has no axis 2"),
      wrong({{"op", "slice"}, {"begin", 2}, {"size", 2}}, {3}, {}, "there are no 2 from 2 on"),
      wrong({{"op", "spectralNormalization"}}, {3}, {{4, 3}}, "a kernel and a vector"),
      wrong({{"op", "spectralNormalization"}}, {3}, {{4, 3}, {5}}, "a kernel and a vector"),
      wrong({{"op", "spectralNormalization"}}, {3}, {{4, 3}, {3}}, "cannot be trained"),
      wrong({{"op", "zeroPadding"}, {"before", integers({1, 0})}, {"after", integers({1})}}, {3, 4}, {}, "two numbers for each axis"),
      wrong({{"op", "zeroPadding"}, {"before", integers({0})}, {"after", integers({int64_t{1} << 50})}}, {3}, {}, "too large"),
      wrong({{"op", "upSampling"}, {"rank", 0}, {"size", integers({})}}, {3}, {}, ""),
      wrong({{"op", "upSampling"}, {"rank", 1}, {"size", integers({2})}}, {3}, {}, ""),
      wrong({{"op", "upSampling"}, {"rank", 1}, {"size", integers({2, 2})}}, {3, 2}, {}, ""),
      wrong({{"op", "upSampling"}, {"rank", 1}, {"size", integers({int64_t{1} << 50})}}, {3, 2}, {}, "too large"),
      wrong({{"op", "normalization"}, {"axis", integers({1})}}, {3}, {{3}}, ""),
      wrong({{"op", "normalization"}, {"axis", integers({1})}}, {3}, {{3}, {2}}, ""),
      wrong({{"op", "normalization"}, {"axis", integers({1})}}, {3}, {{3}, {3}}, "cannot be trained"),
      wrong({{"op", "normalization"}, {"axis", integers({1, 1})}, {"mean", numbers({1})}, {"variance", numbers({1})}}, {3}, {}, ""),
      wrong({{"op", "activityRegularization"}, {"l2", -1}}, {3}, {}, "0 or above"),
      wrong({{"op", "reshape"}, {"shape", integers({7, -1})}}, {6}, {}, "7"),
      wrong({{"op", "activation"}, {"activation", "softmax"}, {"axis", integers({0, 1})}}, {3, 2}, {}, "axis"),
      wrong({{"op", "unitNormalization"}, {"axis", integers({3})}}, {3, 2}, {}, "different ones"),
      wrong({{"op", "groupNormalization"}, {"groups", 1}, {"axis", -4}}, {3, 2}, {{2}, {2}}, ""),
      wrong({{"op", "categoryEncoding"}, {"tokens", 0}}, {6}, {}, "tokens must be"),
      wrong({{"op", "categoryEncoding"}, {"tokens", 3}, {"mode", "all"}}, {6}, {}, "no mode 'all'"),
      wrong({{"op", "categoryEncoding"}, {"tokens", 3}, {"mode", "count"}}, {6, 2}, {}, "rank 1"),
      wrong({{"op", "categoryEncoding"}, {"tokens", 3}, {"mode", "count"}}, {6}, {{4}}, "[tokens]"),
      wrong({{"op", "discretization"}, {"boundaries", numbers({1, 0})}}, {6}, {}, "ascend"),
      wrong({{"op", "resizing"}, {"height", 0}, {"width", 2}}, {4, 4, 1}, {}, "below 1"),
      wrong({{"op", "resizing"}, {"height", 2}, {"width", 2}, {"interpolation", "smooth"}}, {4, 4, 1}, {}, "no interpolation"),
      wrong({{"op", "randomFlip"}}, {4, 4}, {}, "rank 3"),
      wrong({{"op", "randomAffine"}, {"kind", "bend"}}, {4, 4, 1}, {}, "no kind"),
      wrong({{"op", "randomAffine"}, {"kind", "rotation"}}, {4, 4, 1}, {}, "two numbers"),
      wrong({{"op", "randomAffine"}, {"kind", "rotation"}, {"fillMode", "none"}}, {4, 4, 1}, {}, "no fillMode"),
      wrong({{"op", "randomErasing"},
             {"factor", numbers({0, 1})},
             {"scale", numbers({0, 1})},
             {"values", numbers({0, 1})},
             {"fill", numbers({1, 2})}},
            {4, 4, 3}, {}, "one for each channel"),
      wrong({{"op", "tableEncoding"}, {"widths", integers({1, 2})}}, {3}, {}, "one for each column"),
      wrong({{"op", "tableEncoding"}, {"widths", integers({-1})}}, {1}, {}, "widths must be"),
      wrong({{"op", "embedding"}, {"inputDim", 9}, {"outputDim", 4}}, {6}, {{9, 5}}, "[inputDim, outputDim]"),
      wrong({{"op", "embedding"}, {"inputDim", 9}, {"outputDim", 4}}, {6}, {{9, 4}, {4}}, "[inputDim, outputDim]"),
      wrong({{"op", "embedding"}, {"inputDim", 9}, {"outputDim", 4}}, {6}, {{37}}, "[inputDim, outputDim]"),
      wrong({{"op", "slice"}, {"axis", 0}, {"size", 1}}, {6}, {}, "no axis 0"),
      wrong({{"op", "slice"}, {"axis", 2}, {"size", 1}}, {6}, {}, "no axis 2"),
      wrong({{"op", "slice"}, {"axis", -2}, {"size", 1}}, {6}, {}, "no axis -2"),
      wrong({{"op", "slice"}, {"begin", -1}, {"size", 1}}, {6}, {}, "from -1 on"),
      wrong({{"op", "slice"}, {"size", 0}}, {6}, {}, "no 0"),
      wrong({{"op", "slice"}, {"size", 7}}, {6}, {}, "no 7"),
      wrong({{"op", "slice"}, {"begin", 4}, {"size", 3}}, {6}, {}, "no 3 from 4 on"),
      wrong({{"op", "slice"}, {"size", 1}}, {4, 3}, {}, "a mask of 3", "ERR_MASK", 3),
      wrong({{"op", "slice"}, {"size", 1}}, {4, 3}, {}, "a mask of 24", "ERR_MASK", 24),
      wrong({{"op", "add"}}, {4}, {}, "two inputs"),
      wrong({{"op", "reshape"}, {"shape", integers({2, 7})}}, {6}, {}, "7"),
      wrong({{"op", "normalization"}, {"axis", integers({1})}}, {3}, {{3}, {3}, {3}, {3}}, ""),
      wrong({{"op", "normalization"}, {"axis", integers({1})}}, {3}, {{2}, {3}}, ""),
      wrong({{"op", "spectralNormalization"}}, {3}, {{4, 3}, {0}}, "a kernel and a vector"),
      wrong({{"op", "spectralNormalization"}}, {3}, {{4, 3}, {5}}, "a kernel and a vector"),
      wrong({{"op", "rmsNormalization"}, {"axis", integers({-1})}}, {4}, {{5}}, ""),
      wrong({{"op", "upSampling"}, {"rank", 1}, {"size", integers({1 << 20})}}, {1 << 20, 1}, {}, "too large"),
      wrong({{"op", "pooling"}, {"rank", 1}, {"size", integers({2})}, {"strides", integers({2})}}, {0, 1}, {}, "empty"),
      wrong({{"op", "lstm"}, {"units", 3}, {"recurrentDropout", 1.0}}, {4, 2}, ofLstm, "dropout rates"),
      wrong({{"op", "lstm"}, {"units", 3}, {"dropout", -0.5}}, {4, 2}, ofLstm, "dropout rates"),
      wrong({{"op", "lstm"}, {"units", 3}}, {}, ofLstm, "axis of steps"),
      wrong({{"op", "lstm"}, {"units", 3}}, {0, 2}, ofLstm, "axis of steps"),
      wrong({{"op", "lstm"}, {"units", 3}}, {4, 2}, {{3, 12}, {3, 12}, {12}}, "shape of its input"),
      wrong({{"op", "lstm"}, {"units", 3}}, {4, 2}, {{2, 12}, {4, 12}, {12}}, "shape of its input"),
      wrong({{"op", "lstm"}, {"units", 3}}, {4, 2}, {{2, 12}, {3, 12}, {13}}, "shape of its input"),
      wrong({{"op", "lstm"}, {"units", 3}}, {4, 25}, ofLstm, "shape of its input"),
  };
  all.push_back(wrong({{"op", "spectralNormalization"}}, {3}, {{4, 3}, {3}}, "3 steps", "ERR_LAYER"));
  all.back().setup.trainable = {true, false};
  all.back().setup.steps = 3;
  for (const Wrong& w : all) {
    SCOPED_TRACE(std::string(w.says) + " " + w.setup.spec.text("op", ""));
    try {
      OpRunner runner(w.setup);
      ADD_FAILURE() << "it was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, w.code) << e.what();
      EXPECT_NE(std::string(e.what()).find(w.says), std::string::npos) << e.what();
    }
  }
}

}  // namespace
}  // namespace gemmfit::test
