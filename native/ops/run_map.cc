#include "native/ops/run_map.h"

#include <algorithm>

namespace gemmfit::ops {
namespace {

using Run = RunMap::Run;

bool isOneRun(const RunMap::Axis& axis) { return axis.size() == 1 && axis[0].from != RunMap::kNone; }

// Whether the numbers of an axis are different ones: those of each run, and no run reaches into another.
bool areDifferent(const RunMap::Axis& axis) {
  std::vector<std::pair<int64_t, int64_t>> reach;
  for (const Run& r : axis) {
    if (r.from == RunMap::kNone) continue;
    if (r.step == 0 && r.count > 1) return false;
    const int64_t last = r.from + (r.count - 1) * r.step;
    reach.emplace_back(std::min(r.from, last), std::max(r.from, last));
  }
  std::sort(reach.begin(), reach.end());
  for (size_t i = 1; i < reach.size(); ++i)
    if (reach[i].first <= reach[i - 1].second) return false;
  return true;
}

}  // namespace

RunMap::RunMap(const std::vector<Axis>& axes, int64_t inputs) : inputs_(inputs) {
  for (const Axis& axis : axes) addAxis(axis);
  if (axes_.empty()) axes_.push_back({{1, 0, 1}});
  addSizes();
}

// Axes of one number are none. Neighbours that are one run together are one axis.
void RunMap::addAxis(const Axis& axis) {
  int64_t taken = 0;
  for (const Run& r : axis) taken += r.from == kNone ? 0 : r.count;
  taken_ *= taken;
  injective_ = injective_ && areDifferent(axis);
  if (isOneRun(axis) && axis[0].count == 1) {
    base_ += axis[0].from;
    return;
  }
  if (isOneRun(axis) && !axes_.empty() && isOneRun(axes_.back())) {
    Run& before = axes_.back()[0];
    const Run& next = axis[0];
    if (before.step == next.count * next.step) {
      before = {before.count * next.count, before.from + next.from, next.step};
      return;
    }
  }
  axes_.push_back(axis);
}

void RunMap::addSizes() {
  sizes_.assign(axes_.size(), 1);
  for (size_t i = axes_.size(); i-- > 0;) {
    sizes_[i] = outputs_;
    int64_t count = 0;
    for (const Run& r : axes_[i]) count += r.count;
    outputs_ *= count;
  }
  if (axes_.size() < 2) return;
  const size_t inner = axes_.size() - 1;
  if (!isOneRun(axes_[inner]) || !isOneRun(axes_[inner - 1])) return;
  if (axes_[inner][0].step != 1 || axes_[inner][0].count < kShort) planeAxis_ = inner - 1;
}

bool RunMap::isIdentity() const {
  return axes_.size() == 1 && isOneRun(axes_[0]) && axes_[0][0].step == 1 && axes_[0][0].from + base_ == 0 && outputs_ == inputs_;
}

}  // namespace gemmfit::ops
