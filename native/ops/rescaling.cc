#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/elementwise.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

class Rescaling : public Op {
 public:
  Rescaling(const Value& spec, const OpEnv& env)
      : n_(sizeOf(env.in)), width_(lastAxis(env.in)), scale_(read(spec, "scale", 1)), offset_(read(spec, "offset", 0)) {
    in = out = env.in;
    inPlace = true;
    flopsPerRow = 12 * static_cast<double>(n_);
    one_ = scale_.size() == 1 && offset_.size() == 1;
    scale_.resize(asSize(one_ ? 1 : width_), scale_[0]);
    offset_.resize(scale_.size(), offset_[0]);
    none_.assign(scale_.size(), 0.0f);
  }
  void forward(const Step&, int, int64_t begin, int64_t end) override { run(offset_, x, y, begin, end); }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) run(none_, dy, dx, begin, end);
  }

 private:
  // A number for all, or one for each place of the last axis.
  std::vector<float> read(const Value& spec, const char* key, double fallback) const {
    const bool list = spec.has(key) && spec.at(key).kind() == Value::Kind::array;
    const std::vector<double> given = list ? spec.numbers(key) : std::vector<double>{spec.number(key, fallback)};
    if (given.empty() || (given.size() != 1 && static_cast<int64_t>(given.size()) != width_))
      throw Error("ERR_SPEC", std::string("rescaling: ") + key + " has " + std::to_string(given.size()) + " numbers for a last axis of " +
                                  std::to_string(width_));
    return {given.begin(), given.end()};
  }
  void run(const std::vector<float>& offset, const float* from, float* to, int64_t begin, int64_t end) const {
    const int64_t at = begin * n_, count = (end - begin) * n_;
    if (one_)
      scaleAdd(scale_[0], offset[0], from + at, to + at, count);
    else
      scaleAddRows(scale_.data(), offset.data(), from + at, to + at, count / width_, width_);
  }

  int64_t n_, width_;
  std::vector<float> scale_, offset_, none_;
  bool one_ = false;
};

}  // namespace

// { op: 'rescaling', scale?, offset? }: y = x * scale + offset; numbers, or lists along the last axis.
std::unique_ptr<Op> rescaling(const Value& spec, const OpEnv& env) { return std::make_unique<Rescaling>(spec, env); }

}  // namespace gemmfit::ops
