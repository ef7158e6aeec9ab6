#include <algorithm>
#include <cmath>

#include "native/ops/images.h"

namespace gemmfit::ops {
namespace {

// A rectangle of an image filled. Spec: factor (the chance is drawn from it, too), scale (the share of the area), fill: one value, or one a
// channel; without it noise of deviation values[1], cut to values.
class RandomErasing : public NoiseOp {
 public:
  RandomErasing(const Value& spec, const OpEnv& env)
      : NoiseOp(spec, env, true),
        image_("randomErasing", spec, env.in),
        factor_(rangeOf("randomErasing", spec, "factor")),
        scale_(rangeOf("randomErasing", spec, "scale")),
        values_(rangeOf("randomErasing", spec, "values")),
        fill_(spec.numbers("fill")) {
    if (fill_.size() > 1 && static_cast<int64_t>(fill_.size()) != image_.channels)
      throw Error("ERR_SPEC", "randomErasing: 'fill' must be one number, or one for each channel");
    flopsPerRow = 2 * static_cast<double>(n_);
  }
  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    copy(x, y, begin, end);
    if (identity) return;
    for (int64_t r = begin; r < end; ++r)
      eachErased(step, r, [&](int64_t at, int64_t channel) { y[r * n_ + at] = filling(step, r, at, channel); });
  }
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    copy(dy, dx, begin, end);
    if (identity) return;
    for (int64_t r = begin; r < end; ++r) eachErased(step, r, [&](int64_t at, int64_t) { dx[r * n_ + at] = 0; });
  }

 private:
  float filling(const Step& step, int64_t row, int64_t at, int64_t channel) const {
    double value;
    if (fill_.empty()) {
      const SampleDraw numbers(draw(step, 0, 0), row);
      const auto place = static_cast<uint64_t>(8 + 2 * at);
      value = std::sqrt(-2 * std::log(1 - numbers.unit(place))) * std::cos(2 * M_PI * numbers.unit(place + 1)) * values_.high;
    } else {
      value = fill_[fill_.size() == 1 ? 0 : asSize(channel)];
    }
    return static_cast<float>(std::clamp(value, values_.low, values_.high));
  }
  template <class Use>
  void eachErased(const Step& step, int64_t row, Use use) const {
    const SampleDraw numbers(draw(step, 0, 0), row);
    if (numbers.unit(5) >= numbers.in(4, factor_)) return;
    const auto width = static_cast<double>(image_.width), height = static_cast<double>(image_.height);
    const double w = std::sqrt(numbers.in(0, scale_)) * width, h = std::sqrt(numbers.in(1, scale_)) * height;
    const double x0 = numbers.unit(2) * (width - w), y0 = numbers.unit(3) * (height - h);
    const auto from = [](double v) { return static_cast<int64_t>(std::ceil(v)); };
    for (int64_t i = from(y0); i < std::min(image_.height, from(y0 + h)); ++i)
      for (int64_t j = from(x0); j < std::min(image_.width, from(x0 + w)); ++j)
        for (int64_t c = 0; c < image_.channels; ++c) use(image_.at(i, j) + c * image_.channelStride, c);
  }
  ImageLayout image_;
  Range factor_, scale_, values_;
  std::vector<double> fill_;
};

}  // namespace

// { op: 'randomErasing', factor, scale, values, fill?, channelsFirst?, seed? }
std::unique_ptr<Op> randomErasing(const Value& spec, const OpEnv& env) { return std::make_unique<RandomErasing>(spec, env); }

}  // namespace gemmfit::ops
