#pragma once
#include <cstdint>
#include <vector>

#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {

// Which number of a sample each number of another one is: their places as sums of what each axis adds. An axis is a list of runs, whose
// numbers lie at equal distances, or are none of the sample's. Axes need not be those of a shape.
class RunMap {
 public:
  static constexpr int64_t kNone = -1;
  struct Run {
    int64_t count, from, step;  // from: kNone where they are none of the sample's
  };
  using Axis = std::vector<Run>;

  // inputs: the sample's numbers. The outermost axis is first.
  RunMap(const std::vector<Axis>& axes, int64_t inputs);

  bool isIdentity() const;
  bool isInjective() const { return injective_; }                   // no number comes twice, as far as is known
  bool isWhole() const { return injective_ && taken_ == inputs_; }  // every number comes once
  int64_t outputs() const { return outputs_; }

  // Visits all runs in their order. Where the last two axes are one run each, and short or not of neighbours, they are a plane.
  //   none(to, count)
  //   run(to, from, count, step)
  //   plane(to, from, rows, rowStep, columns, columnStep)
  template <class Visitor>
  void each(const Visitor& visitor) const {
    walk(0, 0, base_, visitor);
  }

 private:
  static constexpr int64_t kShort = 16;
  void addAxis(const Axis& axis);
  void addSizes();

  template <class Visitor>
  void walk(size_t axis, int64_t to, int64_t from, const Visitor& v) const {
    if (axis == planeAxis_) {
      const Run &rows = axes_[axis][0], &columns = axes_[axis + 1][0];
      return v.plane(to, from + rows.from + columns.from, rows.count, rows.step, columns.count, columns.step);
    }
    const int64_t size = sizes_[axis];
    const bool last = axis + 1 == axes_.size();
    for (const Run& r : axes_[axis]) {
      if (r.from == kNone)
        v.none(to, r.count * size);
      else if (last)
        v.run(to, from + r.from, r.count, r.step);
      else
        for (int64_t i = 0; i < r.count; ++i) walk(axis + 1, to + i * size, from + r.from + i * r.step, v);
      to += r.count * size;
    }
  }

  std::vector<Axis> axes_;
  std::vector<int64_t> sizes_;  // numbers of one index of each axis
  int64_t inputs_, outputs_ = 1, taken_ = 1, base_ = 0;
  size_t planeAxis_ = SIZE_MAX;
  bool injective_ = true;
};

}  // namespace gemmfit::ops
