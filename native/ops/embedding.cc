#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/cache_control.h"
#include "native/engine/error.h"
#include "native/engine/lazy_rows.h"
#include "native/engine/op.h"
#include "native/engine/updater.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kMostIds = int64_t{1} << 24;  // as many whole numbers from 0 on are exact in float32
constexpr int64_t kGradientFloats = 16384;      // of a tile of the table: with the optimizer's slots it still fits the second-level cache
constexpr int64_t kLazyFloats = int64_t{1} << 18;  // of a table that is updated row by row
constexpr int64_t kRowsPerId = 6;                  // likewise: a row out of order costs as much as so many in order
constexpr int64_t kLazyTasks = 64;
constexpr int64_t kAhead = 8;            // ids: rows that come in no order are asked for so early
constexpr int64_t kLineFloats = 16;      // of a line of cache
constexpr double kFlopsPerElement = 10;  // bound by memory: an element takes the time of so many operations of a product

// y[..., :] = table[x[...], :], where x holds ids as floats. With `maskZero` id 0 marks steps to skip. Weight: table [inputDim, outputDim].
// Ids are checked where data enters; here one outside the table only must not read outside it, and counts as 0.
// The gradient goes tile by tile of the table, and the ids of the batch are sorted by tile first, so that a tile visits only its own.
// Of a large table it goes row by row, and the optimizer leaves the other rows for later (LazyRows).
class Embedding : public Op {
 public:
  Embedding(const Value& spec, const OpEnv& env)
      : ids_(spec.integer("inputDim")), width_(spec.integer("outputDim")), perSample_(sizeOf(env.in)) {
    if (ids_ < 1 || ids_ > kMostIds || width_ < 1) throw Error("ERR_SPEC", "embedding: inputDim must be 1 to 2^24 and outputDim above 0");
    if (env.weights.size() != 1 || env.weights[0]->size / width_ != ids_ || env.weights[0]->size % width_ != 0)
      throw Error("ERR_SPEC", "embedding: its weight is not [inputDim, outputDim]");
    in = out = env.in;
    out.push_back(width_);
    variable_ = env.weights[0].get();
    table_ = variable_->data();
    tableId_ = env.weightIds[0];
    trains_ = env.trainable[0];
    givesDx_ = env.needsInputGradient;
    mask = spec.flag("maskZero", false) ? Mask::make : Mask::drop;
    maskSteps = perSample_;
    readsX = weightsReadDy = takesSharedDy = trains_;
    flopsPerRow = kFlopsPerElement * static_cast<double>(perSample_ * width_);
    while ((int64_t{2} << tileBits_) * width_ <= kGradientFloats) ++tileBits_;
    tileIds_ = int64_t{1} << tileBits_;
    tiles_ = ceilDiv(ids_, tileIds_);
    if (trains_ && env.batch > INT32_MAX / perSample_) throw Error("ERR_SPEC", "embedding: too many ids in a batch");
    const bool large = ids_ * width_ >= kLazyFloats && ids_ / kRowsPerId >= env.batch * perSample_;
    lazy_ = trains_ && large && width_ <= kTileFloats && env.lazyRows && env.lazyRows(0, width_);
    if (trains_) scratchSpec = {{0, tiles_, true}, {perSample_, 0, true}};
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const LazyRows* rows = variable_->rows && variable_->rows->behind() ? variable_->rows.get() : nullptr;
    for (int64_t i = begin * perSample_; i < end * perSample_; ++i) {
      if (rows) {
        if (i + kAhead < end * perSample_) rows->prefetch(idAt(i + kAhead));
        rows->read(idAt(i), y + i * width_);
      } else
        std::memcpy(y + i * width_, table_ + idAt(i) * width_, static_cast<size_t>(width_) * sizeof(float));
    }
    if (mask == Mask::make)
      for (int64_t i = begin * perSample_; i < end * perSample_; ++i) maskOut[i] = x[i] != 0.0f ? 1.0f : 0.0f;
  }

  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases;
    if (trains_) phases.push_back(Phase{Phase::tasks, 1});
    if (givesDx_ || phases.empty()) phases.push_back(Phase{});
    return phases;
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (trains_ && phase == 0) return sortIds(step.rows * perSample_);
    if (dx) std::fill(dx + begin * perSample_, dx + end * perSample_, 0.0f);  // ids have no slope
  }

  int64_t weightTasks() const override { return !trains_ ? 0 : lazy_ ? std::min(kLazyTasks, tiles_) : tiles_; }

  void weightTask(const Step& step, int64_t task) override {
    if (!lazy_) return updateTile(step, task);
    const int64_t tasks = weightTasks(), end = (task + 1) * tiles_ / tasks;
    for (int64_t tile = task * tiles_ / tasks; tile < end; ++tile) updateRows(step, tile, order() + ends()[end - 1]);
  }

 private:
  void updateTile(const Step& step, int64_t tile) {
    const int64_t first = tile * tileIds_, ids = std::min(tileIds_, ids_ - first);
    const int32_t* from = order() + (tile == 0 ? 0 : ends()[tile - 1]);
    const int32_t* to = order() + ends()[tile];
    // A row wider than a tile may be is a tile of its own and goes in pieces.
    for (int64_t column = 0; column < width_; column += kTileFloats) {
      const int64_t columns = std::min(kTileFloats, width_ - column), offset = first * width_ + column;
      float* g = step.updater->tile(tableId_, offset, ids * columns);
      std::memset(g, 0, static_cast<size_t>(ids * columns) * sizeof(float));
      for (const int32_t* i = from; i != to; ++i) {
        float* row = g + (idAt(*i) - first) * columns;
        const float* add = gradientOf(*i) + column;
        for (int64_t k = 0; k < columns; ++k) row[k] += add[k];
      }
      step.updater->done(tableId_, offset, ids * columns, g);
    }
  }

  const float* gradientOf(int32_t position) const { return dy + position / static_cast<int32_t>(dySteps) * width_; }

  void prefetchForUpdate(int32_t position) const {
    for (int64_t k = 0; k < width_; k += kLineFloats) hwy::Prefetch(gradientOf(position) + k);
    variable_->rows->prefetch(idAt(position));
  }

  // Only the rows of a tile that are in the batch. `last`: where the task's positions end; what follows them another thread may be sorting.
  void updateRows(const Step& step, int64_t tile, const int32_t* last) {
    int32_t* i = order() + (tile == 0 ? 0 : ends()[tile - 1]);
    int32_t* const to = order() + ends()[tile];
    std::sort(i, to, [this](int32_t a, int32_t b) {
      const int64_t idA = idAt(a), idB = idAt(b);
      return idA != idB ? idA < idB : a < b;
    });
    while (i != to) {
      const int64_t id = idAt(*i);
      float* g = step.updater->tile(tableId_, id * width_, width_);
      std::memset(g, 0, static_cast<size_t>(width_) * sizeof(float));
      for (; i != to && idAt(*i) == id; ++i) {
        if (i + kAhead < last) prefetchForUpdate(i[kAhead]);
        const float* add = gradientOf(*i);
        for (int64_t k = 0; k < width_; ++k) g[k] += add[k];
      }
      step.updater->done(tableId_, id * width_, width_, g);
    }
  }

  int64_t idAt(int64_t i) const {
    const float id = x[i];
    return id >= 0.0f && id < static_cast<float>(ids_) ? static_cast<int64_t>(id) : 0;
  }

  // Counting sort of the batch's positions by the tile of their ids; within a tile they keep the batch's order, so that sums have one.
  void sortIds(int64_t n) {
    int32_t* next = ends();
    std::fill(next, next + tiles_, 0);
    for (int64_t i = 0; i < n; ++i) ++next[idAt(i) >> tileBits_];
    int32_t begin = 0;
    for (int64_t t = 0; t < tiles_; ++t) {
      const int32_t count = next[t];
      next[t] = begin;
      begin += count;
    }
    for (int64_t i = 0; i < n; ++i) order()[next[idAt(i) >> tileBits_]++] = static_cast<int32_t>(i);
  }

  // Scratch as whole numbers: where each tile's part of `order` ends, and the positions of the batch's ids, tile after tile.
  int32_t* ends() const { return reinterpret_cast<int32_t*>(scratch[0]); }
  int32_t* order() const { return reinterpret_cast<int32_t*>(scratch[1]); }

  int64_t ids_, width_, perSample_;
  int64_t tileIds_ = 1, tiles_ = 1;  // tileIds_: a power of two, since a division for each id took a twentieth of a step
  int tileBits_ = 0;
  const Variable* variable_ = nullptr;
  const float* table_ = nullptr;
  int tableId_ = -1;
  bool trains_ = false, givesDx_ = false, lazy_ = false;
};

}  // namespace

std::unique_ptr<Op> embedding(const Value& spec, const OpEnv& env) { return std::make_unique<Embedding>(spec, env); }

}  // namespace gemmfit::ops
