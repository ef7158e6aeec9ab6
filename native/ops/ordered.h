#pragma once
#include "native/engine/error.h"
#include "native/kernels/sizes.h"
#include "native/ops/merge.h"

namespace gemmfit::ops {

// An axis of a sample that `axis` names, counted from 0, whose numbers an op takes in their order. Error ERR_SPEC where there is none.
inline int64_t orderedAxis(const char* op, const Value& spec, const Shape& in) {
  const int64_t axis = spec.integer("axis"), rank = static_cast<int64_t>(in.size());
  if (axis < 0 || axis >= rank)
    throw Error("ERR_SPEC", std::string(op) + ": samples of shape " + toString(in) + " have no axis " + std::to_string(axis));
  return axis;
}

// Likewise, where places along it are told as numbers: float32 holds whole ones up to 2^24.
inline int64_t countedAxis(const char* op, const Value& spec, const Shape& in) {
  constexpr int64_t kMostPlaces = int64_t{1} << 24;
  const int64_t axis = orderedAxis(op, spec, in);
  if (in[asSize(axis)] > kMostPlaces)
    throw Error("ERR_SPEC", std::string(op) + ": an axis has 2^24 numbers at most. Received: samples of shape " + toString(in));
  return axis;
}

// f(place of the first number, index of the line) for all lines along an axis of rows [begin, end).
template <class F>
void forLines(const AxisRuns& runs, int64_t begin, int64_t end, F&& f) {
  const int64_t lines = runs.outer * runs.inner;
  for (int64_t line = begin * lines; line < end * lines; ++line) f(line / runs.inner * runs.length * runs.inner + line % runs.inner, line);
}

}  // namespace gemmfit::ops
