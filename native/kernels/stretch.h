#pragma once
#include <cstdint>
#include <vector>

#include "native/engine/shape.h"

namespace gemmfit {

// The shape that NumPy's broadcasting gives to these: aligned at the right, axes of size 1 stretched. Error ERR_SHAPE, in `who`'s name,
// where there is none.
Shape stretchedShape(const char* who, const std::vector<Shape>& shapes);

// An array of rows, each of `shape`, as rows of the shape `to`; or one array of that shape for all rows.
class Stretch {
 public:
  Stretch(const Shape& shape, const Shape& to, bool single);

  int64_t size() const { return size_; }                           // numbers of a row, or of all
  bool isWhole() const { return axes_.empty() && inner_ == 1; }    // element by element
  bool isUniform() const { return axes_.empty() && inner_ == 0; }  // one number for everything

  // Elements [from, from + n) of all rows' elements, in order: where they lie, or copied to `memory`.
  const float* block(const float* x, int64_t from, int64_t n, float* memory) const;
  // The way back: to each number the sum over the elements that it is stretched to. Neighbours within one
  // call are summed first, so `from` and `n` are to be cut by shapes alone.
  void addTo(double* sums, const float* g, int64_t from, int64_t n) const;

 private:
  struct Axis {
    int64_t size, stride;
  };
  static constexpr size_t kMostAxes = 24;
  template <class F>
  void forRuns(int64_t from, int64_t n, F&& f) const;

  int64_t size_ = 1;
  int64_t inner_ = 1;       // stride of a run: 1 or 0
  int64_t run_ = 0;         // its elements
  std::vector<Axis> axes_;  // around it, the innermost first; the last one has no end
};

}  // namespace gemmfit
