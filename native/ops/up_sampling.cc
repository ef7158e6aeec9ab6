#include <algorithm>
#include <cmath>
#include <cstring>

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

// Cells lie at their centres. Where a curve reaches beyond the image, the weights of the cells that are there make up for it.
Taps tapsOf(int64_t cells, int64_t size, const Curve* curve) {
  Taps taps;
  for (int64_t i = 0; i < cells * size; ++i) {
    if (!curve) {
      taps.add(i / size, 1);
    } else {
      const double centre = (static_cast<double>(i) + 0.5) / static_cast<double>(size);
      const auto low = static_cast<int64_t>(std::ceil(centre - curve->radius - 0.5));
      const auto high = static_cast<int64_t>(std::floor(centre + curve->radius - 0.5));
      const size_t start = taps.weight.size();
      double sum = 0;
      for (int64_t j = std::max<int64_t>(0, low); j <= std::min(cells - 1, high); ++j) {
        const double distance = std::abs(static_cast<double>(j) + 0.5 - centre);
        if (distance >= curve->radius) continue;
        taps.add(j, curve->at(distance));
        sum += taps.weight.back();
      }
      for (size_t k = start; k < taps.weight.size(); ++k) taps.weight[k] /= sum;
    }
    taps.end();
  }
  return taps;
}

// Larger images by whole factors. Spec: rank (axes that grow), size (factor of each), channelsFirst, interpolation: 'nearest', which
// repeats cells, or a curve.
class UpSampling : public Op {
 public:
  UpSampling(const Value& spec, const OpEnv& env) {
    const int64_t rank = spec.integer("rank");
    const bool channelsFirst = spec.flag("channelsFirst", false);
    const std::vector<int64_t> size = spec.integers("size");
    if (rank < 1 || rank > 3 || static_cast<int64_t>(env.in.size()) != rank + 1 || static_cast<int64_t>(size.size()) != rank)
      fail("its input and sizes do not have its rank");
    const std::string interpolation = spec.text("interpolation", "nearest");
    const Curve* curve = std::find_if(std::begin(curves), std::end(curves), [&](const Curve& c) { return interpolation == c.name; });
    if (curve == std::end(curves)) curve = nullptr;
    if (!curve && interpolation != "nearest") fail("there is no interpolation '" + interpolation + "'");
    in = out = env.in;
    (channelsFirst ? planes_ : inner_) = channelsFirst ? in.front() : in.back();
    for (int64_t a = 0; a < 3; ++a) {
      const int64_t axis = a - (3 - rank);
      int64_t cells = 1, times = 1;
      if (axis >= 0) {
        const auto at = asSize(axis + (channelsFirst ? 1 : 0));
        cells = in[at];
        times = size[asSize(axis)];
        if (times < 1 || times > kLargest || cells < 1 || cells > kLargest / times) fail("a size is below 1 or too large");
        out[at] = cells * times;
      }
      cellsIn_[a] = cells;
      cellsOut_[a] = cells * times;
    }
    sizeOf(out);  // refuses what is too large, before its taps take memory
    for (int64_t a = 0; a < 3; ++a) {
      grow_[a] = tapsOf(cellsIn_[a], cellsOut_[a] / cellsIn_[a], a >= 3 - rank ? curve : nullptr);
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
  [[noreturn]] static void fail(const std::string& what) { throw Error("ERR_SPEC", "upSampling: " + what); }

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
    if (r0.size() * r1.size() * r2.size() == 1) {  // a single tap weighs 1
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

}  // namespace

std::unique_ptr<Op> upSampling(const Value& spec, const OpEnv& env) { return std::make_unique<UpSampling>(spec, env); }

}  // namespace gemmfit::ops
