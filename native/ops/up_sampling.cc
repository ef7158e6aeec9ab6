#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kBlock = 256;  // channels whose sums are on the stack
constexpr double kFlopsPerTap = 6;
constexpr int64_t kLargest = int64_t{1} << 22;  // cells of an axis: each has taps in memory

double lanczos(double x, double radius) {
  if (x == 0) return 1;
  const double t = M_PI * x;
  return radius * std::sin(t) * std::sin(t / radius) / (t * t);
}

// Curves that weigh a cell by its distance from where an output cell lies, from 0 to their radius.
struct Curve {
  const char* name;
  double radius;
  double (*at)(double distance);
};
const Curve curves[] = {
    {"bilinear", 1, [](double x) { return 1 - x; }},
    {"bicubic", 2,  // Keys, a = -1/2
     [](double x) { return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1; }},
    {"lanczos3", 3, [](double x) { return lanczos(x, 3); }},
    {"lanczos5", 5, [](double x) { return lanczos(x, 5); }},
    {"gaussian", 1.5, [](double x) { return std::exp(-2 * x * x); }},  // of deviation 1/2
    {"mitchellcubic", 2,                                               // Mitchell and Netravali, B = C = 1/3
     [](double x) { return x >= 1 ? ((-7.0 / 18 * x + 2) * x - 10.0 / 3) * x + 16.0 / 9 : (7.0 / 6 * x - 2) * x * x + 8.0 / 9; }},
};

// What a cell is made of along one axis: the taps of cell i are [first[i], first[i + 1]).
struct Taps {
  std::vector<int64_t> first{0};
  std::vector<int64_t> cell;
  std::vector<double> weight;

  struct Range {
    int64_t begin, end;
    int64_t size() const { return end - begin; }
  };
  int64_t cells() const { return static_cast<int64_t>(first.size()) - 1; }
  Range of(int64_t i) const { return {first[asSize(i)], first[asSize(i) + 1]}; }
  void add(int64_t from, double w) {
    cell.push_back(from);
    weight.push_back(w);
  }
  void end() { first.push_back(static_cast<int64_t>(cell.size())); }

  // The way back: whom each cell was given to, and how much.
  Taps transposed(int64_t cells) const {
    std::vector<std::vector<std::pair<int64_t, double>>> given(asSize(cells));
    for (size_t i = 0; i + 1 < first.size(); ++i)
      for (int64_t k = first[i]; k < first[i + 1]; ++k)
        given[asSize(cell[asSize(k)])].emplace_back(static_cast<int64_t>(i), weight[asSize(k)]);
    Taps back;
    for (const auto& g : given) {
      for (const auto& [to, w] : g) back.add(to, w);
      back.end();
    }
    return back;
  }
};

// A stretch of an axis that is resampled, and to how many cells. Without one: the whole axis.
struct Stretch {
  int64_t begin, length, to;
  bool antialias;  // where it becomes shorter, curves reach as far as cells are apart
};

// Cells lie at their centres. Where a curve reaches beyond the stretch, the weights of the cells that are there make up for it.
Taps tapsOf(const Stretch& s, const Curve* curve) {
  Taps taps;
  const auto length = static_cast<double>(s.length), to = static_cast<double>(s.to);
  const double reach = s.antialias ? std::max(1.0, length / to) : 1;
  for (int64_t i = 0; i < s.to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * length / to;
    if (!curve) {
      taps.add(s.begin + std::min(s.length - 1, static_cast<int64_t>(centre)), 1);
    } else {
      const double radius = curve->radius * reach;
      const auto low = static_cast<int64_t>(std::ceil(centre - radius - 0.5));
      const auto high = static_cast<int64_t>(std::floor(centre + radius - 0.5));
      const size_t start = taps.weight.size();
      double sum = 0;
      for (int64_t j = std::max<int64_t>(0, low); j <= std::min(s.length - 1, high); ++j) {
        const double distance = std::abs(static_cast<double>(j) + 0.5 - centre) / reach;
        if (distance >= curve->radius) continue;
        taps.add(s.begin + j, curve->at(distance));
        sum += taps.weight.back();
      }
      for (size_t k = start; k < taps.weight.size(); ++k) taps.weight[k] /= sum;
    }
    taps.end();
  }
  return taps;
}

// What becomes of the axes that are resampled: `rank` stretches, from their sizes.
using Stretches = std::function<std::vector<Stretch>(const std::vector<int64_t>& sizes)>;

// Images of other sizes. Spec: rank (axes that change), channelsFirst, interpolation: 'nearest', which repeats cells, or a curve.
class Resample : public Op {
 public:
  Resample(const Value& spec, const OpEnv& env, int64_t rank, const Stretches& stretches) {
    const bool channelsFirst = spec.flag("channelsFirst", false);
    if (rank < 1 || rank > 3 || static_cast<int64_t>(env.in.size()) != rank + 1) fail("its input does not have its rank");
    const std::string interpolation = spec.text("interpolation", "nearest");
    const Curve* curve = std::find_if(std::begin(curves), std::end(curves), [&](const Curve& c) { return interpolation == c.name; });
    if (curve == std::end(curves)) curve = nullptr;
    if (!curve && interpolation != "nearest") fail("there is no interpolation '" + interpolation + "'");
    in = out = env.in;
    (channelsFirst ? planes_ : inner_) = channelsFirst ? in.front() : in.back();
    std::vector<int64_t> sizes(in.begin() + (channelsFirst ? 1 : 0), in.end() - (channelsFirst ? 0 : 1));
    const std::vector<Stretch> made = stretches(sizes);
    for (int64_t a = 0; a < 3; ++a) {
      const int64_t axis = a - (3 - rank);
      cellsIn_[a] = cellsOut_[a] = 1;
      if (axis < 0) continue;
      cellsIn_[a] = sizes[asSize(axis)];
      cellsOut_[a] = made[asSize(axis)].to;
      if (cellsOut_[a] < 1 || cellsOut_[a] > kLargest || cellsIn_[a] > kLargest) fail("a size is below 1 or too large");
      out[asSize(axis + (channelsFirst ? 1 : 0))] = cellsOut_[a];
    }
    sizeOf(out);  // refuses what is too large, before its taps take memory
    for (int64_t a = 0; a < 3; ++a) {
      const int64_t axis = a - (3 - rank);
      grow_[a] = axis < 0 ? tapsOf({0, 1, 1, false}, nullptr) : tapsOf(made[asSize(axis)], curve);
      if (env.needsInputGradient) shrink_[a] = grow_[a].transposed(cellsIn_[a]);
    }
    mask = Mask::drop;
    double taps = 1;
    for (const Taps& t : grow_) taps *= static_cast<double>(t.cell.size()) / static_cast<double>(t.cells());
    flopsPerRow = kFlopsPerTap * taps * static_cast<double>(sizeOf(out));
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    apply(grow_, cellsIn_, end - begin, x + begin * sizeOf(in), y + begin * sizeOf(out));
  }
  void backward(const Step&, int, int64_t begin, int64_t end) override {
    if (dx) apply(shrink_, cellsOut_, end - begin, dy + begin * sizeOf(out), dx + begin * sizeOf(in));
  }

 private:
  [[noreturn]] static void fail(const std::string& what) { throw Error("ERR_SPEC", "resampling: " + what); }

  // Every cell written is the sum of its taps along all three axes, in one order.
  void apply(const Taps (&taps)[3], const int64_t (&cells)[3], int64_t samples, const float* from, float* to) const {
    const int64_t plane = cells[0] * cells[1] * cells[2] * inner_;
    for (int64_t p = 0; p < samples * planes_; ++p, from += plane)
      for (int64_t a = 0; a < taps[0].cells(); ++a)
        for (int64_t b = 0; b < taps[1].cells(); ++b)
          for (int64_t c = 0; c < taps[2].cells(); ++c, to += inner_) writeCell(taps, cells, {a, b, c}, from, to);
  }

  struct Cell {
    int64_t at[3];
  };
  void writeCell(const Taps (&taps)[3], const int64_t (&cells)[3], const Cell& cell, const float* from, float* to) const {
    const Taps::Range r0 = taps[0].of(cell.at[0]), r1 = taps[1].of(cell.at[1]), r2 = taps[2].of(cell.at[2]);
    const auto source = [&](int64_t a, int64_t b, int64_t c) {
      return from + ((taps[0].cell[a] * cells[1] + taps[1].cell[b]) * cells[2] + taps[2].cell[c]) * inner_;
    };
    const auto weighs1 = [&](int axis, const Taps::Range& r) { return r.size() == 1 && taps[axis].weight[asSize(r.begin)] == 1; };
    if (weighs1(0, r0) && weighs1(1, r1) && weighs1(2, r2)) {
      std::memcpy(to, source(r0.begin, r1.begin, r2.begin), asSize(inner_) * sizeof(float));
      return;
    }
    double sum[kBlock];
    for (int64_t i = 0; i < inner_; i += kBlock) {
      const int64_t n = std::min(kBlock, inner_ - i);
      std::fill(sum, sum + n, 0.0);
      for (int64_t a = r0.begin; a < r0.end; ++a)
        for (int64_t b = r1.begin; b < r1.end; ++b)
          for (int64_t c = r2.begin; c < r2.end; ++c) {
            const double w = taps[0].weight[a] * taps[1].weight[b] * taps[2].weight[c];
            const float* run = source(a, b, c) + i;
            for (int64_t k = 0; k < n; ++k) sum[k] += w * run[k];
          }
      for (int64_t k = 0; k < n; ++k) to[i + k] = static_cast<float>(sum[k]);
    }
  }

  Taps grow_[3], shrink_[3];
  int64_t cellsIn_[3], cellsOut_[3];
  int64_t planes_ = 1, inner_ = 1;
};

// By whole factors. Spec: size, the factor of each axis.
Stretches byFactors(const Value& spec, int64_t rank) {
  const std::vector<int64_t> factors = spec.integers("size");
  if (static_cast<int64_t>(factors.size()) != rank) throw Error("ERR_SPEC", "upSampling: its sizes do not have its rank");
  return [factors](const std::vector<int64_t>& sizes) {
    std::vector<Stretch> all;
    for (size_t a = 0; a < sizes.size(); ++a) {
      if (factors[a] < 1 || factors[a] > kLargest / std::max<int64_t>(1, sizes[a]))
        throw Error("ERR_SPEC", "upSampling: a size is below 1 or too large");
      all.push_back({0, sizes[a], sizes[a] * factors[a], false});
    }
    return all;
  };
}

struct Target {
  int64_t height, width;
};
Target targetOf(const Value& spec) {
  const Target to{spec.integer("height"), spec.integer("width")};
  if (to.height < 1 || to.height > kLargest || to.width < 1 || to.width > kLargest)
    throw Error("ERR_SPEC", "resizing: a size is below 1 or too large");
  return to;
}

// The largest window of an image that has the target's sides to each other, in the middle; or all of it.
std::vector<Stretch> wholeOrWindow(const std::vector<int64_t>& sizes, const Target& to, bool crops, bool antialias) {
  const int64_t height = sizes[0], width = sizes[1];
  const auto at = [](double whole, double target, double other) { return static_cast<int64_t>(whole * target / other); };
  const int64_t h =
      !crops ? height
             : std::max<int64_t>(
                   std::min(height, at(static_cast<double>(width), static_cast<double>(to.height), static_cast<double>(to.width))), 1);
  const int64_t w =
      !crops ? width
             : std::max<int64_t>(
                   std::min(width, at(static_cast<double>(height), static_cast<double>(to.width), static_cast<double>(to.height))), 1);
  return {{(height - h) / 2, h, to.height, antialias}, {(width - w) / 2, w, to.width, antialias}};
}

}  // namespace

// { op: 'upSampling', rank, size, channelsFirst?, interpolation? }
std::unique_ptr<Op> upSampling(const Value& spec, const OpEnv& env) {
  const int64_t rank = spec.integer("rank");
  return std::make_unique<Resample>(spec, env, rank, byFactors(spec, rank));
}

// { op: 'resizing', height, width, crop?, antialias?, channelsFirst?, interpolation? }: images [h, w, channels] to [height, width,
// channels]. With `crop` sides keep what they are to each other, and what is too much is cut off.
std::unique_ptr<Op> resizing(const Value& spec, const OpEnv& env) {
  const Target to = targetOf(spec);
  const bool crops = spec.flag("crop", false), antialias = spec.flag("antialias", false);
  return std::make_unique<Resample>(spec, env, 2, [=](const std::vector<int64_t>& s) { return wholeOrWindow(s, to, crops, antialias); });
}

// { op: 'centerCrop', height, width, channelsFirst?, interpolation? }: the middle of an image; of one that is too small the largest window,
// resized.
std::unique_ptr<Op> centerCrop(const Value& spec, const OpEnv& env) {
  const Target to = targetOf(spec);
  return std::make_unique<Resample>(spec, env, 2, [=](const std::vector<int64_t>& s) -> std::vector<Stretch> {
    if (s[0] < to.height || s[1] < to.width) return wholeOrWindow(s, to, true, false);
    return {{(s[0] - to.height) / 2, to.height, to.height, false}, {(s[1] - to.width) / 2, to.width, to.width, false}};
  });
}

}  // namespace gemmfit::ops
