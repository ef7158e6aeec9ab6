#include <algorithm>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"
#include "native/ops/convolution.h"

namespace gemmfit {
namespace {

constexpr int64_t kMost = int64_t{1} << 31;  // of a size along one axis: products of two stay within integers

}  // namespace

void ConvolutionSpec::fail(const std::string& what) const { throw Error("ERR_SPEC", std::string(op) + ": " + what); }

ConvolutionSpec::ConvolutionSpec(const char* opName, const Value& spec, const OpEnv& env)
    : op(opName),
      rank(static_cast<int64_t>(env.in.size()) - 1),
      channelsFirst(spec.flag("channelsFirst", false)),
      useBias(spec.flag("useBias", true)),
      padding(spec.text("padding", "valid")) {
  if (rank < 1 || rank > 3) fail("its input must have 1 to 3 axes and channels");
  for (const int64_t d : env.in)
    if (d < 1 || d >= kMost) fail("its input's sizes must be above 0 and below 2^31");
  channels = channelsFirst ? env.in.front() : env.in.back();
  const auto read = [&](const char* key, int64_t* to) {
    const std::vector<int64_t> given = spec.integers(key);
    if (given.empty() && std::string(key) != "kernel") return;
    if (static_cast<int64_t>(given.size()) != rank) fail(std::string("'") + key + "' needs one number for each axis");
    for (int64_t i = 0; i < rank; ++i) {
      const int64_t n = given[asSize(i)];
      if (n < 1 || n >= kMost) fail(std::string("'") + key + "' must be above 0 and below 2^31");
      to[3 - rank + i] = n;
    }
  };
  for (int64_t i = 0; i < rank; ++i) in[3 - rank + i] = env.in[asSize(i + (channelsFirst ? 1 : 0))];
  read("kernel", kernel);
  read("strides", stride);
  read("dilation", dilation);
  for (int a = 0; a < 3; ++a)
    if (stride[a] > 1 && dilation[a] > 1) fail("strides and dilation cannot both be above 1");
}

Window ConvolutionSpec::window() const {
  Window w;
  for (int a = 0; a < 3; ++a) {
    w.in[a] = in[a];
    w.kernel[a] = kernel[a];
    w.stride[a] = stride[a];
    w.dilation[a] = dilation[a];
    const int64_t extent = (kernel[a] - 1) * dilation[a] + 1;
    if (padding == "valid") {
      if (in[a] < extent) fail("the kernel is longer than the input");
      w.out[a] = (in[a] - extent) / stride[a] + 1;
    } else if (padding == "same") {
      w.out[a] = ceilDiv(in[a], stride[a]);
      w.before[a] = std::max<int64_t>(0, (w.out[a] - 1) * stride[a] + extent - in[a]) / 2;
    } else if (padding == "causal") {
      w.out[a] = ceilDiv(in[a], stride[a]);
      w.before[a] = extent - 1;
    } else {
      fail("unknown padding '" + padding + "'");
    }
  }
  w.channels = channels;
  return w;
}

Shape ConvolutionSpec::sampleShape(const int64_t sizes[3], int64_t channelsOf) const {
  Shape s(sizes + 3 - rank, sizes + 3);
  s.insert(channelsFirst ? s.begin() : s.end(), channelsOf);
  return s;
}

}  // namespace gemmfit
