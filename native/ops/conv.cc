#include <memory>

#include "native/kernels/depthwise.h"
#include "native/ops/convolution.h"

namespace gemmfit::ops {

// Convolution over 1 to 3 axes. Weights: kernel [...kernel, channels / groups, filters], bias [filters] unless useBias is false.
// Spec: filters, kernel, and optionally strides, dilation, padding ('valid', 'same', 'causal'), groups, channelsFirst, useBias, precision.
std::unique_ptr<Op> conv(const Value& spec, const OpEnv& env) {
  const ConvolutionSpec s("conv", spec, env);
  const int64_t filters = spec.integer("filters"), groups = spec.integer("groups", 1);
  if (filters < 1 || groups < 1 || filters % groups || s.channels % groups) s.fail("groups must divide filters and channels");
  const bool depthwise = groups > 1 && groups == s.channels;
  std::unique_ptr<Convolution> c;
  if (depthwise)
    c = std::make_unique<Depthwise>();
  else
    c = makeConvolution(spec);
  c->window = s.window();
  c->filters = filters;
  c->groups = groups;
  return std::make_unique<ConvolutionOp>(s, env, std::move(c), false);
}

}  // namespace gemmfit::ops
