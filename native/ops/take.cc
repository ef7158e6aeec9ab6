#include <algorithm>
#include <atomic>
#include <cstdio>

#include "native/engine/error.h"
#include "native/engine/op.h"
#include "native/kernels/rows.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

// What a number of y comes from: the axes of y, with their steps in the data and in the indices; an index chooses along one axis of the
// data.
struct Taking {
  struct Dim {
    int64_t size, data, indices;
  };
  std::vector<Dim> dims;
  int64_t length = 1, step = 1;  // of the chosen axis
  Shape out;
  void add(int64_t size, int64_t data, int64_t indices) {
    if (size > 1) dims.push_back({size, data, indices});
  }
};

[[noreturn]] void refuse(const char* op, const OpEnv& env, const std::string& what, const char* code = "ERR_SHAPE") {
  throw Error(
      code, std::string(op) + ": data of shape " + toString(env.in) + " and indices of shape " + toString(env.others[0].in) + ": " + what);
}

size_t axisOfData(const char* op, const Value& spec, const OpEnv& env) {
  if (env.others.size() != 1) throw Error("ERR_SPEC", std::string(op) + " takes two inputs, data and indices");
  const int64_t axis = spec.integer("axis"), rank = static_cast<int64_t>(env.in.size());
  if (axis < 0 || axis >= rank) refuse(op, env, "there is no axis " + std::to_string(axis), "ERR_SPEC");
  if (sizeOf(env.in) < 1 || sizeOf(env.others[0].in) < 1) refuse(op, env, "there are no numbers");
  return asSize(axis);
}

// Values of one input chosen by the numbers of another one: whole numbers, those below 0 counted from the end. An index outside must not
// read outside: it counts as 0, and ends the run when the stage has ended.
// Data that are one for the whole batch are a table. Its gradient goes in tasks of some indices each, which look through the whole batch in
// its order; where an index chooses a row of the table, they list first what is theirs.
class Take : public Op {
 public:
  Take(const char* name, const OpEnv& env, Taking taking)
      : taking_(std::move(taking)), sizeX_(sizeOf(env.in)), sizeI_(sizeOf(env.others[0].in)), sizeY_(sizeOf(taking_.out)) {
    in = env.in;
    out = taking_.out;
    mask = Mask::drop;
    mixes = readsX = canAddDx = true;
    flopsPerRow = 4 * static_cast<double>(sizeY_);
    if (taking_.length > kMostIndices) refuse(name, env, "an axis that indices choose from has 2^24 numbers at most", "ERR_SPEC");
    const bool once = env.single && env.others[0].single;
    singleX_ = env.single && !once;
    singleI_ = env.others[0].single && !once;
    givesX_ = env.needsInputGradient;
    givesI_ = env.others[0].wantsGradient;
    const int64_t work = floatsOf(sizeY_, env.batch) / kTaskFloats;
    tasks_ = std::clamp<int64_t>(work, 1, std::min(kMostTasks, taking_.length));
    if (taking_.dims.empty()) taking_.dims.push_back({1, 0, 0});
    ofRows_ = sizeX_ == taking_.length * taking_.step && sizeY_ == sizeI_ * taking_.step && sizeI_ <= UINT32_MAX / env.batch;
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    check(singleI_ ? 0 : begin * sizeI_, (singleI_ ? (begin == 0 ? 1 : 0) : end) * sizeI_);
    for (int64_t r = begin; r < end; ++r) {
      const float* data = x + ofX(r);
      float* to = y + r * sizeY_;
      each(r, [&](int64_t at, int64_t count, int64_t step) {
        if (step == 1)
          std::copy_n(data + at, count, to);
        else
          for (int64_t i = 0; i < count; ++i) to[i] = data[at + i * step];
        to += count;
      });
    }
  }

  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases;
    if ((givesX_ && !singleX_) || (givesI_ && !singleI_)) phases.push_back(Phase{});
    if (inTasks()) phases.push_back({Phase::tasks, singleX_ ? tasks_ : 1});
    return phases.empty() ? std::vector<Phase>{Phase{}} : phases;
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (inTasks() && phase + 1 == static_cast<int>(backwardPhases().size())) return task(step, begin);
    float* ofIndices = others[0].dx;
    if (ofIndices && !singleI_ && !others[0].addsDx) std::fill(ofIndices + begin * sizeI_, ofIndices + end * sizeI_, 0.0f);
    if (!dx || singleX_) return;
    if (!addsDx) std::fill(dx + begin * sizeX_, dx + end * sizeX_, 0.0f);
    for (int64_t r = begin; r < end; ++r) addRow(r, 0, taking_.length);
  }

  bool checksData() const override { return true; }
  DataFault fault() override {
    const int64_t at = wrong_.exchange(kNone, std::memory_order_relaxed);
    if (at == kNone) return {};
    char index[32];
    std::snprintf(index, sizeof(index), "%.9g", static_cast<double>(others[0].x[at]));
    return {singleI_ ? 0 : at / sizeI_, std::string("the index ") + index + " reached it, and it takes from " +
                                            std::to_string(taking_.length) + " numbers: indices are " + std::to_string(-taking_.length) +
                                            " to " + std::to_string(taking_.length - 1)};
  }

 private:
  static constexpr int64_t kNone = INT64_MAX;
  static constexpr int64_t kMostIndices = int64_t{1} << 24;  // as many whole numbers are exact in float32
  static constexpr int64_t kTaskFloats = 65536, kMostTasks = 8;

  int64_t ofX(int64_t row) const { return singleX_ ? 0 : row * sizeX_; }
  bool inTasks() const { return (givesX_ && singleX_) || (givesI_ && singleI_); }

  // Remembers the first of the batch that is outside, whichever task meets it.
  void check(int64_t begin, int64_t end) {
    const float* i = others[0].x;
    const auto length = static_cast<float>(taking_.length);
    for (int64_t at = begin; at < end; ++at) {
      if (i[at] >= -length && i[at] < length) continue;
      int64_t seen = wrong_.load(std::memory_order_relaxed);
      while (at < seen && !wrong_.compare_exchange_weak(seen, at, std::memory_order_relaxed)) {
      }
      return;
    }
  }

  int64_t chosen(float index) const {
    const auto length = static_cast<float>(taking_.length);
    if (!(index >= -length && index < length)) return 0;
    const auto whole = static_cast<int64_t>(index);
    return whole < 0 ? whole + taking_.length : whole;
  }

  // visit(place in the data, count, step) for runs of y of a row, in its order.
  template <class Visit>
  void each(int64_t row, const Visit& visit) const {
    walk(0, 0, others[0].x + (singleI_ ? 0 : row * sizeI_), visit);
  }
  template <class Visit>
  void walk(size_t dim, int64_t at, const float* index, const Visit& visit) const {
    const Taking::Dim& d = taking_.dims[dim];
    if (dim + 1 < taking_.dims.size())
      for (int64_t i = 0; i < d.size; ++i) walk(dim + 1, at + i * d.data, index + i * d.indices, visit);
    else if (d.indices == 0)
      visit(at + chosen(*index) * taking_.step, d.size, d.data);
    else
      for (int64_t i = 0; i < d.size; ++i) visit(at + i * d.data + chosen(index[i * d.indices]) * taking_.step, 1, 1);
  }

  // Adds the gradient of a row where its index is one of [first, last).
  void addRow(int64_t r, int64_t first, int64_t last) const {
    const float* from = dy + r * sizeY_;
    float* to = dx + ofX(r);
    const bool all = last - first == taking_.length;
    each(r, [&](int64_t at, int64_t count, int64_t step) {
      const int64_t index = all ? first : at / taking_.step % taking_.length;
      if (index >= first && index < last)
        for (int64_t i = 0; i < count; ++i) to[at + i * step] += from[i];
      from += count;
    });
  }

  void task(const Step& step, int64_t task) const {
    float* ofIndices = others[0].dx;
    if (ofIndices && singleI_ && !others[0].addsDx) std::fill_n(ofIndices, sizeI_, 0.0f);
    if (!dx || !singleX_) return;
    const int64_t first = taking_.length * task / tasks_, last = taking_.length * (task + 1) / tasks_;
    if (!addsDx)
      for (int64_t at = 0; at < sizeX_; at += taking_.length * taking_.step)
        std::fill(dx + at + first * taking_.step, dx + at + last * taking_.step, 0.0f);
    if (ofRows_) return addTableRows(step.rows * sizeI_, first, last);
    for (int64_t r = 0; r < step.rows; ++r) addRow(r, first, last);
  }

  // Each index of the batch has a row of dy, which goes to the row of the table that it chooses.
  void addTableRows(int64_t indices, int64_t first, int64_t last) const {
    constexpr int64_t kListed = 512;
    RowMove moves[kListed];
    for (int64_t from = 0; from < indices; from += kListed) {
      int64_t count = 0;
      for (int64_t i = from; i < std::min(indices, from + kListed); ++i) {
        const int64_t row = chosen(others[0].x[i]);
        moves[count] = rowMove(i, row);
        count += row >= first && row < last ? 1 : 0;
      }
      addMovedRows(moves, count, dy, taking_.step, first, taking_.step, dx + first * taking_.step);
    }
  }

  Taking taking_;
  const int64_t sizeX_, sizeI_, sizeY_;
  bool singleX_ = false, singleI_ = false, givesX_ = false, givesI_ = false;
  bool ofRows_ = false;  // an index chooses a row of a matrix
  int64_t tasks_ = 1;
  std::atomic<int64_t> wrong_{kNone};
};

}  // namespace

// { op: 'take', axis }: of data and indices. The axes of the indices stand where the axis was.
std::unique_ptr<Op> take(const Value& spec, const OpEnv& env) {
  const size_t axis = axisOfData("take", spec, env);
  const Shape& indices = env.others[0].in;
  Taking t;
  t.length = env.in[axis];
  int64_t outer = 1;
  for (size_t i = 0; i < env.in.size(); ++i) {
    if (i == axis) t.out.insert(t.out.end(), indices.begin(), indices.end());
    if (i != axis) t.out.push_back(env.in[i]);
    (i < axis ? outer : t.step) *= i == axis ? 1 : env.in[i];
  }
  t.add(outer, t.length * t.step, 0);
  t.add(sizeOf(indices), 0, 1);
  t.add(t.step, 1, 0);
  return std::make_unique<Take>("take", env, std::move(t));
}

// { op: 'takeAlongAxis', axis }: of data and indices of one rank, whose other axes stretch to each other.
std::unique_ptr<Op> takeAlongAxis(const Value& spec, const OpEnv& env) {
  const size_t axis = axisOfData("takeAlongAxis", spec, env);
  const Shape& indices = env.others[0].in;
  if (indices.size() != env.in.size()) refuse("takeAlongAxis", env, "both have one rank");
  Taking t;
  t.length = env.in[axis];
  int64_t ofData = sizeOf(env.in), ofIndices = sizeOf(indices);
  for (size_t i = 0; i < env.in.size(); ++i) {
    const int64_t n = env.in[i], m = indices[i];
    ofData /= n;
    ofIndices /= m;
    if (i == axis) t.step = ofData;
    if (i != axis && n != m && n != 1 && m != 1) refuse("takeAlongAxis", env, "axis " + std::to_string(i) + " does not stretch");
    t.out.push_back(i == axis ? m : std::max(n, m));
    t.add(t.out.back(), i == axis || n == 1 ? 0 : ofData, m == 1 ? 0 : ofIndices);
  }
  return std::make_unique<Take>("takeAlongAxis", env, std::move(t));
}

}  // namespace gemmfit::ops
