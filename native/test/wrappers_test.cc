#include "native/test/recurrent_reference.h"

namespace gemmfit::test {
namespace {

TEST(Bidirectional, MatchesTheReference) {
  for (const char* mode : {"concat", "sum", "mul", "ave"})
    for (const bool sequences : {false, true})
      for (const bool masked : {false, true}) {
        Case there{"lstm", 4, 3, 2, 3};
        there.sequences = there.zeros = sequences;
        if (masked) there.mask = someMask(4, 3);
        Case back = there;
        back.backwards = true;
        const auto spec = [&](const Case& c, int first) {
          return object({{"op", "lstm"},
                         {"units", 3},
                         {"returnSequences", sequences},
                         {"zeroOutputForMask", sequences},
                         {"goBackwards", c.backwards},
                         {"weights", Value(Value::Array{first, first + 1, first + 2})}});
        };
        OpSetup setup = there.setup();
        setup.spec = bidirectional(mode, sequences, spec(there, 0), spec(back, 3));
        setup.weights.insert(setup.weights.end(), {{2, 12}, {3, 12}, {12}});
        SCOPED_TRACE(std::string(mode) + (sequences ? " sequences" : "") + (masked ? " mask" : ""));
        compare(setup, there.mask, [&](const Doubles& x, const std::vector<Doubles>& w) {
          const Doubles a = reference(there, x, w), b = reference(back, x, {w[3], w[4], w[5]});
          const size_t steps = sequences ? 3 : 1;
          const std::string m = mode;
          Doubles y;
          for (size_t r = 0; r < 4; ++r)
            for (size_t t = 0; t < steps; ++t) {
              const double *p = &a[(r * steps + t) * 3], *q = &b[(r * steps + steps - 1 - t) * 3];
              for (int j = 0; j < 3; ++j)
                y.push_back(m == "concat" ? p[j] : m == "sum" ? p[j] + q[j] : m == "mul" ? p[j] * q[j] : (p[j] + q[j]) / 2);
              if (m == "concat") y.insert(y.end(), q, q + 3);
            }
          return y;
        });
      }
}

TEST(TimeDistributed, AppliesOpsToEveryStep) {
  OpSetup setup;
  const auto dense = [](int units, int first) {
    return object({{"op", "dense"}, {"units", units}, {"weights", Value(Value::Array{first, first + 1})}});
  };
  setup.spec = object({{"op", "timeDistributed"},
                       {"ops", Value(Value::Array{dense(4, 0), object({{"op", "activation"}, {"activation", "tanh"}}), dense(2, 2)})}});
  setup.in = {3, 5};
  setup.rows = 4;
  setup.weights = {{5, 4}, {4}, {4, 2}, {2}};
  const auto product = [](const Doubles& x, const Doubles& w, const Doubles& b) {
    const size_t n = b.size(), k = w.size() / n;
    Doubles y;
    for (size_t r = 0; r < x.size() / k; ++r)
      for (size_t j = 0; j < n; ++j) {
        double s = b[j];
        for (size_t i = 0; i < k; ++i) s += x[r * k + i] * w[i * n + j];
        y.push_back(s);
      }
    return y;
  };
  compare(setup, {}, [&](const Doubles& x, const std::vector<Doubles>& w) {
    Doubles h = product(x, w[0], w[1]);
    for (double& v : h) v = std::tanh(v);
    return product(h, w[2], w[3]);
  });
}

TEST(TimeDistributed, RunsRecurrentOpsOnEveryStep) {
  Case c{"gru", 6, 4, 2, 3};
  OpSetup setup = c.setup();
  setup.spec = object({{"op", "timeDistributed"},
                       {"ops", Value(Value::Array{object({{"op", "gru"}, {"units", 3}, {"weights", Value(Value::Array{0, 1, 2})}})})}});
  setup.in = {2, 4, 2};
  setup.rows = 3;
  setup.chunk = 2;
  compare(setup, {}, [&](const Doubles& x, const std::vector<Doubles>& w) { return reference(c, x, w); });
}

}  // namespace
}  // namespace gemmfit::test
