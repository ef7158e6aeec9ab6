#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "native/engine/shape.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {

// The elements of a sample, those that agree along the axes that are kept taken together. Axes of size 1 are none, and neighbours of one
// kind are one axis. What is taken together lies in lines of neighbouring elements where the last axis is joined; else each line has an
// element of many outputs, and goes in blocks of columns.
class JoinedAxes {
 public:
  static constexpr int64_t kColumns = 256;

  JoinedAxes(const Shape& sample, const std::vector<bool>& joins) : size(sizeOf(sample)) {
    std::vector<Dim> kept;
    int64_t stride = size;
    int before = -1;
    for (size_t i = 0; i < sample.size(); ++i) {
      stride /= sample[i];
      if (sample[i] == 1) continue;
      std::vector<Dim>& dims = joins[i] ? lines_ : kept;
      if (before == static_cast<int>(joins[i]))
        dims.back() = {dims.back().size * sample[i], stride};
      else
        dims.push_back({sample[i], stride});
      before = static_cast<int>(joins[i]);
    }
    std::vector<Dim>& last = before == 1 ? lines_ : kept;
    if (before >= 0) (before == 1 ? length_ : width_) = last.back().size;
    if (before >= 0) last.pop_back();
    groups_ = std::move(kept);
    for (const Dim& d : groups_) outputs *= d.size;
    outputs *= width_;
    joined = size / outputs;
    blocksInGroup_ = ceilDiv(width_, kColumns);
  }

  const int64_t size;   // of a sample
  int64_t outputs = 1;  // that a sample makes
  int64_t joined = 1;   // elements that make one of them

  // Lines of `count` neighbours from `at` on. They make as many outputs, or one: those from `output` on.
  struct Block {
    int64_t at, count, output, outputs;
  };
  int64_t blocks() const { return outputs / width_ * blocksInGroup_; }
  Block block(int64_t index) const {
    const int64_t group = index / blocksInGroup_, column = index % blocksInGroup_ * kColumns, columns = std::min(kColumns, width_ - column);
    int64_t at = column, left = group;
    for (size_t i = groups_.size(); i-- > 0; left /= groups_[i].size) at += left % groups_[i].size * groups_[i].stride;
    return {at, width_ > 1 ? columns : length_, group * width_ + column, columns};
  }

  // visit(at) for every line of a block.
  template <class Visit>
  void lines(const Block& b, const Visit& visit) const {
    walk(lines_.data(), lines_.size(), b.at, visit);
  }
  // Likewise, from the last to the first.
  template <class Visit>
  void linesBackwards(const Block& b, const Visit& visit) const {
    walkBackwards(lines_.data(), lines_.size(), b.at, visit);
  }

 private:
  struct Dim {
    int64_t size, stride;
  };
  template <class Visit>
  static void walk(const Dim* dims, size_t n, int64_t at, const Visit& visit) {
    if (n == 0) return visit(at);
    if (n == 1)
      for (int64_t i = 0; i < dims->size; ++i) visit(at + i * dims->stride);
    else
      for (int64_t i = 0; i < dims->size; ++i) walk(dims + 1, n - 1, at + i * dims->stride, visit);
  }
  template <class Visit>
  static void walkBackwards(const Dim* dims, size_t n, int64_t at, const Visit& visit) {
    if (n == 0) return visit(at);
    for (int64_t i = dims->size; i-- > 0;) walkBackwards(dims + 1, n - 1, at + i * dims->stride, visit);
  }

  std::vector<Dim> groups_, lines_;
  int64_t length_ = 1, width_ = 1, blocksInGroup_ = 1;
};

}  // namespace gemmfit::ops
