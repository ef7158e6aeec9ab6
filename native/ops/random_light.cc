#include <algorithm>
#include <vector>

#include "native/ops/images.h"

namespace gemmfit::ops {
namespace {

// Lighter or darker images, or those of more or less contrast around the mean of each channel; then cut to [low, high]. Each by its own
// draw from `factor`.
class RandomLight : public NoiseOp {
 public:
  RandomLight(const Value& spec, const OpEnv& env)
      : NoiseOp(spec, env, true),
        image_("randomLight", spec, env.in),
        contrast_(spec.text("kind", "") == "contrast"),
        factor_(rangeOf("randomLight", spec, "factor")),
        values_(rangeOf("randomLight", spec, "values")) {
    inPlace = !contrast_ || identity;
    readsX = !identity;
    if (readsX) inPlace = false;
    flopsPerRow = 8 * static_cast<double>(n_);
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    for (int64_t r = begin; r < end; ++r) {
      const double factor = SampleDraw(draw(step, 0, 0), r).in(0, factor_);
      eachChannel(r, factor, [&](int64_t at, double scale, double offset) {
        y[at] = static_cast<float>(std::clamp(scale * x[at] + offset, values_.low, values_.high));
      });
    }
  }
  // A value that was cut gives nothing back; through the mean each gives to all of its channel.
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (identity) return copy(dy, dx, begin, end);
    for (int64_t r = begin; r < end; ++r) {
      const double factor = SampleDraw(draw(step, 0, 0), r).in(0, factor_);
      eachChannel(r, factor, [&](int64_t at, double scale, double offset) {
        const double value = scale * x[at] + offset;
        dx[at] = value < values_.low || value > values_.high ? 0.0f : dy[at];
      });
      if (!contrast_) continue;
      for (int64_t c = 0; c < image_.channels; ++c) {
        float* channel = dx + r * n_ + c * image_.channelStride;
        const double mean = meanOf(channel);
        each(channel, [&](float& v) { v = static_cast<float>(factor * v + (1 - factor) * mean); });
      }
    }
  }

 private:
  template <class Channel, class Use>
  void each(Channel* channel, Use use) const {
    for (int64_t i = 0; i < image_.height; ++i)
      for (int64_t j = 0; j < image_.width; ++j) use(channel[image_.at(i, j)]);
  }
  double meanOf(const float* channel) const {
    double sum = 0;
    each(channel, [&](float v) { sum += v; });
    return sum / static_cast<double>(image_.height * image_.width);
  }
  // Each value of a row's image with what it is scaled by and what is added.
  template <class Use>
  void eachChannel(int64_t row, double factor, Use use) const {
    for (int64_t c = 0; c < image_.channels; ++c) {
      const int64_t begin = row * n_ + c * image_.channelStride;
      const double scale = contrast_ ? factor : 1;
      const double offset = contrast_ ? (1 - factor) * meanOf(x + begin) : factor * (values_.high - values_.low);
      for (int64_t i = 0; i < image_.height; ++i)
        for (int64_t j = 0; j < image_.width; ++j) use(begin + image_.at(i, j), scale, offset);
    }
  }
  ImageLayout image_;
  bool contrast_;
  Range factor_, values_;
};

}  // namespace

// { op: 'randomLight', kind: 'brightness' | 'contrast', factor, values, channelsFirst?, seed? }
std::unique_ptr<Op> randomLight(const Value& spec, const OpEnv& env) { return std::make_unique<RandomLight>(spec, env); }

}  // namespace gemmfit::ops
