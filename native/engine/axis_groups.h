#pragma once
#include <cstdint>
#include <vector>

#include "native/engine/shape.h"

namespace gemmfit {

// Elements of an array [rows, ...sample] in groups: those that agree in their indices along the kept axes, as a sum over the other axes
// takes them. Groups count in the order of the kept axes.
class AxisGroups {
 public:
  // All elements of all rows in one group.
  AxisGroups() = default;
  // One group for each vector of so many elements.
  static AxisGroups vectors(int64_t width);
  // Groups along `axes`, as Keras counts them: 0 is the rows, -1 the last. Throws Error ERR_SPEC where there is no such axis, or one comes
  // twice.
  AxisGroups(const Shape& sample, const std::vector<int64_t>& axes);

  bool joinsRows() const { return joinsRows_; }
  // Whether groups are the vectors along the last axis.
  bool areVectors() const { return areVectors_; }
  // The product of the first axes of a sample that are kept, before one that is not.
  int64_t leading() const { return leading_; }
  // How many groups an array of so many elements has.
  int64_t count(int64_t elements) const { return joinsRows_ ? perRow_ : elements / sample_ * perRow_; }

  // visit(first, n, stride) for the lines of elements of a group.
  template <class Visit>
  void lines(int64_t group, int64_t elements, const Visit& visit) const {
    const int64_t rows = elements / sample_;
    int64_t n = 1;
    for (const Dim& d : joined_) n *= d.size;
    if (joinsRows_) n *= rows;
    const int64_t at = offset(kept_, kept_.size(), group), last = static_cast<int64_t>(joined_.size()) - 1;
    const Dim& inner = joined_.back();
    const int64_t length = inner.size * (joinsRows_ && last == 0 ? rows : 1);
    for (int64_t line = 0; line < n / length; ++line) visit(at + offset(joined_, joined_.size() - 1, line), length, inner.stride);
  }

 private:
  struct Dim {
    int64_t size, stride;  // the outermost has its size a row
  };
  // Where an index lies that counts through the first `n` of the dimensions.
  static int64_t offset(const std::vector<Dim>& dims, size_t n, int64_t index) {
    int64_t at = 0;
    for (size_t i = n; i-- > 1; index /= dims[i].size) at += index % dims[i].size * dims[i].stride;
    return n > 0 ? at + index * dims[0].stride : at;
  }

  std::vector<Dim> kept_, joined_{{1, 1}};
  bool joinsRows_ = true, areVectors_ = false;
  int64_t sample_ = 1, perRow_ = 1, leading_ = 1;
};

}  // namespace gemmfit
