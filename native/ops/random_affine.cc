#include <algorithm>
#include <cmath>

#include "native/ops/images.h"

namespace gemmfit::ops {
namespace {

// Where in the input a pixel of the output lies: (a0 x + a1 y + a2, b0 x + b1 y + b2).
struct Affine {
  double a0, a1, a2, b0, b1, b2;
};

enum class Fill { constant, nearest, reflect, wrap };

Fill fillOf(const std::string& name) {
  const std::vector<std::pair<const char*, Fill>> known = {
      {"constant", Fill::constant}, {"nearest", Fill::nearest}, {"reflect", Fill::reflect}, {"wrap", Fill::wrap}};
  for (const auto& [word, fill] : known)
    if (name == word) return fill;
  throw Error("ERR_SPEC", "randomAffine: there is no fillMode '" + name + "'");
}

// A coordinate beyond an axis of `length` pixels brought back to it, as TensorFlow does.
double broughtBack(double at, int64_t length, Fill fill) {
  const auto n = static_cast<double>(length), last = n - 1;
  if (fill == Fill::constant) return at;
  if (fill == Fill::reflect && length > 1 && (at < 0 || at > last)) {
    const double period = 2 * n;
    at -= period * std::floor(at / period);
    if (at >= n) at = period - at - 1;
  }
  if (fill == Fill::wrap && length > 1) {
    if (at < 0)
      at += n * (std::trunc(-at / last) + 1);
    else if (at > last)
      at -= n * std::trunc(at / last);
  }
  return std::clamp(length > 1 || fill == Fill::nearest ? at : 0.0, 0.0, last);
}

// Turned, zoomed, moved or sheared images, each by its own draw. Spec: kind and its ranges: 'rotation' (turn: whole turns), 'zoom' (rows,
// columns: of the input that one pixel of the output steps over; without columns as rows), 'translation' (rows, columns: shares of the
// sides), 'shear' (rows, columns).
class RandomAffine : public NoiseOp {
 public:
  RandomAffine(const Value& spec, const OpEnv& env)
      : NoiseOp(spec, env, true),
        image_("randomAffine", spec, env.in),
        kind_(spec.text("kind", "")),
        nearest_(spec.text("interpolation", "bilinear") == "nearest"),
        fill_(fillOf(spec.text("fillMode", "reflect"))),
        fillValue_(static_cast<float>(spec.number("fillValue", 0))) {
    if (kind_ == "rotation") {
      rows_ = rangeOf("randomAffine", spec, "turn");
    } else if (kind_ == "zoom" || kind_ == "translation" || kind_ == "shear") {
      rows_ = rangeOf("randomAffine", spec, "rows");
      together_ = kind_ == "zoom" && !spec.has("columns");
      if (!together_) columns_ = rangeOf("randomAffine", spec, "columns");
    } else {
      throw Error("ERR_SPEC", "randomAffine: there is no kind '" + kind_ + "'");
    }
    inPlace = identity;
    flopsPerRow = static_cast<double>(image_.height * image_.width) * static_cast<double>(60 + 10 * image_.channels);
  }

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (identity) return copy(x, y, begin, end);
    for (int64_t r = begin; r < end; ++r) {
      const float* from = x + r * n_;
      float* to = y + r * n_;
      eachTap(step, r, [&](int64_t pixel, const Tap* taps, int count, double filled) {
        for (int64_t c = 0; c < image_.channels; ++c) {
          double sum = filled * fillValue_;
          for (int k = 0; k < count; ++k) sum += taps[k].weight * from[taps[k].at + c * image_.channelStride];
          to[pixel + c * image_.channelStride] = static_cast<float>(sum);
        }
      });
    }
  }
  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!dx) return;
    if (identity) return copy(dy, dx, begin, end);
    for (int64_t r = begin; r < end; ++r) {
      const float* from = dy + r * n_;
      float* to = dx + r * n_;
      std::fill(to, to + n_, 0.0f);
      eachTap(step, r, [&](int64_t pixel, const Tap* taps, int count, double) {
        for (int64_t c = 0; c < image_.channels; ++c)
          for (int k = 0; k < count; ++k)
            to[taps[k].at + c * image_.channelStride] += static_cast<float>(taps[k].weight * from[pixel + c * image_.channelStride]);
      });
    }
  }

 private:
  struct Tap {
    int64_t at;
    double weight;
  };

  Affine drawn(const Step& step, int64_t row) const {
    const SampleDraw numbers(draw(step, 0, 0), row);
    const double v = numbers.in(0, rows_), u = together_ ? v : numbers.in(1, columns_);
    const double cx = static_cast<double>(image_.width - 1) / 2, cy = static_cast<double>(image_.height - 1) / 2;
    if (kind_ == "translation") return {1, 0, -u * static_cast<double>(image_.width), 0, 1, -v * static_cast<double>(image_.height)};
    if (kind_ == "zoom") return {u, 0, cx * (1 - u), 0, v, cy * (1 - v)};
    if (kind_ == "shear") {
      const double sign = numbers.unit(2) > 0.5 ? -1 : 1;
      return {1, sign * u, 0, sign * v, 1, 0};
    }
    const double c = std::cos(2 * M_PI * v), s = std::sin(2 * M_PI * v);
    return {c, -s, cx - cx * c + cy * s, s, c, cy - cx * s - cy * c};
  }

  // For each pixel of a row's image the pixels of the input that it is made of, and the share of what lies outside.
  template <class Use>
  void eachTap(const Step& step, int64_t row, Use use) const {
    const Affine m = drawn(step, row);
    Tap taps[4];
    for (int64_t i = 0; i < image_.height; ++i)
      for (int64_t j = 0; j < image_.width; ++j) {
        const auto px = static_cast<double>(j), py = static_cast<double>(i);
        const double sx = broughtBack(m.a0 * px + m.a1 * py + m.a2, image_.width, fill_);
        const double sy = broughtBack(m.b0 * px + m.b1 * py + m.b2, image_.height, fill_);
        int count = 0;
        double filled = 0;
        const auto add = [&](double cy, double cx, double weight) {
          if (weight == 0) return;
          if (cx < 0 || cy < 0 || cx >= static_cast<double>(image_.width) || cy >= static_cast<double>(image_.height))
            filled += weight;
          else
            taps[count++] = {image_.at(static_cast<int64_t>(cy), static_cast<int64_t>(cx)), weight};
        };
        if (nearest_) {
          add(std::round(sy), std::round(sx), 1);
        } else {
          const double y0 = std::floor(sy), x0 = std::floor(sx), fy = sy - y0, fx = sx - x0;
          add(y0, x0, (1 - fy) * (1 - fx));
          add(y0, x0 + 1, (1 - fy) * fx);
          add(y0 + 1, x0, fy * (1 - fx));
          add(y0 + 1, x0 + 1, fy * fx);
        }
        use(image_.at(i, j), taps, count, filled);
      }
  }

  ImageLayout image_;
  std::string kind_;
  bool nearest_, together_ = false;
  Fill fill_;
  float fillValue_;
  Range rows_{0, 0}, columns_{0, 0};
};

}  // namespace

// { op: 'randomAffine', kind, turn | rows, columns?, interpolation?, fillMode?, fillValue?, channelsFirst?, seed? }
std::unique_ptr<Op> randomAffine(const Value& spec, const OpEnv& env) { return std::make_unique<RandomAffine>(spec, env); }

}  // namespace gemmfit::ops
