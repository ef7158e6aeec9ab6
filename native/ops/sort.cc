#include <algorithm>
#include <cmath>
#include <numeric>

#include "native/engine/op.h"
#include "native/ops/ordered.h"

namespace gemmfit::ops {
namespace {

// Numbers in order along an axis, or the places where they stood. Equal ones keep their order, and NaN stands last, as in NumPy. A gradient
// goes back to where its number came from.
class Sort : public Op {
 public:
  Sort(const Value& spec, const OpEnv& env, int64_t axis)
      : descending_(spec.flag("descending", false)), indices_(spec.flag("indices", false)), runs_(env.in, axis), n_(sizeOf(env.in)) {
    in = out = env.in;
    mask = Mask::drop;
    stopsGradient = indices_;
    const bool learns = env.training && env.needsInputGradient && !indices_;
    places_ = addScratch({n_, 0, learns ? Scratch::whole : Scratch::forward});
    flopsPerRow = 60 * static_cast<double>(n_);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override {
    forLines(runs_, begin, end, [&](int64_t first, int64_t line) {
      int32_t* places = placesOf(line);
      const float* from = x + first;
      const int64_t step = runs_.inner;
      std::iota(places, places + runs_.length, 0);
      std::sort(places, places + runs_.length, [&](int32_t i, int32_t j) {
        const float a = from[i * step], b = from[j * step];
        if (std::isnan(a) != std::isnan(b)) return std::isnan(b);
        if (descending_ ? a > b : a < b) return true;
        return (descending_ ? a < b : a > b) ? false : i < j;
      });
      for (int64_t i = 0; i < runs_.length; ++i) y[first + i * step] = indices_ ? static_cast<float>(places[i]) : from[places[i] * step];
    });
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    forLines(runs_, begin, end, [&](int64_t first, int64_t line) {
      const int32_t* places = placesOf(line);
      for (int64_t i = 0; i < runs_.length; ++i) dx[first + places[i] * runs_.inner] = dy[first + i * runs_.inner];
    });
  }

 private:
  int32_t* placesOf(int64_t line) const { return reinterpret_cast<int32_t*>(scratch[asSize(places_)]) + line * runs_.length; }

  const bool descending_, indices_;
  const AxisRuns runs_;
  const int64_t n_;
  int places_;
};

}  // namespace

// { op: 'sort', axis, descending?, indices? }
std::unique_ptr<Op> sort(const Value& spec, const OpEnv& env) {
  return std::make_unique<Sort>(spec, env, countedAxis("sort", spec, env.in));
}

}  // namespace gemmfit::ops
