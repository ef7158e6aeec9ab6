#include "native/engine/axis_groups.h"

#include <string>

#include "native/engine/error.h"
#include "native/kernels/sizes.h"

namespace gemmfit {

AxisGroups AxisGroups::vectors(int64_t width) {
  AxisGroups groups;
  groups.kept_ = {{1, width}};
  groups.joined_ = {{width, 1}};
  groups.joinsRows_ = false;
  groups.areVectors_ = true;
  groups.sample_ = width;
  return groups;
}

AxisGroups::AxisGroups(const Shape& sample, const std::vector<int64_t>& axes) : sample_(sizeOf(sample)) {
  const int64_t rank = static_cast<int64_t>(sample.size()) + 1;
  std::vector<bool> joins(asSize(rank), false);
  for (const int64_t axis : axes) {
    const int64_t index = axis < 0 ? axis + rank : axis;
    if (index < 0 || index >= rank)
      throw Error("ERR_SPEC", "samples of shape " + toString(sample) + " have no axis " + std::to_string(axis));
    if (joins[asSize(index)]) throw Error("ERR_SPEC", "axis " + std::to_string(axis) + " comes twice");
    joins[asSize(index)] = true;
  }
  joinsRows_ = joins[0];
  joined_.clear();
  bool leads = true;
  int64_t stride = sample_;
  for (size_t i = 0; i < joins.size(); ++i) {
    const int64_t size = i == 0 ? 1 : sample[i - 1];
    if (i > 0) stride /= size;
    std::vector<Dim>& dims = joins[i] ? joined_ : kept_;
    if (i > 0 && joins[i] == joins[i - 1]) {  // one axis with that before it
      dims.back().size *= size;
      dims.back().stride = stride;
    } else {
      dims.push_back({size, stride});
    }
    if (i == 0) continue;
    if (!joins[i]) perRow_ *= size;
    leads = leads && !joins[i];
    if (leads) leading_ *= size;
  }
  if (joined_.empty()) joined_.push_back({1, 1});
  areVectors_ = axes.size() == 1 && joins.back() && !joinsRows_;
}

}  // namespace gemmfit
