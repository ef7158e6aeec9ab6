// Networks as the layers Bidirectional and TimeDistributed make them.
#include "native/test/gradients.h"
#include "native/test/recurrent_reference.h"

namespace gemmfit::test {
namespace {

using testing::Model;
using testing::Samples;

Doubles valuesOf(const Model& m, int variable) {
  const VariablePtr& v = m.variables[static_cast<size_t>(variable)];
  return Doubles(v->data(), v->data() + v->size);
}

Floats predictionsOf(Model& m, const Samples& s, int64_t size) {
  Floats out(static_cast<size_t>(s.spec.x.rows * size));
  RunRequest request = s.request(Mode::predict, 1);
  request.predictions = out.data();
  request.capacity = static_cast<int64_t>(out.size());
  Feed feed(s.spec);
  m.network->run(feed, request, nullptr);
  return out;
}

// The ops of one direction over a value; its weights are the next three.
int lstm(Model& m, const Case& c, int x) {
  const int first = m.weight({c.width, 4 * c.units}, 0.5);
  m.weight({c.units, 4 * c.units}, 0.5);
  m.weight({4 * c.units}, 0.3);
  return m.add({{"op", "lstm"},
                {"units", c.units},
                {"returnSequences", c.sequences},
                {"zeroOutputForMask", c.zeros},
                {"goBackwards", c.backwards},
                {"weights", Value::Array{first, first + 1, first + 2}}},
               {x});
}

// Both over x, side by side.
void bothWays(Model& m, const Case& there, const Case& back, const char* merge, int x) {
  const int a = lstm(m, there, x);
  int b = lstm(m, back, x);
  if (there.sequences) b = m.add({{"op", "flip"}, {"axis", 1}}, {b});
  m.add({{"op", merge}}, {a, b});
}

TEST(Bidirectional, MatchesTheReference) {
  for (const std::string merge : {"concatenate", "add", "multiply", "average"})
    for (const bool sequences : {false, true})
      for (const bool masked : {false, true}) {
        SCOPED_TRACE(merge + (sequences ? " sequences" : "") + (masked ? " mask" : ""));
        Case there{"lstm", 4, 3, 2, 3};
        there.sequences = there.zeros = sequences;
        Case back = there;
        back.backwards = true;
        Model m;
        const int64_t width = merge == "concatenate" ? 6 : 3;
        m.labelWidth = width;
        if (masked) m.add({{"op", "masking"}, {"maskValue", 9}});
        bothWays(m, there, back, merge.c_str(), m.last());
        m.build();
        Samples s(4, {3, 2}, (sequences ? 3 : 1) * width, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r + k)); });
        if (masked) {
          there.mask = back.mask = someMask(4, 3);
          for (size_t i = 0; i < s.x.size(); ++i)
            if (there.mask[i / 2] == 0) s.x[i] = 9;
        }
        Doubles x = toDoubles(s.x);
        for (double& v : x) v = v == 9 ? 0 : v;
        const Doubles a = reference(there, x, {valuesOf(m, 0), valuesOf(m, 1), valuesOf(m, 2)}),
                      b = reference(back, x, {valuesOf(m, 3), valuesOf(m, 4), valuesOf(m, 5)});
        const size_t steps = sequences ? 3 : 1;
        Doubles y;
        for (size_t r = 0; r < 4; ++r)
          for (size_t t = 0; t < steps; ++t) {
            const double *p = &a[(r * steps + t) * 3], *q = &b[(r * steps + steps - 1 - t) * 3];
            for (int j = 0; j < 3; ++j)
              y.push_back(merge == "concatenate" ? p[j]
                          : merge == "add"       ? p[j] + q[j]
                          : merge == "multiply"  ? p[j] * q[j]
                                                 : (p[j] + q[j]) / 2);
            if (merge == "concatenate") y.insert(y.end(), q, q + 3);
          }
        expectClose(predictionsOf(m, s, static_cast<int64_t>(steps) * width), y, 2e-6, "y");
        testing::checkGradients(m, s);
      }
}

// Through both directions to what stands below: the gradient of a value with two readers.
TEST(Bidirectional, HandsDownTheGradientsOfBothDirections) {
  for (const char* merge : {"concatenate", "multiply"}) {
    Case there{"lstm", 4, 3, 2, 3};
    there.sequences = there.zeros = true;
    Case back = there;
    back.backwards = true;
    Model m;
    m.labelWidth = std::string(merge) == "concatenate" ? 6 : 3;
    m.dense(5, 2);
    bothWays(m, there, back, merge, m.last());
    m.build();
    testing::checkGradients(
        m, Samples(4, {3, 5}, 3 * m.labelWidth, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r + k)); }));
  }
}

TEST(TimeDistributed, AppliesOpsToEveryStep) {
  Model m;
  m.labelWidth = 2;
  m.add({{"op", "stepsToRows"}});
  m.dense(5, 4);
  m.activation("tanh");
  m.dense(4, 2);
  m.add({{"op", "rowsToSteps"}});
  m.build();
  const Samples s(4, {3, 5}, 6, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r + k)); });
  const auto product = [](const Doubles& x, const Doubles& w, const Doubles& b) {
    const size_t n = b.size(), k = w.size() / n;
    Doubles y;
    for (size_t r = 0; r < x.size() / k; ++r)
      for (size_t j = 0; j < n; ++j) {
        double sum = b[j];
        for (size_t i = 0; i < k; ++i) sum += x[r * k + i] * w[i * n + j];
        y.push_back(sum);
      }
    return y;
  };
  Doubles h = product(toDoubles(s.x), valuesOf(m, 0), valuesOf(m, 1));
  for (double& v : h) v = std::tanh(v);
  expectClose(predictionsOf(m, s, 6), product(h, valuesOf(m, 2), valuesOf(m, 3)), 2e-6, "y");
  testing::checkGradients(m, s);
}

// [samples, outer, inner, features]: an LSTM over the inner steps of every outer one, inside another TimeDistributed for good measure.
TEST(TimeDistributed, RunsRecurrentOpsOnEveryStepAndStandsInItself) {
  const Case c{"lstm", 2 * 3 * 2, 4, 2, 3};
  Model m;
  m.labelWidth = 3;
  m.add({{"op", "stepsToRows"}});
  m.add({{"op", "stepsToRows"}});
  lstm(m, c, m.last());
  m.add({{"op", "rowsToSteps"}});
  m.add({{"op", "rowsToSteps"}});
  m.build();
  const Samples s(2, {3, 2, 4, 2}, 18, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r + k)); });
  expectClose(predictionsOf(m, s, 18), reference(c, toDoubles(s.x), {valuesOf(m, 0), valuesOf(m, 1), valuesOf(m, 2)}), 2e-6, "y");
  testing::checkGradients(m, s);
}

}  // namespace
}  // namespace gemmfit::test
