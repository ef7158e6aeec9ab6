#include "native/ops/images.h"

namespace gemmfit::ops {
namespace {

// Every other image, on average, upside down, mirrored, or both at once, as Keras does: one draw decides for both.
class RandomFlip : public NoiseOp {
 public:
  RandomFlip(const Value& spec, const OpEnv& env)
      : NoiseOp(spec, env, true),
        image_("randomFlip", spec, env.in),
        vertical_(spec.flag("vertical", false)),
        horizontal_(spec.flag("horizontal", false)) {
    inPlace = identity;
    flopsPerRow = 2 * static_cast<double>(n_);
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override { run(step, x, y, begin, end); }
  // Turned twice is not turned.
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (dx) run(step, dy, dx, begin, end);
  }

 private:
  void run(const Step& step, const float* from, float* to, int64_t begin, int64_t end) const {
    if (identity) return copy(from, to, begin, end);
    for (int64_t r = begin; r < end; ++r) {
      if (SampleDraw(draw(step, 0, 0), r).unit(0) > 0.5) {
        copy(from, to, r, r + 1);
        continue;
      }
      for (int64_t i = 0; i < image_.height; ++i)
        for (int64_t j = 0; j < image_.width; ++j) {
          const int64_t source = image_.at(vertical_ ? image_.height - 1 - i : i, horizontal_ ? image_.width - 1 - j : j);
          for (int64_t c = 0; c < image_.channels; ++c)
            to[r * n_ + image_.at(i, j) + c * image_.channelStride] = from[r * n_ + source + c * image_.channelStride];
        }
    }
  }
  ImageLayout image_;
  bool vertical_, horizontal_;
};

}  // namespace

// { op: 'randomFlip', horizontal?, vertical?, channelsFirst?, seed? }
std::unique_ptr<Op> randomFlip(const Value& spec, const OpEnv& env) { return std::make_unique<RandomFlip>(spec, env); }

}  // namespace gemmfit::ops
