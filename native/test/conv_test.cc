// Convolutions and transposed ones against loops over every position, tap and channel in double precision.
#include <numeric>

#include "native/kernels/gemm/bf16.h"
#include "native/test/op_harness.h"

namespace gemmfit::test {
namespace {

struct Case {
  bool transposed = false, depthwise = false;          // depthwise: groups = channels, by the op of that name
  std::vector<int64_t> in, kernel, strides, dilation;  // spatial
  std::vector<int64_t> outputPadding;                  // of a transposed one; empty: none asked for
  std::string padding = "valid";
  int64_t channels = 1, filters = 1, groups = 1;
  bool channelsFirst = false, bias = true, bf16 = false;
  int64_t rows = 3, batch = 0, chunk = 2;

  std::string text() const {
    std::string s = (transposed  ? "transposed "
                     : depthwise ? "depthwise "
                                 : "") +
                    padding + (channelsFirst ? " channelsFirst" : "") + (bias ? "" : " no bias") + (bf16 ? " bfloat16" : "");
    const auto add = [&](const char* name, const std::vector<int64_t>& list) { s += std::string(" ") + name + toString(list); };
    add("in", in), add("kernel", kernel), add("strides", strides), add("dilation", dilation), add("outputPadding", outputPadding);
    add("channels/filters/groups", {channels, filters, groups}), add("rows/batch/chunk", {rows, batch, chunk});
    return s;
  }
};

// Sizes by the formulas of Keras's documentation; [axis] of the output and of the padding before.
struct Sizes {
  std::vector<int64_t> out, before;
  bool possible = true;
};

Sizes sizesOf(const Case& c) {
  Sizes s;
  for (size_t a = 0; a < c.in.size(); ++a) {
    const int64_t i = c.in[a], k = (c.kernel[a] - 1) * c.dilation[a] + 1, st = c.strides[a];
    int64_t out = 0, before = 0;
    if (c.transposed) {
      if (c.padding == "valid")
        out = c.outputPadding.empty() ? i * st + std::max<int64_t>(k - st, 0) : (i - 1) * st + k + c.outputPadding[a];
      else
        out = c.outputPadding.empty() ? i * st : (i - 1) * st + k % 2 + c.outputPadding[a];
      if (c.padding == "same") before = std::max<int64_t>(0, (i - 1) * st + k - out) / 2;
    } else if (c.padding == "valid") {
      out = i < k ? 0 : (i - k) / st + 1;
    } else if (c.padding == "same") {
      out = (i + st - 1) / st;
      before = std::max<int64_t>(0, (out - 1) * st + k - i) / 2;
    } else {
      out = (i + st - 1) / st;
      before = k - 1;
    }
    if (out < 1) s.possible = false;
    s.out.push_back(out);
    s.before.push_back(before);
  }
  return s;
}

int64_t product(const std::vector<int64_t>& v) { return std::accumulate(v.begin(), v.end(), int64_t{1}, std::multiplies<>()); }

std::vector<int64_t> unravel(int64_t at, const std::vector<int64_t>& sizes) {
  std::vector<int64_t> index(sizes.size());
  for (size_t a = sizes.size(); a-- > 0; at /= sizes[a]) index[a] = at % sizes[a];
  return index;
}

// Calls f(image element, grid element, kernel element) for every product the layer sums. The kernel slides over the image, which is the
// output of a transposed convolution and the input of another.
template <class F>
void eachProduct(const Case& c, F&& f) {
  const Sizes s = sizesOf(c);
  const std::vector<int64_t>&image = c.transposed ? s.out : c.in, &grid = c.transposed ? c.in : s.out;
  const int64_t imageChannels = c.transposed ? c.filters : c.channels, gridChannels = c.transposed ? c.channels : c.filters;
  const int64_t cells = product(image), positions = product(grid), taps = product(c.kernel);
  const int64_t perGroup = imageChannels / c.groups, gridPerGroup = gridChannels / c.groups;
  const auto at = [&](int64_t n, int64_t cell, int64_t all, int64_t channel, int64_t channels) {
    return c.channelsFirst ? (n * channels + channel) * all + cell : (n * all + cell) * channels + channel;
  };
  for (int64_t p = 0; p < positions; ++p)
    for (int64_t t = 0; t < taps; ++t) {
      const std::vector<int64_t> where = unravel(p, grid), tap = unravel(t, c.kernel);
      int64_t cell = 0;
      bool inside = true;
      for (size_t a = 0; a < image.size(); ++a) {
        const int64_t i = where[a] * c.strides[a] - s.before[a] + tap[a] * c.dilation[a];
        inside = inside && i >= 0 && i < image[a];
        cell = cell * image[a] + i;
      }
      if (!inside) continue;
      for (int64_t n = 0; n < c.rows; ++n)
        for (int64_t ch = 0; ch < imageChannels; ++ch)
          for (int64_t g = 0; g < gridPerGroup; ++g) {
            const int64_t filter = ch / perGroup * gridPerGroup + g;
            f(at(n, cell, cells, ch, imageChannels), at(n, p, positions, filter, gridChannels),
              (t * perGroup + ch % perGroup) * gridChannels + filter);
          }
    }
}

OpSetup setupOf(const Case& c) {
  Value::Object spec{{"op", c.transposed  ? "convTranspose"
                            : c.depthwise ? "depthwiseConv"
                                          : "conv"},
                     {"filters", c.filters},
                     {"kernel", integers(c.kernel)},
                     {"strides", integers(c.strides)},
                     {"dilation", integers(c.dilation)},
                     {"padding", c.padding},
                     {"groups", c.groups},
                     {"channelsFirst", c.channelsFirst},
                     {"useBias", c.bias},
                     {"precision", c.bf16 ? "bfloat16" : "float32"}};
  if (c.depthwise) spec["depthMultiplier"] = c.filters / c.channels;
  if (!c.outputPadding.empty()) spec["outputPadding"] = integers(c.outputPadding);
  OpSetup s;
  s.spec = object(spec);
  s.in = c.in;
  s.in.insert(c.channelsFirst ? s.in.begin() : s.in.end(), c.channels);
  Shape kernel = c.kernel;
  kernel.push_back(c.transposed ? c.filters : c.channels / c.groups);
  kernel.push_back(c.transposed ? c.channels : c.filters);
  s.weights = {kernel};
  if (c.bias) s.weights.push_back({c.filters});
  s.rows = c.rows;
  s.batch = c.batch;
  s.chunk = c.chunk;
  return s;
}

// Cells of the output before its channels, for one sample.
int64_t outCells(const Case& c) { return product(sizesOf(c).out); }

// A sum in double beside the sum of its terms' magnitudes, which bounds what rounding in float may do to it.
struct Sums {
  explicit Sums(size_t n) : sum(n, 0), size(n, 0) {}
  void add(size_t i, double term) {
    sum[i] += term;
    size[i] += std::abs(term);
  }
  void expect(const Floats& got, const char* what) const {
    ASSERT_EQ(got.size(), sum.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], sum[i], 5e-7 * size[i] + 1e-30) << what << "[" << i << "]";
  }
  Doubles sum, size;
};

void check(const Case& c) {
  SCOPED_TRACE(c.text());
  OpRunner runner(setupOf(c));
  const Floats x = randomFloats(c.rows * sizeOf(runner.op->in), 3, -1, 1);
  const Floats y = runner.forward(x), dy = randomFloats(static_cast<int64_t>(y.size()), 4, -1, 1);
  const Floats dx = runner.backward(dy);
  const float* kernel = runner.weights[0]->data();
  Sums wantY(y.size()), wantDx(x.size()), wantKernel(static_cast<size_t>(runner.weights[0]->size)),
      wantBias(static_cast<size_t>(c.filters));
  // Depthwise products are not of matrices, and stay float32.
  const bool rounds = c.bf16 && (c.groups == 1 || c.groups < c.channels);
  const auto operand = [rounds](float value) { return static_cast<double>(rounds ? roundToBf16(value) : value); };
  const int64_t cells = outCells(c);
  for (size_t i = 0; i < y.size(); ++i) {
    const auto f = static_cast<size_t>(c.channelsFirst ? static_cast<int64_t>(i) / cells % c.filters : static_cast<int64_t>(i) % c.filters);
    if (c.bias) wantY.add(i, runner.weights[1]->data()[f]);
    wantBias.add(f, dy[i]);
  }
  eachProduct(c, [&](int64_t image, int64_t grid, int64_t w) {
    const auto i = static_cast<size_t>(c.transposed ? grid : image), o = static_cast<size_t>(c.transposed ? image : grid);
    const double xi = operand(x[i]), dyo = operand(dy[o]), k = operand(kernel[w]);
    wantY.add(o, xi * k);
    wantDx.add(i, dyo * k);
    wantKernel.add(static_cast<size_t>(w), dyo * xi);
  });
  wantY.expect(y, "y");
  wantDx.expect(dx, "dx");
  wantKernel.expect(runner.gradients[0], "kernel's gradient");
  if (c.bias) wantBias.expect(runner.gradients[1], "bias's gradient");
}

class Draw {
 public:
  explicit Draw(uint64_t seed) : seed_(seed) {}
  int64_t from(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Philox(seed_, 1, count_++).v[0] % static_cast<uint32_t>(high - low + 1));
  }
  bool chance(int64_t oneIn) { return from(1, oneIn) == 1; }

 private:
  uint64_t seed_, count_ = 0;
};

Case draw(uint64_t seed, bool transposed) {
  Draw d(seed);
  for (;;) {
    Case c;
    c.transposed = transposed;
    const auto rank = static_cast<size_t>(d.from(1, 3));
    c.padding = d.chance(2) ? "same" : !transposed && d.chance(3) ? "causal" : "valid";
    const bool pads = transposed && d.chance(2);
    for (size_t a = 0; a < rank; ++a) {
      c.in.push_back(d.from(1, rank == 1 ? 40 : rank == 2 ? 11 : 6));
      c.kernel.push_back(d.from(1, 4));
      c.strides.push_back(d.from(1, 3));
      c.dilation.push_back(c.strides[a] == 1 && d.chance(2) ? d.from(1, 3) : 1);
      if (pads) c.outputPadding.push_back(d.from(0, c.strides[a] - 1));
    }
    c.groups = transposed || d.chance(2) ? 1 : d.from(1, 3);
    c.channels = c.groups * d.from(1, d.chance(2) ? 20 : 3);
    c.filters = c.groups * d.from(1, d.chance(2) ? 20 : 3);
    c.channelsFirst = d.chance(3);
    c.bias = !d.chance(4);
    c.rows = d.from(1, 6);
    c.batch = c.rows + (d.chance(2) ? d.from(0, 5) : 0);
    c.chunk = d.from(1, c.rows);
    if (sizesOf(c).possible) return c;
  }
}

TEST(Conv, random_shapes_agree_with_loops) {
  for (uint64_t seed = 0; seed < 250; ++seed) {
    Case c = draw(seed, false);
    check(c);
    c.bf16 = true;
    check(c);
  }
}

TEST(DepthwiseConv, random_shapes_agree_with_loops) {
  for (uint64_t seed = 2000; seed < 2200; ++seed) {
    Case c = draw(seed, false);
    Draw more(seed + 5000);
    c.depthwise = more.chance(2);  // the other half: convolutions with as many groups as channels
    c.channels = c.groups = more.from(1, more.chance(2) ? 40 : 5);
    c.filters = c.channels * more.from(1, 3);
    check(c);
  }
}

TEST(ConvTranspose, random_shapes_agree_with_loops) {
  for (uint64_t seed = 1000; seed < 1200; ++seed) {
    Case c = draw(seed, true);
    check(c);
    c.bf16 = true;
    check(c);
  }
}

Case square(int64_t size, int64_t channels, int64_t filters, int64_t kernel, const char* padding) {
  Case c;
  c.in = {size, size};
  c.kernel = {kernel, kernel};
  c.strides = c.dilation = {1, 1};
  c.padding = padding;
  c.channels = channels;
  c.filters = filters;
  return c;
}

// Enough work for partial gradients in groups of samples, the last group cut short; and panels that are parts of a sample.
TEST(Conv, partial_gradients_of_groups_of_samples) {
  Case c = square(20, 8, 16, 3, "same");
  c.rows = 13, c.batch = 16, c.chunk = 5;
  check(c);
  EXPECT_EQ(OpRunner(setupOf(c)).op->backwardPhases().size(), 2u);
  c.channelsFirst = true;
  check(c);
  c.channelsFirst = false;
  c.groups = 4;
  check(c);
  c = square(17, 3, 40, 5, "valid");
  c.rows = 9, c.strides = {2, 1};
  check(c);
}

// A kernel larger than the batch's tensors: tiles of its gradient straight from the batch, cut by taps, channels and filters.
TEST(Conv, large_kernels_in_tiles) {
  Case c = square(4, 160, 420, 3, "same");
  c.rows = 2;
  check(c);
  EXPECT_EQ(OpRunner(setupOf(c)).op->backwardPhases().size(), 1u);
  EXPECT_GE(OpRunner(setupOf(c)).op->weightTasks(), 9);
  c = square(2, 300, 300, 2, "same");
  c.groups = 2;
  check(c);
  c = square(1, 2, 70000, 1, "same");
  c.rows = 1;
  check(c);
}

TEST(Conv, pointwise_goes_without_panels) {
  Case c = square(30, 7, 9, 1, "valid");
  c.rows = 7;
  check(c);
  c.groups = 1, c.filters = 14, c.channels = 6;
  check(c);
  c.groups = 2, c.transposed = false;
  check(c);
  c.groups = 1, c.transposed = true;
  check(c);
}

// Windows that reach far beyond the image, and strides past its end: no copies with padding, no endless loops over nothing.
TEST(Conv, windows_far_larger_than_the_image) {
  for (const bool depthwise : {false, true}) {
    Case c = square(7, 16, 16, 3, "same");
    c.depthwise = depthwise;
    if (depthwise) c.groups = 16;
    c.dilation = {100000, 1000000};
    check(c);
    c.dilation = {1, 1};
    c.kernel = {31, 57};
    check(c);
    c.kernel = {3, 3};
    c.strides = {1 << 30, 5};
    check(c);
  }
}

// Longer than what a cache holds: positions of one line are gone through in parts.
TEST(Conv, long_signals) {
  for (const char* padding : {"same", "causal", "valid"}) {
    Case c;
    c.in = {5000};
    c.kernel = {4};
    c.strides = c.dilation = {1};
    c.padding = padding;
    c.channels = 16, c.filters = 31, c.rows = 2;
    check(c);
    c.strides = {3};
    check(c);
    c.channelsFirst = true;
    check(c);
  }
}

// However rows are cut, a sample's numbers are the same: to the bit where tiles fill (or a panel is a sample or less).
TEST(Conv, chunks_do_not_change_bits) {
  for (const auto& [transposed, exact] : std::vector<std::pair<bool, bool>>{{false, false}, {false, true}, {true, false}, {true, true}})
    for (const int64_t size : {3, 9, 26, -9}) {  // below 0: with bfloat16
      Case c = square(std::abs(size), exact ? 16 : 5, exact ? 32 : 2, 3, "same");
      c.transposed = transposed;
      c.bf16 = size < 0;
      c.rows = 8;
      Floats first, firstDx, firstKernel;
      for (const int64_t chunk : {1, 3, 5, 8}) {
        c.chunk = chunk;
        OpRunner runner(setupOf(c));
        const Floats y = runner.forward(randomFloats(c.rows * sizeOf(runner.op->in), 3));
        const Floats dx = runner.backward(randomFloats(c.rows * sizeOf(runner.op->out), 4));
        if (first.empty()) first = y, firstDx = dx, firstKernel = runner.gradients[0];
        SCOPED_TRACE("chunks of " + std::to_string(chunk) + " samples of " + std::to_string(size));
        if (exact || c.bf16 || size == 26) {
          EXPECT_TRUE(y == first);
          EXPECT_TRUE(dx == firstDx);
        }
        expectClose(y, toDoubles(first), 1e-5, "y");
        expectClose(dx, toDoubles(firstDx), 1e-5, "dx");
        EXPECT_TRUE(runner.gradients[0] == firstKernel);
      }
    }
}

TEST(Conv, nan_reaches_the_windows_that_see_it_and_no_others) {
  Case c = square(6, 1, 2, 3, "valid");
  c.rows = 1;
  OpRunner runner(setupOf(c));
  Floats x = randomFloats(36, 3);
  x[0] = kNaN;
  const Floats y = runner.forward(x);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i < 2) << i;
}

TEST(Conv, frozen_weights_get_no_gradient) {
  OpSetup s = setupOf(square(12, 4, 8, 3, "same"));
  s.rows = 16;
  for (const std::vector<bool>& trainable : {std::vector<bool>{true, false}, {false, true}, {false, false}}) {
    s.trainable = trainable;
    OpRunner runner(s);
    const Floats y = runner.forward(randomFloats(s.rows * sizeOf(runner.op->in), 3));
    runner.backward(randomFloats(static_cast<int64_t>(y.size()), 4));
  }
}

TEST(Conv, impossible_specs_are_refused) {
  const auto refuse = [](const Case& c, const std::function<void(OpSetup&)>& spoil) {
    OpSetup s = setupOf(c);
    spoil(s);
    expectRefused(s);
  };
  const Case ok = square(6, 4, 8, 3, "valid");
  const auto with = [](const char* key, Value v) {
    return [=](OpSetup& s) {
      Value::Object o;
      for (const char* k : {"op", "filters", "kernel", "strides", "dilation", "padding", "groups", "channelsFirst", "useBias"})
        if (s.spec.has(k)) o[k] = s.spec.at(k);
      o[key] = v;
      s.spec = object(o);
    };
  };
  refuse(ok, with("padding", "full"));
  refuse(ok, with("kernel", integers({3})));
  refuse(ok, with("kernel", integers({})));
  refuse(ok, with("kernel", integers({7, 7})));
  refuse(ok, with("kernel", integers({3, 0})));
  refuse(ok, with("strides", integers({1, -1})));
  refuse(ok, with("strides", integers({int64_t{1} << 40, 1})));
  refuse(ok, with("dilation", integers({0, 1})));
  refuse(ok, [](OpSetup& s) {
    Case c = square(9, 4, 8, 3, "valid");
    c.strides = c.dilation = {2, 2};
    s.spec = setupOf(c).spec;
  });
  refuse(ok, with("groups", 3));
  refuse(ok, with("groups", 0));
  refuse(ok, with("filters", 0));
  refuse(ok, with("filters", 7));
  refuse(ok, with("filters", static_cast<double>(int64_t{1} << 50)));
  refuse(ok, [](OpSetup& s) { s.weights.pop_back(); });
  refuse(ok, [](OpSetup& s) { s.weights[1] = {9}; });
  refuse(ok, [](OpSetup& s) { s.weights.clear(); });
  refuse(ok, [](OpSetup& s) { s.in = {4}; });
  refuse(ok, [](OpSetup& s) { s.in = {2, 2, 2, 2, 4}; });
  Case t = ok;
  t.transposed = true;
  refuse(t, with("outputPadding", integers({1, 0})));
  refuse(t, with("outputPadding", integers({0})));
  refuse(t, with("padding", "causal"));
  refuse(t, with("strides", integers({1 << 30, 1 << 30})));
  refuse(ok, with("kernel", integers({1 << 30, 1 << 30})));
}

}  // namespace
}  // namespace gemmfit::test
