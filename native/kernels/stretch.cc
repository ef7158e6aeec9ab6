#include "native/kernels/stretch.h"

#include <algorithm>
#include <array>
#include <limits>

#include "native/engine/error.h"
#include "native/kernels/reduce.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

Shape stretchedShape(const char* who, const std::vector<Shape>& shapes) {
  Shape out;
  for (const Shape& s : shapes) {
    if (s.size() > out.size()) out.insert(out.begin(), s.size() - out.size(), 1);
    for (size_t i = 0; i < s.size(); ++i) {
      int64_t& d = out[out.size() - s.size() + i];
      if (s[i] == 1 || s[i] == d) continue;
      if (d != 1) {
        std::string all;
        for (const Shape& shape : shapes) all += (all.empty() ? "" : ", ") + toString(shape);
        throw Error("ERR_SHAPE", std::string(who) + ": values of these shapes do not fit together: " + all);
      }
      d = s[i];
    }
  }
  if (sizeOf(out) > kMostNumbers) refuseShape(out);
  return out;
}

Stretch::Stretch(const Shape& shape, const Shape& to, bool single) : size_(sizeOf(shape)) {
  constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();
  const size_t missing = to.size() - shape.size();
  // An axis that goes on where the one within it ends is one with it.
  const auto around = [this](int64_t size, int64_t stride) {
    if (!axes_.empty() && stride == axes_.back().stride * axes_.back().size)
      axes_.back().size = size == kNoEnd ? kNoEnd : axes_.back().size * size;
    else
      axes_.push_back({size, stride});
  };
  int64_t stride = 1;
  for (size_t i = to.size(); i-- > 0;) {
    const int64_t own = i < missing ? 1 : shape[i - missing];
    if (to[i] != 1) around(to[i], own == 1 ? 0 : stride);
    stride *= own;
  }
  around(kNoEnd, single ? 0 : size_);  // rows
  if (axes_.size() > kMostAxes) refuseShape(to);
  inner_ = axes_[0].stride;
  run_ = axes_[0].size;
  axes_.erase(axes_.begin());
}

// f(place, begin, count) for the runs of elements [from, from + n): where the first one's number is, and where it stands among the n.
template <class F>
void Stretch::forRuns(int64_t from, int64_t n, F&& f) const {
  std::array<int64_t, kMostAxes> at;
  int64_t rest = from / run_, within = from % run_, base = 0;
  for (size_t a = 0; a < axes_.size(); ++a) {
    const bool last = a + 1 == axes_.size();
    at[a] = last ? rest : rest % axes_[a].size;
    rest = last ? 0 : rest / axes_[a].size;
    base += at[a] * axes_[a].stride;
  }
  for (int64_t done = 0; done < n;) {
    const int64_t count = std::min(run_ - within, n - done);
    f(base + within * inner_, done, count);
    done += count;
    within = 0;
    for (size_t a = 0; a < axes_.size(); ++a) {
      base += axes_[a].stride;
      if (++at[a] < axes_[a].size || a + 1 == axes_.size()) break;
      base -= axes_[a].size * axes_[a].stride;
      at[a] = 0;
    }
  }
}

const float* Stretch::block(const float* x, int64_t from, int64_t n, float* memory) const {
  if (isWhole()) return x + from;
  const float* where = memory;
  forRuns(from, n, [&](int64_t place, int64_t begin, int64_t count) {
    if (inner_ == 0) {
      std::fill_n(memory + begin, count, x[place]);
    } else if (count == n) {
      where = x + place;
    } else {
      std::copy_n(x + place, count, memory + begin);
    }
  });
  return where;
}

void Stretch::addTo(double* sums, const float* g, int64_t from, int64_t n) const {
  forRuns(from, n, [&](int64_t place, int64_t begin, int64_t count) {
    if (inner_ == 0) {
      sums[place] += count == 1 ? static_cast<double>(g[begin]) : sumOf(g + begin, count);
    } else {
      for (int64_t i = 0; i < count; ++i) sums[place + i] += static_cast<double>(g[begin + i]);
    }
  });
}

}  // namespace gemmfit
