#include <memory>

#include "native/kernels/depthwise.h"
#include "native/ops/convolution.h"

namespace gemmfit::ops {

// Each channel convolved by itself, into `depthMultiplier` channels that stay together. Weights: kernel [...kernel, channels,
// depthMultiplier], bias [channels * depthMultiplier] unless useBias is false. Spec: kernel, and optionally depthMultiplier, strides,
// dilation, padding ('valid', 'same', 'causal'), channelsFirst, useBias.
std::unique_ptr<Op> depthwiseConv(const Value& spec, const OpEnv& env) {
  const ConvolutionSpec s("depthwiseConv", spec, env);
  const int64_t multiplier = spec.integer("depthMultiplier", 1);
  if (multiplier < 1 || multiplier > (int64_t{1} << 31)) s.fail("depthMultiplier must be above 0");
  auto c = std::make_unique<Depthwise>();
  c->window = s.window();
  c->filters = s.channels * multiplier;
  c->groups = s.channels;
  return std::make_unique<ConvolutionOp>(s, env, std::move(c), false);
}

}  // namespace gemmfit::ops
