#include <algorithm>
#include <memory>

#include "native/kernels/sizes.h"
#include "native/ops/convolution.h"

namespace gemmfit::ops {
namespace {

constexpr double kMostFloats = 1e12;  // of an output sample: more than can be had, less than integers hold

}  // namespace

// The adjoint of a convolution from the output to the input. Weights: kernel [...kernel, filters, channels], bias [filters] unless
// useBias is false. Spec: filters, kernel, and optionally outputPadding, strides, dilation, padding ('valid', 'same'),
// channelsFirst, useBias, precision.
std::unique_ptr<Op> convTranspose(const Value& spec, const OpEnv& env) {
  const ConvolutionSpec s("convTranspose", spec, env);
  std::unique_ptr<Convolution> own = makeConvolution(spec);
  Convolution& c = *own;
  Window& w = c.window;
  const std::vector<int64_t> padding = spec.integers("outputPadding");
  if (!padding.empty() && static_cast<int64_t>(padding.size()) != s.rank) s.fail("'outputPadding' needs one number for each axis");
  double size = 1;
  for (int a = 0; a < 3; ++a) {
    w.kernel[a] = s.kernel[a];
    w.stride[a] = s.stride[a];
    w.dilation[a] = s.dilation[a];
    w.out[a] = s.in[a];
    const int64_t extent = (s.kernel[a] - 1) * s.dilation[a] + 1, reach = (s.in[a] - 1) * s.stride[a];
    const int64_t axis = a - 3 + s.rank;
    const bool given = axis >= 0 && !padding.empty();
    const int64_t extra = given ? padding[asSize(axis)] : 0;
    if (extra < 0 || extra >= s.stride[a]) s.fail("'outputPadding' must be at least 0 and below the stride");
    if (s.padding == "valid") {
      w.in[a] = reach + (given ? extent + extra : std::max(extent, s.stride[a]));
    } else if (s.padding == "same") {
      w.in[a] = reach + (given ? extent % 2 + extra : s.stride[a]);
      w.before[a] = std::max<int64_t>(0, reach + extent - w.in[a]) / 2;
    } else {
      s.fail("unknown padding '" + s.padding + "'");
    }
    if (w.in[a] < 1) s.fail("the output would be empty");
    size *= static_cast<double>(w.in[a]);
  }
  w.channels = spec.integer("filters");
  c.filters = s.channels;
  if (w.channels < 1) s.fail("filters must be above 0");
  if (size * static_cast<double>(w.channels) > kMostFloats) s.fail("the output would be too large");
  return std::make_unique<ConvolutionOp>(s, env, std::move(own), true);
}

}  // namespace gemmfit::ops
