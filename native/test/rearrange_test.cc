// Numbers in other places: each way against indices written down plainly, and what a spec may not say.
#include <cstring>
#include <limits>

#include "native/test/gradients.h"
#include "native/test/inputs_harness.h"

namespace gemmfit::test {
namespace {

using Index = std::vector<int64_t>;
// Where the number at an index of the output comes from; empty: from nowhere, it is `value`.
using From = std::function<Index(Index)>;

InputsSetup setupOf(Value::Object spec, const Shape& in, bool single = false) {
  spec["op"] = "rearrange";
  InputsSetup setup;
  setup.spec = Value(std::move(spec));
  setup.inputs = {{in, single}};
  return setup;
}

Doubles moved(const Doubles& x, const Shape& in, const Shape& out, const From& from, double value) {
  const int64_t n = sizeOf(in), m = sizeOf(out);
  Doubles y;
  for (int64_t r = 0; r < static_cast<int64_t>(x.size()) / n; ++r)
    for (int64_t i = 0; i < m; ++i) {
      Index at(out.size());
      int64_t left = i;
      for (size_t a = out.size(); a-- > 0; left /= out[a]) at[a] = left % out[a];
      const Index source = from(at);
      int64_t flat = 0;
      for (size_t a = 0; a < source.size(); ++a) flat = flat * in[a] + source[a];
      y.push_back(source.empty() && !in.empty() ? value : x[asSize(r * n + flat)]);
    }
  return y;
}

void check(Value::Object spec, const Shape& in, const Shape& out, const From& from, double value = 0) {
  for (const bool single : {false, true}) {
    const InputsSetup setup = setupOf(spec, in, single);
    SCOPED_TRACE(setup.spec.text("how", "") + " of " + toString(in) + (single ? " single" : ""));
    EXPECT_EQ(InputsRunner(setup, {}).op->out, out);
    checkInputs(setup, [&](const std::vector<Doubles>& x, int64_t) { return moved(x[0], in, out, from, value); });
  }
}

TEST(Rearrange, Transposes) {
  const auto transpose = [](const Shape& in, const std::vector<int64_t>& perm) {
    Shape out;
    for (const int64_t p : perm) out.push_back(in[asSize(p)]);
    check({{"how", "transpose"}, {"perm", integers(perm)}}, in, out, [&](const Index& at) {
      Index from(at.size());
      for (size_t i = 0; i < at.size(); ++i) from[asSize(perm[i])] = at[i];
      return from;
    });
  };
  for (const Index& perm : {Index{0, 1, 2}, Index{0, 2, 1}, Index{1, 0, 2}, Index{1, 2, 0}, Index{2, 0, 1}, Index{2, 1, 0}})
    for (const Shape& in : {Shape{2, 3, 4}, Shape{3, 1, 5}, Shape{2, 19, 3}, Shape{1, 18, 17}}) transpose(in, perm);
  transpose({2, 3, 2, 3}, {0, 2, 1, 3});
  transpose({2, 3, 2, 3}, {3, 1, 2, 0});
  transpose({7}, {0});
  transpose({}, {});
}

TEST(Rearrange, Broadcasts) {
  const auto broadcast = [](const Shape& in, const Shape& out) {
    check({{"how", "broadcast"}, {"shape", integers(out)}}, in, out, [&](const Index& at) {
      Index from;
      for (size_t i = 0; i < in.size(); ++i) from.push_back(in[i] == 1 ? 0 : at[i + out.size() - in.size()]);
      return from;
    });
  };
  broadcast({3}, {3});
  broadcast({3}, {4, 3});
  broadcast({1}, {7});
  broadcast({3, 1}, {3, 20});
  broadcast({1, 3}, {4, 3});
  broadcast({3, 1, 2}, {2, 3, 5, 2});
  broadcast({}, {2, 3});
  broadcast({1, 1}, {1, 1, 1});
}

TEST(Rearrange, Pads) {
  const auto pad = [](const Shape& in, const Index& before, const Index& after, const char* mode) {
    Shape out;
    for (size_t i = 0; i < in.size(); ++i) out.push_back(in[i] + before[i] + after[i]);
    const std::string m = mode;
    check(
        {{"how", "pad"}, {"before", integers(before)}, {"after", integers(after)}, {"mode", mode}, {"value", 0.5}}, in, out,
        [&](const Index& at) {
          Index from;
          for (size_t i = 0; i < in.size(); ++i) {
            int64_t k = at[i] - before[i];
            const int64_t n = in[i];
            if (m == "constant" && (k < 0 || k >= n)) return Index{};
            if (m == "edge") k = k < 0 ? 0 : k >= n ? n - 1 : k;
            if (m == "wrap") k = (k + n) % n;
            if (m == "reflect") k = k < 0 ? -k : k >= n ? 2 * n - 2 - k : k;
            if (m == "symmetric") k = k < 0 ? -k - 1 : k >= n ? 2 * n - 1 - k : k;
            from.push_back(k);
          }
          return from;
        },
        0.5);
  };
  for (const char* mode : {"constant", "reflect", "symmetric", "edge", "wrap"}) {
    pad({5}, {0}, {0}, mode);
    pad({5}, {3}, {4}, mode);
    pad({3, 4}, {2, 0}, {1, 3}, mode);
    pad({2, 3, 2}, {1, 2, 0}, {1, 0, 1}, mode);
    pad({4, 1}, {2, 0}, {0, 0}, mode);
  }
  pad({2}, {5}, {9}, "edge");
  pad({1}, {1}, {1}, "symmetric");
}

TEST(Rearrange, Slices) {
  const auto null = Value();
  check({{"how", "slice"}, {"begin", Value::Array{1}}, {"end", Value::Array{6}}, {"strides", integers({2})}}, {7}, {3},
        [](const Index& at) { return Index{1 + 2 * at[0]}; });
  check({{"how", "slice"}, {"begin", Value::Array{-3}}, {"end", Value::Array{null}}, {"strides", integers({1})}}, {7}, {3},
        [](const Index& at) { return Index{4 + at[0]}; });
  check({{"how", "slice"}, {"begin", Value::Array{null}}, {"end", Value::Array{null}}, {"strides", integers({-2})}}, {7}, {4},
        [](const Index& at) { return Index{6 - 2 * at[0]}; });
  check({{"how", "slice"}, {"begin", Value::Array{5}}, {"end", Value::Array{1}}, {"strides", integers({-3})}}, {7}, {2},
        [](const Index& at) { return Index{5 - 3 * at[0]}; });
  check({{"how", "slice"}, {"begin", Value::Array{-99}}, {"end", Value::Array{99}}, {"strides", integers({1})}}, {7}, {7},
        [](const Index& at) { return at; });
  check({{"how", "slice"}, {"begin", Value::Array{0, 1, 2}}, {"end", Value::Array{null, -1, 3}}, {"strides", integers({1, 1, 1})}},
        {2, 4, 5}, {2, 2, 1}, [](const Index& at) {
          return Index{at[0], at[1] + 1, 2};
        });
  check({{"how", "slice"}, {"begin", Value::Array{null, 0}}, {"end", Value::Array{null, 20}}, {"strides", integers({-1, 1})}}, {4, 30},
        {4, 20}, [](const Index& at) {
          return Index{3 - at[0], at[1]};
        });
}

TEST(Rearrange, FlipsAndRolls) {
  check({{"how", "flip"}, {"axes", integers({1})}}, {2, 5, 3}, {2, 5, 3}, [](const Index& at) { return Index{at[0], 4 - at[1], at[2]}; });
  check({{"how", "flip"}, {"axes", integers({0, 2})}}, {2, 5, 3}, {2, 5, 3}, [](const Index& at) {
    return Index{1 - at[0], at[1], 2 - at[2]};
  });
  check({{"how", "flip"}, {"axes", integers({0, 1})}}, {3, 20}, {3, 20}, [](const Index& at) { return Index{2 - at[0], 19 - at[1]}; });
  check({{"how", "roll"}, {"shifts", integers({2})}, {"axes", integers({1})}}, {2, 5, 3}, {2, 5, 3}, [](const Index& at) {
    return Index{at[0], (at[1] + 3) % 5, at[2]};
  });
  check({{"how", "roll"}, {"shifts", integers({-1, 7, 1})}, {"axes", integers({0, 1, 1})}}, {2, 5}, {2, 5}, [](const Index& at) {
    return Index{(at[0] + 1) % 2, (at[1] + 2) % 5};
  });
  check({{"how", "roll"}, {"shifts", integers({5})}, {"axes", integers({0})}}, {5}, {5}, [](const Index& at) { return at; });
}

TEST(Rearrange, TilesAndRepeats) {
  check({{"how", "tile"}, {"repeats", integers({2, 3})}}, {2, 5}, {4, 15}, [](const Index& at) { return Index{at[0] % 2, at[1] % 5}; });
  check({{"how", "tile"}, {"repeats", integers({3})}}, {2, 5}, {2, 15}, [](const Index& at) { return Index{at[0], at[1] % 5}; });
  check({{"how", "tile"}, {"repeats", integers({2, 1, 3})}}, {4}, {2, 1, 12}, [](const Index& at) { return Index{at[2] % 4}; });
  check({{"how", "tile"}, {"repeats", integers({1, 1})}}, {2, 5}, {2, 5}, [](const Index& at) { return at; });
  check({{"how", "repeat"}, {"repeats", 3}, {"axis", 1}}, {2, 5}, {2, 15}, [](const Index& at) { return Index{at[0], at[1] / 3}; });
  check({{"how", "repeat"}, {"repeats", 2}, {"axis", 0}}, {3, 20}, {6, 20}, [](const Index& at) { return Index{at[0] / 2, at[1]}; });
  const Index which{0, 2, 2, 2, 3};
  check({{"how", "repeat"}, {"repeats", integers({1, 0, 3, 1})}, {"axis", 0}}, {4, 2}, {5, 2}, [&](const Index& at) {
    return Index{which[asSize(at[0])], at[1]};
  });
  check({{"how", "repeat"}, {"repeats", integers({1, 0, 3, 1})}, {"axis", 1}}, {2, 4}, {2, 5}, [&](const Index& at) {
    return Index{at[0], which[asSize(at[1])]};
  });
}

TEST(Rearrange, TakesFixedPlaces) {
  for (const Index& indices : {Index{2}, Index{0, 1, 2, 3}, Index{3, 3, 0, -1}, Index{-4, -3, 0, 1}, Index{1, 1, 1}, Index{2, 3, 1, 2}}) {
    const auto place = [&](int64_t i) { return indices[asSize(i)] < 0 ? indices[asSize(i)] + 4 : indices[asSize(i)]; };
    const auto n = static_cast<int64_t>(indices.size());
    check({{"how", "take"}, {"axis", 0}, {"indices", integers(indices)}}, {4, 3}, {n, 3}, [&](const Index& at) {
      return Index{place(at[0]), at[1]};
    });
    check({{"how", "take"}, {"axis", 1}, {"indices", integers(indices)}}, {2, 4, 1}, {2, n, 1}, [&](const Index& at) {
      return Index{at[0], place(at[1]), 0};
    });
  }
}

TEST(Rearrange, CutsTriangles) {
  for (const Shape& in : {Shape{3, 5}, Shape{5, 3}, Shape{2, 4, 4}, Shape{1, 1}})
    for (const bool upper : {false, true})
      for (const int64_t k : {-9, -2, 0, 1, 9})
        check({{"how", "triangle"}, {"upper", upper}, {"k", k}}, in, in, [&](const Index& at) {
          const int64_t across = at[at.size() - 1] - at[at.size() - 2];
          return (upper ? across >= k : across <= k) ? at : Index{};
        });
}

TEST(Rearrange, TakesDiagonals) {
  check({{"how", "diagonal"}, {"axes", integers({0, 1})}}, {3, 5}, {3}, [](const Index& at) { return Index{at[0], at[0]}; });
  check({{"how", "diagonal"}, {"offset", 3}, {"axes", integers({0, 1})}}, {3, 5}, {2}, [](const Index& at) {
    return Index{at[0], at[0] + 3};
  });
  check({{"how", "diagonal"}, {"offset", -1}, {"axes", integers({2, 0})}}, {3, 2, 4}, {2, 3}, [](const Index& at) {
    return Index{at[1], at[0], at[1] + 1};
  });
}

// A stretched number's gradient is the sum of many.
TEST(Rearrange, StretchedGradientsAreExact) {
  for (const Shape& out : {Shape{1000000}, Shape{1000000, 1}}) {
    InputsSetup setup = setupOf({{"how", "broadcast"}, {"shape", integers(out)}}, {1}, true);
    InputsRunner runner(setup, {});
    runner.forward({{1}});
    EXPECT_NEAR(runner.backward(Floats(1000000, 0.1f))[0][0], 100000.0015, 0.01);
  }
}

TEST(Rearrange, RefusesWhatCannotBe) {
  const auto refused = [](Value::Object spec, const Shape& in, const char* says, const char* code = "ERR_SPEC") {
    expectInputsRefused(setupOf(std::move(spec), in), code, says);
  };
  const auto most = int64_t{1} << 31;
  refused({{"how", "shuffle"}}, {3}, "there is no 'shuffle'");
  refused({{"how", "flip"}, {"axes", integers({1})}}, {3}, "'flip' of shape [3]: there is no axis 1");
  refused({{"how", "flip"}, {"axes", integers({0})}}, {0}, "has no numbers", "ERR_SHAPE");
  refused({{"how", "transpose"}, {"perm", integers({0})}}, {3, 2}, "a number for each axis");
  refused({{"how", "transpose"}, {"perm", integers({0, 0})}}, {3, 2}, "an axis twice");
  refused({{"how", "transpose"}, {"perm", integers({0, 2})}}, {3, 2}, "no axis 2");
  refused({{"how", "broadcast"}, {"shape", integers({2})}}, {3}, "does not stretch to [2]", "ERR_SHAPE");
  refused({{"how", "broadcast"}, {"shape", integers({3})}}, {3, 3}, "does not stretch to [3]", "ERR_SHAPE");
  refused({{"how", "broadcast"}, {"shape", integers({0, 3})}}, {3}, "does not stretch", "ERR_SHAPE");
  refused({{"how", "broadcast"}, {"shape", integers({most, most})}}, {1}, "larger than any memory", "ERR_MEMORY");
  refused({{"how", "broadcast"}, {"shape", integers({most})}}, {1}, "larger than any memory", "ERR_MEMORY");
  refused({{"how", "pad"}, {"before", integers({1})}, {"after", integers({1, 2})}}, {3}, "after has a number for each axis");
  refused({{"how", "pad"}, {"before", integers({-1})}, {"after", integers({0})}}, {3}, "Received: -1 and 0");
  refused({{"how", "pad"}, {"before", integers({0})}, {"after", integers({most})}}, {3}, "takes 0 to");
  refused({{"how", "pad"}, {"before", integers({0})}, {"after", integers({3})}, {"mode", "reflect"}}, {3}, "takes 0 to 2 numbers");
  refused({{"how", "pad"}, {"before", integers({4})}, {"after", integers({0})}, {"mode", "symmetric"}}, {3}, "takes 0 to 3 numbers");
  refused({{"how", "pad"}, {"before", integers({4})}, {"after", integers({0})}, {"mode", "wrap"}}, {3}, "takes 0 to 3 numbers");
  refused({{"how", "pad"}, {"before", integers({0})}, {"after", integers({0})}, {"mode", "zero"}}, {3}, "Received: 'zero'");
  refused({{"how", "slice"}, {"begin", Value::Array{2}}, {"end", Value::Array{2}}, {"strides", integers({1})}}, {3}, "no numbers left",
          "ERR_SHAPE");
  refused({{"how", "slice"}, {"begin", Value::Array{0}}, {"end", Value::Array{2}}, {"strides", integers({-1})}}, {3}, "no numbers left",
          "ERR_SHAPE");
  refused({{"how", "slice"}, {"begin", Value::Array{0}}, {"end", Value::Array{2}}, {"strides", integers({0})}}, {3}, "goes nowhere");
  refused({{"how", "slice"}, {"begin", Value::Array{0, 0}}, {"end", Value::Array{2}}, {"strides", integers({1})}}, {3},
          "a place for each axis");
  refused({{"how", "roll"}, {"shifts", integers({1, 2})}, {"axes", integers({0})}}, {3}, "a number for each of axes");
  refused({{"how", "tile"}, {"repeats", integers({0})}}, {3}, "Received: 0");
  refused({{"how", "tile"}, {"repeats", integers({most - 1, most - 1})}}, {3}, "larger than any memory", "ERR_MEMORY");
  refused({{"how", "repeat"}, {"repeats", 0}, {"axis", 0}}, {3}, "of 1 or more");
  refused({{"how", "repeat"}, {"repeats", integers({1, 2})}, {"axis", 0}}, {3}, "a number for each of axis 0");
  refused({{"how", "repeat"}, {"repeats", integers({1, -2, 0})}, {"axis", 0}}, {3}, "of 0 or more");
  refused({{"how", "repeat"}, {"repeats", integers({0, 0, 0})}, {"axis", 0}}, {3}, "nothing would be left", "ERR_SHAPE");
  refused({{"how", "take"}, {"axis", 0}, {"indices", integers({0, 3})}}, {3}, "no index 3; it has 3 numbers");
  refused({{"how", "take"}, {"axis", 0}, {"indices", integers({-4})}}, {3}, "no index -4");
  refused({{"how", "take"}, {"axis", 0}, {"indices", integers({})}}, {3}, "nothing would be left", "ERR_SHAPE");
  refused({{"how", "triangle"}}, {3}, "rank 2 or more", "ERR_SHAPE");
  refused({{"how", "diagonal"}, {"axes", integers({0})}}, {3, 3}, "names two");
  refused({{"how", "diagonal"}, {"offset", 3}, {"axes", integers({0, 1})}}, {3, 3}, "no diagonal 3", "ERR_SHAPE");
}

// In a network, over values that others read too and over weights, which nobody may write to.
TEST(Rearrange, HasTheSameBitsOnAnyThreads) {
  using testing::Model;
  using testing::PoolRun;
  using testing::Samples;
  const auto build = [](Model& m) {
    m.labelWidth = 3;
    m.dense(6, 12);
    const int v = m.add({{"op", "reshape"}, {"shape", Value::Array{3, 4}}});
    const int w = m.source({{"op", "weight"}, {"weights", Value::Array{m.weight({4, 3}, 0.5)}}});
    const int turned = m.add({{"op", "rearrange"}, {"how", "transpose"}, {"perm", Value::Array{1, 0}}}, {w});
    const int same = m.add({{"op", "rearrange"}, {"how", "transpose"}, {"perm", Value::Array{0, 1}}}, {turned});
    const int lower = m.add({{"op", "rearrange"}, {"how", "triangle"}}, {v});
    const int rolled = m.add({{"op", "rearrange"}, {"how", "roll"}, {"shifts", Value::Array{1}}, {"axes", Value::Array{1}}}, {v});
    const int sum = m.add({{"op", "add"}}, {lower, rolled});
    m.add({{"op", "matmul"}, {"transposeB", true}}, {sum, same});
    m.add({{"op", "rearrange"}, {"how", "diagonal"}, {"axes", Value::Array{0, 1}}});
    m.build();
  };
  const auto train = [&](int threads, bool guarded) {
    setGuarding(guarded);
    Pool::instance().setThreads(threads);
    Model m;
    build(m);
    const Samples s(4000, {6}, 3, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); });
    Feed feed(s.spec);
    for (int step = 0; step < 3; ++step) {
      const auto job = std::make_shared<PoolRun>(m.network, feed, s.request(Mode::train, 1));
      auto done = job->done.get_future();
      Pool::instance().submit(job);
      done.get();
    }
    return m.values();
  };
  Model m;
  build(m);
  testing::checkGradients(m, Samples(6, {6}, 3, [](int64_t r, int64_t k) { return std::sin(static_cast<double>(r * 3 + k)); }));
  const int before = Pool::instance().threads();
  const std::vector<float> one = train(1, true);
  EXPECT_EQ(one, train(2, true));
  EXPECT_EQ(one, train(2, false));
  setGuarding(true);
  Pool::instance().setThreads(before);
}

}  // namespace
}  // namespace gemmfit::test
