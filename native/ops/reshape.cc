#include <algorithm>

#include "native/engine/error.h"
#include "native/engine/op.h"

namespace gemmfit::ops {
namespace {

// The same numbers under another shape.
class Reshape : public Op {
 public:
  Reshape(const Value& spec, const OpEnv& env) : n_(sizeOf(env.in)) {
    in = env.in;
    int64_t known = 1;
    int64_t* open = nullptr;
    out = spec.integers("shape");
    for (int64_t& d : out) {
      if (d == -1 && !open)
        open = &d;
      else if (d < 1 || d > n_)
        throw refused(spec.integers("shape"));
      else if ((known *= d) > n_)
        throw refused(spec.integers("shape"));
    }
    if (open) *open = n_ / known;
    if (sizeOf(out) != n_) throw refused(spec.integers("shape"));
    identity = inPlace = true;
    mask = Mask::drop;
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    if (x != y) std::copy(x + begin * n_, x + end * n_, y + begin * n_);
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx && dx != dy) std::copy(dy + begin * n_, dy + end * n_, dx + begin * n_);
  }

 private:
  Error refused(const Shape& shape) const {
    return {"ERR_SPEC", "reshape: a sample of shape " + toString(in) + " does not have the size of " + toString(shape)};
  }
  int64_t n_;
};

}  // namespace

// { op: 'reshape', shape }: of a sample; one axis may be -1, which takes what is left.
std::unique_ptr<Op> reshape(const Value& spec, const OpEnv& env) { return std::make_unique<Reshape>(spec, env); }

}  // namespace gemmfit::ops
