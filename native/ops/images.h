#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "native/engine/error.h"
#include "native/engine/philox.h"
#include "native/kernels/sizes.h"
#include "native/ops/random_fill.h"

namespace gemmfit::ops {

// How an image lies in a sample: [height, width, channels], or the channels first.
struct ImageLayout {
  int64_t height, width, channels;
  int64_t rowStride, columnStride, channelStride;

  ImageLayout(const char* op, const Value& spec, const Shape& in) {
    if (in.size() != 3) throw Error("ERR_SPEC", std::string(op) + " takes images of rank 3; got shape " + toString(in));
    const bool first = spec.flag("channelsFirst", false);
    height = in[first ? 1 : 0];
    width = in[first ? 2 : 1];
    channels = in[first ? 0 : 2];
    channelStride = first ? height * width : 1;
    columnStride = first ? 1 : channels;
    rowStride = width * columnStride;
  }
  int64_t at(int64_t row, int64_t column) const { return row * rowStride + column * columnStride; }
};

struct Range {
  double low, high;
};
// Two numbers of a spec.
inline Range rangeOf(const char* op, const Value& spec, const char* key) {
  const std::vector<double> given = spec.numbers(key);
  if (given.size() != 2 || !(given[0] <= given[1]))
    throw Error("ERR_SPEC", std::string(op) + ": '" + key + "' must be two numbers, the smaller first");
  return {given[0], given[1]};
}

// Numbers of one sample of one step, from 0 to below 1: that of a place follows from the key, the sample and the place alone.
class SampleDraw {
 public:
  SampleDraw(const Draw& draw, int64_t row) : key_(draw.key), row_(static_cast<uint64_t>(row)) {}
  double unit(uint64_t place) const { return static_cast<double>(Philox(key_, place / 4 + 1, row_).v[place % 4]) * 0x1p-32; }
  double in(uint64_t place, const Range& range) const { return range.low + unit(place) * (range.high - range.low); }

 private:
  uint64_t key_, row_;
};

}  // namespace gemmfit::ops
