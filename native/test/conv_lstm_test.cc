// ConvLSTM against loops over every step, position, tap, channel and gate in double precision.
#include <numeric>

#include "native/test/recurrent_reference.h"

namespace gemmfit::test {
namespace {

struct Conv {
  std::vector<int64_t> in, kernel, strides, dilation;  // spatial
  int64_t channels = 1, filters = 1, steps = 1, rows = 1;
  std::string padding = "valid";
  bool channelsFirst = false, bias = true, sequences = false, backwards = false, zeros = false, stateful = false;
  double dropout = 0, recurrentDropout = 0;
  std::string activation = "tanh", recurrentActivation = "sigmoid";
  Floats mask = {};
  int64_t chunk = 3;

  std::string text() const {
    std::string s = padding + " in" + toString(in) + " kernel" + toString(kernel) + " strides" + toString(strides) + " dilation" +
                    toString(dilation) + " channels/filters/steps/rows" + toString({channels, filters, steps, rows});
    for (const auto& [is, name] : {std::pair<bool, const char*>{channelsFirst, " channelsFirst"},
                                   {!bias, " no bias"},
                                   {sequences, " sequences"},
                                   {backwards, " backwards"},
                                   {zeros, " zeros"},
                                   {!mask.empty(), " mask"}})
      if (is) s += name;
    return s;
  }
  OpSetup setup() const {
    OpSetup s;
    s.spec = object({{"op", "convLstm"},
                     {"filters", filters},
                     {"kernel", integers(kernel)},
                     {"strides", integers(strides)},
                     {"dilation", integers(dilation)},
                     {"padding", padding},
                     {"channelsFirst", channelsFirst},
                     {"useBias", bias},
                     {"returnSequences", sequences},
                     {"goBackwards", backwards},
                     {"zeroOutputForMask", zeros},
                     {"state", stateful ? Value(0) : Value()},
                     {"dropout", dropout},
                     {"recurrentDropout", recurrentDropout},
                     {"activation", object({{"activation", activation}})},
                     {"recurrentActivation", object({{"activation", recurrentActivation}})}});
    s.in = in;
    s.in.insert(channelsFirst ? s.in.begin() : s.in.end(), channels);
    s.in.insert(s.in.begin(), steps);
    s.rows = rows;
    s.chunk = chunk;
    s.maskSteps = mask.empty() ? 0 : steps;
    s.states = stateful ? 1 : 0;
    Shape own = kernel, recurrent = kernel;
    own.insert(own.end(), {channels, 4 * filters});
    recurrent.insert(recurrent.end(), {filters, 4 * filters});
    s.weights = {own, recurrent};
    if (bias) s.weights.push_back({4 * filters});
    return s;
  }
};

Conv image(std::vector<int64_t> in, std::vector<int64_t> kernel, int64_t channels, int64_t filters, int64_t steps, int64_t rows) {
  Conv c;
  c.in = std::move(in);
  c.kernel = std::move(kernel);
  c.strides = c.dilation = std::vector<int64_t>(c.in.size(), 1);
  c.channels = channels;
  c.filters = filters;
  c.steps = steps;
  c.rows = rows;
  return c;
}

size_t at(int64_t i) { return static_cast<size_t>(i); }
int64_t product(const std::vector<int64_t>& v) { return std::accumulate(v.begin(), v.end(), int64_t{1}, std::multiplies<>()); }
std::vector<int64_t> unravel(int64_t index, const std::vector<int64_t>& sizes) {
  std::vector<int64_t> out(sizes.size());
  for (size_t a = sizes.size(); a-- > 0; index /= sizes[a]) out[a] = index % sizes[a];
  return out;
}

// A convolution of one image, [cells, channels] -> [positions, filters].
struct Slide {
  std::vector<int64_t> in, kernel, strides, dilation, out, before;
  Slide(const Conv& c, const std::vector<int64_t>& sizes, bool recurrent)
      : in(sizes),
        kernel(c.kernel),
        strides(recurrent ? std::vector<int64_t>(sizes.size(), 1) : c.strides),
        dilation(recurrent ? std::vector<int64_t>(sizes.size(), 1) : c.dilation) {
    for (size_t a = 0; a < in.size(); ++a) {
      const int64_t extent = (kernel[a] - 1) * dilation[a] + 1;
      const bool same = recurrent || c.padding == "same";
      out.push_back(same ? (in[a] + strides[a] - 1) / strides[a] : (in[a] - extent) / strides[a] + 1);
      before.push_back(same ? std::max<int64_t>(0, (out[a] - 1) * strides[a] + extent - in[a]) / 2 : 0);
    }
  }
  void add(const Doubles& x, int64_t channels, const Doubles& w, int64_t filters, Doubles& z) const {
    for (int64_t p = 0; p < product(out); ++p)
      for (int64_t t = 0; t < product(kernel); ++t) {
        const std::vector<int64_t> where = unravel(p, out), tap = unravel(t, kernel);
        int64_t cell = 0;
        bool inside = true;
        for (size_t a = 0; a < in.size(); ++a) {
          const int64_t i = where[a] * strides[a] - before[a] + tap[a] * dilation[a];
          inside = inside && i >= 0 && i < in[a];
          cell = cell * in[a] + i;
        }
        for (int64_t ch = 0; inside && ch < channels; ++ch)
          for (int64_t f = 0; f < filters; ++f)
            z[at(p * filters + f)] += x[at(cell * channels + ch)] * w[at((t * channels + ch) * filters + f)];
      }
  }
};

Doubles reference(const Conv& c, const Doubles& x, const std::vector<Doubles>& w) {
  const Slide own(c, c.in, false), recurrent(c, own.out, true);
  const int64_t cells = product(c.in), positions = product(own.out), n = positions * c.filters, f4 = 4 * c.filters;
  Doubles y(at(c.rows * (c.sequences ? c.steps : 1) * n));
  for (int64_t r = 0; r < c.rows; ++r) {
    Doubles h(at(n), 0.0), cell(at(n), 0.0), output(at(n), 0.0);
    for (int64_t t = 0; t < c.steps; ++t) {
      const int64_t time = c.backwards ? c.steps - 1 - t : t;
      const bool skip = !c.mask.empty() && c.mask[at(r * c.steps + time)] == 0;
      if (!skip) {
        Doubles now(at(cells * c.channels)), z(at(positions * f4), 0.0);
        for (int64_t i = 0; i < cells; ++i)
          for (int64_t ch = 0; ch < c.channels; ++ch)
            now[at(i * c.channels + ch)] =
                x[at((r * c.steps + time) * cells * c.channels + (c.channelsFirst ? ch * cells + i : i * c.channels + ch))];
        for (int64_t i = 0; c.bias && i < positions * f4; ++i) z[at(i)] = w[2][at(i % f4)];
        own.add(now, c.channels, w[0], f4, z);
        recurrent.add(h, c.filters, w[1], f4, z);
        for (int64_t p = 0; p < positions; ++p)
          for (int64_t j = 0; j < c.filters; ++j) {
            const auto gate = [&](int64_t q) { return z[at(p * f4 + q * c.filters + j)]; };
            const auto s = [&](double v) { return apply(c.recurrentActivation, v); };
            double& state = cell[at(p * c.filters + j)];
            state = s(gate(1)) * state + s(gate(0)) * apply(c.activation, gate(2));
            h[at(p * c.filters + j)] = s(gate(3)) * apply(c.activation, state);
          }
        output = h;
      } else if (c.zeros) {
        output.assign(at(n), 0.0);
      }
      if (!c.sequences && t + 1 < c.steps) continue;
      double* to = y.data() + (c.sequences ? r * c.steps + t : r) * n;
      for (int64_t p = 0; p < positions; ++p)
        for (int64_t j = 0; j < c.filters; ++j) to[c.channelsFirst ? j * positions + p : p * c.filters + j] = output[at(p * c.filters + j)];
    }
  }
  return y;
}

void checkAll(const Conv& c, double tolerance = 2e-5) {
  SCOPED_TRACE(c.text());
  compare(
      c.setup(), c.mask, [&](const Doubles& x, const std::vector<Doubles>& w) { return reference(c, x, w); }, tolerance);
}

// For many numbers: the slopes along some random directions of the input and of each weight.
void checkSlopes(const Conv& c) {
  SCOPED_TRACE(c.text());
  OpRunner runner(c.setup());
  for (const VariablePtr& w : runner.weights)
    for (int64_t i = 0; i < w->size; ++i) w->data()[i] *= 0.2f;
  const Floats x = randomFloats(c.rows * sizeOf(c.setup().in), 3, -1, 1);
  std::vector<Doubles> at = {toDoubles(x)};
  for (const VariablePtr& w : runner.weights) at.emplace_back(w->data(), w->data() + w->size);
  const auto run = [&] { return reference(c, at[0], std::vector<Doubles>(at.begin() + 1, at.end())); };
  const Floats y = runner.forward(x, c.mask);
  expectClose(y, run(), 2e-6, "y");
  const Floats up = randomFloats(static_cast<int64_t>(y.size()), 5, -1, 1);
  std::vector<Floats> gradients = {runner.backward(up)};
  gradients.insert(gradients.end(), runner.gradients.begin(), runner.gradients.end());
  for (size_t k = 0; k < at.size(); ++k)
    for (uint64_t direction = 0; direction < 4; ++direction) {
      const Floats d = randomFloats(static_cast<int64_t>(at[k].size()), 40 + direction, -1, 1);
      const Doubles middle = at[k];
      double sums[2] = {}, got = 0, size = 0;
      for (int side = 0; side < 2; ++side) {
        for (size_t i = 0; i < d.size(); ++i) at[k][i] = middle[i] + (side ? 1e-5 : -1e-5) * d[i];
        const Doubles moved = run();
        for (size_t i = 0; i < moved.size(); ++i) sums[side] += up[i] * moved[i];
      }
      at[k] = middle;
      for (size_t i = 0; i < d.size(); ++i) {
        got += static_cast<double>(gradients[k][i]) * d[i];
        size += std::abs(static_cast<double>(gradients[k][i]) * d[i]);
      }
      EXPECT_NEAR(got, (sums[1] - sums[0]) / 2e-5, 1e-5 * size) << "tensor " << k;
    }
}

// Odd shapes: kernels as long as the input and longer than the state, one cell, one step, even kernels.
std::vector<Conv> shapes() {
  std::vector<Conv> all = {image({5}, {3}, 2, 3, 3, 4),       image({1}, {1}, 1, 1, 1, 1),       image({4}, {4}, 3, 2, 2, 2),
                           image({4, 3}, {2, 3}, 2, 2, 2, 2), image({3, 5}, {3, 2}, 1, 3, 3, 2), image({2, 3, 2}, {1, 2, 2}, 2, 1, 2, 2)};
  Conv strided = image({5, 4}, {2, 3}, 2, 2, 2, 2);
  strided.strides = {2, 1};
  Conv dilated = image({7}, {3}, 2, 2, 3, 2);
  dilated.dilation = {2};
  all.push_back(strided);
  all.push_back(dilated);
  return all;
}

TEST(ConvLstm, matches_the_reference) {
  for (Conv c : shapes())
    for (const char* padding : {"valid", "same"})
      for (const int bits : {0, 1, 2, 3}) {
        c.padding = padding;
        c.sequences = bits & 1;
        c.backwards = bits & 2;
        checkAll(c);
        c.channelsFirst = true;
        c.bias = bits != 0;
        checkAll(c);
        c.channelsFirst = false;
      }
}

TEST(ConvLstm, goes_the_same_through_every_kernel_of_convolutions) {
  for (const bool channelsFirst : {false, true}) {
    Conv wide = image({9, 8}, {3, 3}, 3, 8, 3, 3);
    wide.padding = "same";
    wide.sequences = true;
    wide.channelsFirst = channelsFirst;
    checkSlopes(wide);
    Conv strided = image({8, 11}, {3, 3}, 16, 16, 2, 2);
    strided.strides = {2, 2};
    strided.channelsFirst = channelsFirst;
    checkSlopes(strided);
    Conv line = image({40}, {5}, 4, 7, 3, 2);
    line.channelsFirst = channelsFirst;
    checkSlopes(line);
  }
}

TEST(ConvLstm, skips_masked_steps) {
  for (const int bits : {0, 1, 2, 3, 4, 5, 6, 7}) {
    Conv c = image({4, 3}, {2, 2}, 2, 2, 4, 5);
    c.mask = someMask(5, 4);
    c.sequences = bits & 1;
    c.backwards = bits & 2;
    c.zeros = bits & 4;
    checkAll(c);
  }
}

TEST(ConvLstm, takes_any_function) {
  for (const char* activation : {"relu", "softplus", "linear", "sigmoid"})
    for (const char* recurrent : {"hardSigmoid", "sigmoid", "softplus"})
      for (const bool masked : {false, true}) {
        Conv c = image({4}, {2}, 2, 2, 3, 3);
        c.activation = activation;
        c.recurrentActivation = recurrent;
        if (masked) c.mask = someMask(3, 3);
        checkAll(c, 5e-5);
      }
}

// Central differences of the op itself, whose draws depend on the step alone.
TEST(ConvLstm, has_the_gradient_of_its_dropout) {
  for (const bool channelsFirst : {false, true})
    for (const auto& [dropout, recurrent] : {std::pair<double, double>{0.4, 0}, {0, 0.3}, {0.4, 0.3}}) {
      Conv c = image({4, 3}, {2, 2}, 2, 3, 3, 3);
      c.sequences = true;
      c.channelsFirst = channelsFirst;
      c.dropout = dropout;
      c.recurrentDropout = recurrent;
      SCOPED_TRACE(c.text() + " dropout " + std::to_string(dropout) + " " + std::to_string(recurrent));
      OpRunner runner(c.setup());
      compareWithOwnDifferences(runner, randomFloats(c.rows * sizeOf(c.setup().in), 3, -1, 1));
    }
}

// With all functions linear and f = 0 the output is the product of what i, c and o see of a 1: their three masks.
TEST(ConvLstm, drops_other_cells_for_each_gate_and_the_same_at_every_step) {
  Conv c = image({40}, {1}, 1, 1, 3, 30);
  c.sequences = true;
  c.dropout = 0.25;
  c.bias = false;
  c.activation = c.recurrentActivation = "linear";
  const Floats x(30 * 3 * 40, 1.0f);
  const auto run = [&](uint64_t number) {
    OpSetup setup = c.setup();
    setup.number = number;
    OpRunner runner(setup);
    std::fill(runner.weights[1]->data(), runner.weights[1]->data() + 4, 0.0f);
    for (int q = 0; q < 4; ++q) runner.weights[0]->data()[q] = q == 1 ? 0.0f : 1.0f;
    return runner.forward(x);
  };
  const Floats y = run(0);
  int64_t kept = 0;
  for (int64_t r = 0; r < 30; ++r)
    for (int64_t j = 0; j < 40; ++j) {
      const float first = y[at(r * 120 + j)];
      for (int64_t t = 1; t < 3; ++t) ASSERT_EQ(y[at((r * 3 + t) * 40 + j)], first);
      ASSERT_TRUE(first == 0 || std::abs(first - 64.0f / 27) < 1e-5f) << first;
      kept += first != 0;
    }
  EXPECT_NEAR(static_cast<double>(kept) / 1200, 0.75 * 0.75 * 0.75, 0.05);
  EXPECT_EQ(run(0), y);
  EXPECT_NE(run(1), y);
}

TEST(ConvLstm, has_the_same_bits_however_it_is_cut) {
  for (const bool channelsFirst : {false, true})
    for (const double rate : {0.0, 0.3}) {
      Conv c = image({5, 8}, {3, 3}, 2, 8, 3, 7);
      c.sequences = c.backwards = true;
      c.padding = "same";
      c.channelsFirst = channelsFirst;
      c.dropout = c.recurrentDropout = rate;
      c.mask = someMask(7, 3);
      Floats x, up, y, dx;
      std::vector<Floats> gradients;
      for (const int64_t chunk : {1, 2, 3, 7}) {
        c.chunk = chunk;
        OpSetup setup = c.setup();
        setup.batch = 9;
        OpRunner runner(setup);
        if (x.empty()) x = randomFloats(c.rows * sizeOf(setup.in), 3, -1, 1);
        if (up.empty()) up = randomFloats(c.rows * sizeOf(runner.op->out), 5, -1, 1);
        const Floats got = runner.forward(x, c.mask), gradient = runner.backward(up);
        if (y.empty()) {
          y = got;
          dx = gradient;
          gradients = runner.gradients;
        }
        EXPECT_EQ(got, y) << "chunks of " << chunk;
        EXPECT_EQ(gradient, dx) << "chunks of " << chunk;
        EXPECT_EQ(runner.gradients, gradients) << "chunks of " << chunk;
      }
    }
}

TEST(ConvLstm, carries_its_state_where_stateful) {
  Conv c = image({3, 2}, {2, 2}, 2, 3, 6, 4);
  c.padding = "same";
  const int64_t half = 3 * 6 * 2;  // of a row
  const Floats x = randomFloats(4 * 2 * half, 3, -1, 1);
  OpRunner whole(c.setup());
  const Floats want = whole.forward(x);
  c.steps = 3;
  c.stateful = true;
  Floats first, second;
  for (int64_t r = 0; r < 4; ++r) {
    const auto row = x.begin() + r * 2 * half;
    first.insert(first.end(), row, row + half);
    second.insert(second.end(), row + half, row + 2 * half);
  }
  OpRunner halves(c.setup());
  const Floats begun = halves.forward(first);
  expectClose(halves.forward(second), toDoubles(want), 1e-6, "the second half");
  halves.forgetStates();
  expectClose(halves.forward(first), toDoubles(begun), 0, "after a reset");
  // Where all steps are skipped there is no output, whatever the state.
  c.mask = Floats(12, 1.0f);
  OpRunner masked(c.setup());
  masked.forward(first, Floats(12, 1.0f));
  expectClose(masked.forward(second, Floats(12, 0.0f)), Doubles(want.size(), 0.0), 0, "skipped");
  expectClose(masked.forward(second, Floats(12, 1.0f)), toDoubles(want), 1e-6, "after what was skipped");
}

TEST(ConvLstm, gives_gradients_of_trained_weights_alone) {
  for (const int which : {0, 1, 2}) {
    Conv c = image({4, 3}, {2, 2}, 2, 2, 2, 2);
    OpSetup setup = c.setup();
    setup.trainable = {which == 0, which == 1, which == 2};
    OpRunner all(c.setup()), some(setup);
    const Floats x = randomFloats(2 * sizeOf(setup.in), 3, -1, 1), up = randomFloats(2 * sizeOf(all.op->out), 5, -1, 1);
    EXPECT_EQ(all.forward(x), some.forward(x));
    EXPECT_EQ(all.backward(up), some.backward(up));
    EXPECT_EQ(all.gradients[at(which)], some.gradients[at(which)]);
  }
}

TEST(ConvLstm, refuses_what_cannot_be) {
  const auto with = [](const std::function<void(OpSetup&)>& change) {
    OpSetup s = image({4, 3}, {2, 2}, 2, 2, 3, 2).setup();
    change(s);
    return s;
  };
  const auto spec = [](Value::Object more) {
    Value::Object all = {{"op", "convLstm"}, {"filters", 2}, {"kernel", integers({2, 2})}};
    for (auto& [key, value] : more) all[key] = value;
    return object(all);
  };
  expectRefused(with([](OpSetup& s) { s.in = {3, 4}; }));
  expectRefused(with([](OpSetup& s) { s.in = {}; }));
  expectRefused(with([](OpSetup& s) { s.in = {3, 1, 3, 2}; }));
  expectRefused(with([](OpSetup& s) { s.weights.pop_back(); }));
  expectRefused(with([](OpSetup& s) { s.weights[1] = {2, 2, 2, 7}; }));
  expectRefused(with([&](OpSetup& s) { s.spec = spec({{"filters", 0}}); }));
  expectRefused(with([&](OpSetup& s) { s.spec = spec({{"filters", 9007199254740992.0}}); }));
  expectRefused(with([&](OpSetup& s) { s.spec = spec({{"dropout", 1.0}}); }));
  expectRefused(with([&](OpSetup& s) { s.spec = spec({{"kernel", integers({2})}}); }));
  expectRefused(with([&](OpSetup& s) { s.spec = spec({{"activation", object({{"activation", "logSoftmax"}})}}); }));
  // A mask of cells in place of steps.
  try {
    OpRunner runner(with([](OpSetup& s) { s.maskSteps = 36; }));
    ADD_FAILURE() << "the mask was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "ERR_MASK") << e.what();
  }
}

}  // namespace
}  // namespace gemmfit::test
