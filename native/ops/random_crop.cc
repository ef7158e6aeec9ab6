#include <algorithm>

#include "native/ops/images.h"

namespace gemmfit::ops {

std::unique_ptr<Op> resizing(const Value& spec, const OpEnv& env);

namespace {

// A part of the image, at the same random place for all images of a batch, as in Keras.
class RandomCrop : public NoiseOp {
 public:
  RandomCrop(const Value& spec, const OpEnv& env, int64_t height, int64_t width)
      : NoiseOp(spec, env, true), from_("randomCrop", spec, env.in), to_(from_), steps_(env.steps) {
    identity = inPlace = false;
    out[spec.flag("channelsFirst", false) ? 1 : 0] = height;
    out[spec.flag("channelsFirst", false) ? 2 : 1] = width;
    to_ = ImageLayout("randomCrop", spec, out);
    mask = Mask::drop;
    flopsPerRow = 2 * static_cast<double>(sizeOf(out));
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    each(step, begin, end, [&](int64_t whole, int64_t part) { y[part] = x[whole]; });
  }
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    std::fill(dx + begin * n_, dx + end * n_, 0.0f);
    each(step, begin, end, [&](int64_t whole, int64_t part) { dx[whole] = dy[part]; });
  }

 private:
  template <class Use>
  void each(const Step& step, int64_t begin, int64_t end, Use use) const {
    const int64_t size = sizeOf(out);
    for (int64_t r = begin; r < end; ++r) {
      // Inside TimeDistributed each step is a batch of its own.
      const SampleDraw numbers(draw(step, 0, 0), r % steps_);
      const auto place = [&](uint64_t at, int64_t room) {
        return std::min(room, static_cast<int64_t>(numbers.unit(at) * static_cast<double>(room + 1)));
      };
      const int64_t top = place(0, from_.height - to_.height), left = place(1, from_.width - to_.width);
      for (int64_t i = 0; i < to_.height; ++i)
        for (int64_t j = 0; j < to_.width; ++j)
          for (int64_t c = 0; c < to_.channels; ++c)
            use(r * n_ + from_.at(top + i, left + j) + c * from_.channelStride, r * size + to_.at(i, j) + c * to_.channelStride);
    }
  }
  ImageLayout from_, to_;
  int64_t steps_;
};

}  // namespace

// { op: 'randomCrop', height, width, channelsFirst?, seed? }: outside training, and of images that are not larger, the largest window in
// the middle whose sides are to each other as the target's, resized.
std::unique_ptr<Op> randomCrop(const Value& spec, const OpEnv& env) {
  const ImageLayout image("randomCrop", spec, env.in);
  const int64_t height = spec.integer("height"), width = spec.integer("width");
  if (env.training && image.height > height && image.width > width && height > 0 && width > 0)
    return std::make_unique<RandomCrop>(spec, env, height, width);
  Value::Object middle{{"op", "resizing"},
                       {"height", height},
                       {"width", width},
                       {"crop", true},
                       {"interpolation", "bilinear"},
                       {"channelsFirst", spec.flag("channelsFirst", false)}};
  return resizing(Value(std::move(middle)), env);
}

}  // namespace gemmfit::ops
