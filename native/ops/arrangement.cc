#include <algorithm>
#include <map>

#include "native/engine/error.h"
#include "native/ops/rearrange.h"

namespace gemmfit::ops {
namespace {

using Axis = RunMap::Axis;
constexpr int64_t kNone = RunMap::kNone;

// The shape at hand, and what is said of it where a spec does not fit.
struct Given {
  const Value& spec;
  const Shape& in;
  StepAxes axes;
  Given(const Value& s, const Shape& shape) : spec(s), in(shape), axes(shape) {}

  [[noreturn]] void refuse(const std::string& what, const char* code = "ERR_SPEC") const {
    throw Error(code, "rearrange '" + spec.text("how", "") + "' of shape " + toString(in) + ": " + what);
  }
  // A list of numbers of which each axis has one.
  std::vector<int64_t> each(const char* key) const {
    std::vector<int64_t> list = spec.integers(key);
    if (list.size() != in.size()) refuse(std::string(key) + " has a number for each axis. Received: " + toString(list));
    return list;
  }
  size_t axis(int64_t number) const {
    if (number < 0 || number >= static_cast<int64_t>(in.size())) refuse("there is no axis " + std::to_string(number));
    return asSize(number);
  }
  Arrangement unchanged() const {
    Arrangement a;
    a.out = in;
    for (size_t i = 0; i < in.size(); ++i) a.axes.push_back(axes.whole(i));
    return a;
  }
};

Arrangement transpose(const Given& g) {
  Arrangement a;
  std::vector<bool> seen(g.in.size(), false);
  for (const int64_t number : g.each("perm")) {
    const size_t i = g.axis(number);
    if (seen[i]) g.refuse("perm names an axis twice");
    seen[i] = true;
    a.axes.push_back(g.axes.whole(i));
    a.out.push_back(g.in[i]);
  }
  return a;
}

Arrangement broadcast(const Given& g) {
  Arrangement a;
  a.out = g.spec.integers("shape");
  a.stretches = true;
  const bool fits = a.out.size() >= g.in.size();
  const size_t added = fits ? a.out.size() - g.in.size() : 0;
  for (size_t i = 0; i < a.out.size(); ++i) {
    const int64_t n = i < added ? 1 : g.in[i - added];
    if (!fits || a.out[i] < 1 || (n != 1 && n != a.out[i])) g.refuse("it does not stretch to " + toString(a.out), "ERR_SHAPE");
    a.axes.push_back(n == a.out[i] && i >= added ? g.axes.whole(i - added) : Axis{{a.out[i], 0, 0}});
  }
  return a;
}

// Numbers before an axis, as the mode takes them from it; those behind it are the same, seen from its end.
void addPads(const Given& g, const std::string& mode, size_t i, int64_t before, int64_t after, Axis* axis) {
  const int64_t n = g.in[i], step = g.axes.steps[i], last = (n - 1) * step;
  const int64_t most = mode == "reflect" ? n - 1 : mode == "symmetric" || mode == "wrap" ? n : kMostNumbers;
  if (before < 0 || after < 0 || std::max(before, after) > most)
    g.refuse("with mode '" + mode + "' axis " + std::to_string(i) + " takes 0 to " + std::to_string(most) +
             " numbers on a side. Received: " + std::to_string(before) + " and " + std::to_string(after));
  const auto add = [axis](int64_t count, int64_t from, int64_t by) {
    if (count > 0) axis->push_back({count, from, by});
  };
  const int64_t skipped = mode == "reflect" ? 1 : 0;
  if (mode == "constant") add(before, kNone, 0);
  if (mode == "edge") add(before, 0, 0);
  if (mode == "wrap") add(before, (n - before) * step, step);
  if (mode == "reflect" || mode == "symmetric") add(before, (before - 1 + skipped) * step, -step);
  add(n, 0, step);
  if (mode == "constant") add(after, kNone, 0);
  if (mode == "edge") add(after, last, 0);
  if (mode == "wrap") add(after, 0, step);
  if (mode == "reflect" || mode == "symmetric") add(after, last - skipped * step, -step);
}

Arrangement pad(const Given& g) {
  const std::vector<int64_t> before = g.each("before"), after = g.each("after");
  const std::string mode = g.spec.text("mode", "constant");
  const std::vector<std::string> modes{"constant", "reflect", "symmetric", "edge", "wrap"};
  if (std::find(modes.begin(), modes.end(), mode) == modes.end())
    g.refuse("mode is one of constant, reflect, symmetric, edge, wrap. Received: '" + mode + "'");
  Arrangement a;
  a.value = static_cast<float>(g.spec.number("value", 0));
  for (size_t i = 0; i < g.in.size(); ++i) {
    a.axes.emplace_back();
    addPads(g, mode, i, before[i], after[i], &a.axes.back());
    a.out.push_back(g.in[i] + before[i] + after[i]);
  }
  return a;
}

// As Python's slices: places below 0 count from the end, those outside are the nearest inside, and a missing end is that of the axis.
Arrangement slice(const Given& g) {
  const Value::Array &begin = g.spec.items("begin"), &end = g.spec.items("end");
  const std::vector<int64_t> strides = g.each("strides");
  if (begin.size() != g.in.size() || end.size() != g.in.size()) g.refuse("begin and end have a place for each axis");
  Arrangement a;
  for (size_t i = 0; i < g.in.size(); ++i) {
    const int64_t n = g.in[i], stride = strides[i];
    if (stride == 0) g.refuse("a stride of 0 goes nowhere");
    const int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? n : n - 1;
    const auto place = [&](const Value& v, int64_t missing) {
      if (v.isNull()) return missing;
      const int64_t at = v.asInteger("rearrange: a place of a slice");
      return std::clamp(at < 0 ? at + n : at, low, high);
    };
    const int64_t first = place(begin[i], stride > 0 ? low : high), last = place(end[i], stride > 0 ? high : low);
    const int64_t count = stride > 0 ? ceilDiv(last - first, stride) : ceilDiv(first - last, -stride);
    if ((stride > 0 ? last - first : first - last) <= 0)
      g.refuse("axis " + std::to_string(i) + " would have no numbers left: from " + std::to_string(first) + " to " + std::to_string(last),
               "ERR_SHAPE");
    a.axes.push_back({{count, first * g.axes.steps[i], count > 1 ? stride * g.axes.steps[i] : 1}});
    a.out.push_back(count);
  }
  return a;
}

Arrangement flip(const Given& g) {
  Arrangement a = g.unchanged();
  for (const int64_t number : g.spec.integers("axes")) {
    const size_t i = g.axis(number);
    a.axes[i] = {{g.in[i], (g.in[i] - 1) * g.axes.steps[i], -g.axes.steps[i]}};
  }
  return a;
}

Arrangement roll(const Given& g) {
  Arrangement a = g.unchanged();
  const std::vector<int64_t> shifts = g.spec.integers("shifts"), numbers = g.spec.integers("axes");
  if (shifts.size() != numbers.size()) g.refuse("shifts has a number for each of axes");
  std::vector<int64_t> by(g.in.size(), 0);  // shifts of one axis add up
  for (size_t k = 0; k < shifts.size(); ++k) {
    const size_t i = g.axis(numbers[k]);
    by[i] = ((by[i] + shifts[k] % g.in[i]) % g.in[i] + g.in[i]) % g.in[i];
  }
  for (size_t i = 0; i < by.size(); ++i)
    if (by[i] > 0) a.axes[i] = {{by[i], (g.in[i] - by[i]) * g.axes.steps[i], g.axes.steps[i]}, {g.in[i] - by[i], 0, g.axes.steps[i]}};
  return a;
}

// As NumPy's: where one of both lists is shorter, ones stand before it.
Arrangement tile(const Given& g) {
  const std::vector<int64_t> repeats = g.spec.integers("repeats");
  const size_t rank = std::max(repeats.size(), g.in.size());
  Arrangement a;
  a.stretches = true;
  for (size_t i = 0; i < rank; ++i) {
    const size_t ofRepeats = i + repeats.size(), ofIn = i + g.in.size();
    const int64_t times = ofRepeats < rank ? 1 : repeats[ofRepeats - rank], n = ofIn < rank ? 1 : g.in[ofIn - rank];
    if (times < 1 || times > kMostNumbers) g.refuse("repeats are of 1 or more. Received: " + std::to_string(times));
    a.axes.push_back({{times, 0, 0}});
    a.axes.push_back(ofIn < rank ? Axis{{1, 0, 1}} : g.axes.whole(ofIn - rank));
    a.out.push_back(times * n);
  }
  return a;
}

Arrangement repeat(const Given& g) {
  const size_t axis = g.axis(g.spec.integer("axis"));
  const bool alike = g.spec.at("repeats").kind() == Value::Kind::number;
  const std::vector<int64_t> times = alike ? std::vector<int64_t>{g.spec.integer("repeats")} : g.spec.integers("repeats");
  if (!alike && static_cast<int64_t>(times.size()) != g.in[axis]) g.refuse("repeats has a number for each of axis " + std::to_string(axis));
  if (std::any_of(times.begin(), times.end(), [](int64_t t) { return t < 0 || t > kMostNumbers; }) || (alike && times[0] < 1))
    g.refuse("repeats are of 0 or more, and one for all of 1 or more. Received: " + toString(times));
  Arrangement a = g.unchanged();
  if (alike) {
    a.stretches = true;
    a.axes.insert(a.axes.begin() + static_cast<std::ptrdiff_t>(axis) + 1, {{times[0], 0, 0}});
    a.out[axis] *= times[0];
    return a;
  }
  a.axes[axis].clear();
  a.out[axis] = 0;
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] == 0) continue;
    a.axes[axis].push_back({times[i], static_cast<int64_t>(i) * g.axes.steps[axis], 0});
    a.out[axis] += times[i];
  }
  if (a.out[axis] == 0) g.refuse("nothing would be left", "ERR_SHAPE");
  return a;
}

// Places that are known from the start; those below 0 count from the end. Neighbours are taken as one run.
Arrangement take(const Given& g) {
  const size_t axis = g.axis(g.spec.integer("axis"));
  const std::vector<int64_t> indices = g.spec.integers("indices");
  Arrangement a = g.unchanged();
  a.out[axis] = static_cast<int64_t>(indices.size());
  if (indices.empty()) g.refuse("nothing would be left", "ERR_SHAPE");
  a.axes[axis].clear();
  const int64_t n = g.in[axis], step = g.axes.steps[axis];
  for (const int64_t index : indices) {
    if (index < -n || index >= n)
      g.refuse("axis " + std::to_string(axis) + " has no index " + std::to_string(index) + "; it has " + std::to_string(n) + " numbers");
    const int64_t from = (index < 0 ? index + n : index) * step;
    RunMap::Run* before = a.axes[axis].empty() ? nullptr : &a.axes[axis].back();
    if (before && from == before->from + before->count * step)
      ++before->count;
    else
      a.axes[axis].push_back({1, from, step});
  }
  return a;
}

// The diagonal of two axes becomes the last axis.
Arrangement diagonal(const Given& g) {
  const std::vector<int64_t> numbers = g.spec.integers("axes");
  const int64_t offset = g.spec.integer("offset", 0);
  if (numbers.size() != 2 || numbers[0] == numbers[1]) g.refuse("axes names two");
  const size_t row = g.axis(numbers[0]), column = g.axis(numbers[1]);
  const int64_t skipped = std::abs(offset), rows = g.in[row] - (offset < 0 ? skipped : 0),
                columns = g.in[column] - (offset > 0 ? skipped : 0);
  if (std::min(rows, columns) < 1) g.refuse("there is no diagonal " + std::to_string(offset), "ERR_SHAPE");
  Arrangement a;
  for (size_t i = 0; i < g.in.size(); ++i)
    if (i != row && i != column) {
      a.axes.push_back(g.axes.whole(i));
      a.out.push_back(g.in[i]);
    }
  a.out.push_back(std::min(rows, columns));
  a.axes.push_back({{a.out.back(), skipped * g.axes.steps[offset < 0 ? row : column], g.axes.steps[row] + g.axes.steps[column]}});
  return a;
}

}  // namespace

// how: 'transpose' {perm}, 'broadcast' {shape}, 'pad' {before, after, mode, value?}, 'slice' {begin, end, strides}, 'flip' {axes},
// 'roll' {shifts, axes}, 'tile' {repeats}, 'repeat' {repeats, axis}, 'take' {axis, indices}, 'diagonal' {offset?, axes}; for 'triangle' see
// triangle.cc. Axes are indices into a sample's shape.
Arrangement arranged(const Value& spec, const Shape& in) {
  static const std::map<std::string, Arrangement (*)(const Given&)> ways{
      {"transpose", transpose}, {"broadcast", broadcast}, {"pad", pad},   {"slice", slice},   {"flip", flip},
      {"roll", roll},           {"tile", tile},           {"take", take}, {"repeat", repeat}, {"diagonal", diagonal}};
  const auto way = ways.find(spec.text("how", ""));
  if (way == ways.end()) throw Error("ERR_SPEC", "rearrange: there is no '" + spec.text("how", "") + "'");
  Arrangement a = way->second(Given(spec, in));
  if (sizeOf(a.out) > kMostNumbers) refuseShape(a.out);
  return a;
}

}  // namespace gemmfit::ops
