#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "hwy/cache_control.h"
#include "native/engine/error.h"
#include "native/engine/lazy_rows.h"
#include "native/engine/op.h"
#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/rows.h"
#include "native/kernels/sizes.h"

namespace gemmfit::ops {
namespace {

constexpr int64_t kMostIds = int64_t{1} << 24;     // as many whole numbers from 0 on are exact in float32
constexpr int64_t kTileOfTable = 4096;             // floats: a tile's gradient stays in the first-level cache
constexpr int64_t kLazyTile = 16384;               // of a table that is updated row by row, where a tile is a list of ids
constexpr int64_t kLazyFloats = int64_t{1} << 18;  // of such a table, at least
constexpr int64_t kRowsPerId = 6;                  // likewise: a row out of order costs as much as so many in order
constexpr int64_t kMostTasks = 64;
constexpr int64_t kSortIds = 2048;       // of a part of the batch that is sorted by itself, at least; and not fewer than there are tiles
constexpr int64_t kMostParts = 8;        // likewise
constexpr int64_t kAhead = 8;            // ids: rows that come in no order are asked for so early
constexpr int64_t kBlock = 256;          // columns of rows that are added up at once
constexpr int64_t kLineFloats = 16;      // of a line of cache
constexpr double kFlopsPerElement = 10;  // bound by memory: an element takes the time of so many operations of a product

// y[..., :] = table[x[...], :], where x holds ids as floats. With `maskZero` id 0 marks steps to skip. Weight: table [inputDim, outputDim].
// Ids that are the model's input are checked where they enter. Those that an op makes are checked here: one outside the table must not read
// outside it, counts as 0, and ends the run when the stage has ended.
// The gradient goes tile by tile of the table, and the ids of the batch are sorted by tile first, so that a tile visits only its own:
// parts of the batch count their ids, then each writes them where those of the parts before it end.
// Of a large table it goes row by row, and the optimizer leaves the other rows for later (LazyRows).
class Embedding : public Op, private StepSums {
 public:
  Embedding(const Value& spec, const OpEnv& env)
      : ids_(spec.integer("inputDim")), width_(spec.integer("outputDim")), perSample_(sizeOf(env.in)) {
    if (ids_ < 1 || ids_ > kMostIds || width_ < 1) throw Error("ERR_SPEC", "embedding: inputDim must be 1 to 2^24 and outputDim above 0");
    if (env.weights.size() != 1 || env.weights[0]->size / width_ != ids_ || env.weights[0]->size % width_ != 0)
      throw Error("ERR_SPEC", "embedding: its weight is not [inputDim, outputDim]");
    in = out = env.in;
    out.push_back(width_);
    variable_ = env.weights[0].get();
    take(env.weights[0], &table_);
    tableId_ = env.weightIds[0];
    trains_ = env.trainable[0];
    givesDx_ = env.needsInputGradient;
    mask = spec.flag("maskZero", false) ? Mask::make : Mask::drop;
    maskSteps = perSample_;
    readsX = weightsReadDy = takesSharedDy = trains_;
    flopsPerRow = kFlopsPerElement * static_cast<double>(sizeOf(out));
    if (!trains_) return;
    if (env.batch > INT32_MAX / perSample_) throw Error("ERR_SPEC", "embedding: too many ids in a batch");
    const int64_t inBatch = env.batch * perSample_;
    const bool large = ids_ * width_ >= kLazyFloats && ids_ / kRowsPerId >= inBatch;
    lazy_ = large && width_ <= kTileFloats && env.lazyRows && env.lazyRows(0, width_);
    while ((int64_t{2} << tileBits_) * width_ <= (lazy_ ? kLazyTile : kTileOfTable)) ++tileBits_;
    tileIds_ = int64_t{1} << tileBits_;
    tiles_ = ceilDiv(ids_, tileIds_);
    parts_ = std::min(kMostParts, std::max<int64_t>(1, inBatch / std::max(kSortIds, tiles_)));
    scratchSpec = {{0, 2 * parts_ * tiles_}, {2 * perSample_}};
  }

  void forward(const Step&, int, int64_t begin, int64_t end) override {
    const int64_t last = end * perSample_;
    if (mask == Mask::make)
      for (int64_t i = begin * perSample_; i < last; ++i) maskOut[i] = x[i] != 0.0f ? 1.0f : 0.0f;
    checkIds(begin * perSample_, last);
    if (yIsSummed) return;
    const LazyRows* behind = rowsBehind();
    took(behind ? Path::embeddingBehind : Path::embeddingRows);
    const Ids id = ids();
    for (int64_t i = begin * perSample_; i < last; ++i) {
      float* to = y + i * width_;
      if (behind && i + kAhead < last) behind->prefetch(id[i + kAhead]);
      const float* from = rowOf(behind, id[i], 0, width_, to);
      if (from != to) std::memcpy(to, from, asSize(width_) * sizeof(float));
    }
  }

  StepSums* stepSums() override { return in.size() == 1 ? this : nullptr; }
  void addSteps(int64_t row, const float* keep, int64_t column, int64_t count, double* sum) override {
    const LazyRows* behind = rowsBehind();
    took(Path::embeddingStepSums);
    const Ids id = ids();
    float made[RowSum::kRows][kBlock];
    for (int64_t from = 0; from < count; from += kBlock) {
      const int64_t n = std::min(kBlock, count - from), first = column + from, begin = row * perSample_;
      RowSum rows(n, sum + from);
      int64_t kept = 0;
      for (int64_t t = 0; t < perSample_; ++t) {
        if (t + kAhead < perSample_) prefetch(behind, id[begin + t + kAhead], first, n);
        if (!keep || keep[t] != 0.0f) rows.add(rowOf(behind, id[begin + t], first, n, made[kept++ % RowSum::kRows]));
      }
      rows.flush();
    }
  }

  bool checksData() const override { return true; }
  DataFault fault() override {
    const int64_t at = wrong_.exchange(kNone, std::memory_order_relaxed);
    if (at == kNone) return {};
    char id[32];
    std::snprintf(id, sizeof(id), "%.9g", static_cast<double>(x[at]));
    return {at / perSample_, std::string("the id ") + id + " reached it, and ids are whole numbers from 0 to " + std::to_string(ids_ - 1) +
                                 ", as it has inputDim: " + std::to_string(ids_)};
  }

  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases;
    if (trains_) phases.assign(2, Phase{Phase::tasks, parts_});
    if (givesDx_ || phases.empty()) phases.push_back(Phase{});
    return phases;
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    const int64_t gradients = step.rows * perSample_ / dySteps;
    if (trains_ && phase < 2) return sortIds(phase, begin, gradients * begin / parts_, gradients * (begin + 1) / parts_);
    if (dx) std::fill(dx + begin * perSample_, dx + end * perSample_, 0.0f);  // ids have no slope
  }

  int64_t weightTasks() const override { return trains_ ? std::min(kMostTasks, tiles_) : 0; }

  void weightTask(const Step& step, int64_t task) override {
    took(lazy_ ? Path::embeddingLazyUpdate : Path::embeddingDenseUpdate);
    if (dySteps > 1) took(Path::embeddingSharedDy);
    if (parts_ > 1) took(Path::embeddingParts);
    if (width_ > kTileFloats) took(Path::embeddingPieces);
    const int64_t tasks = weightTasks(), end = (task + 1) * tiles_ / tasks;
    for (int64_t tile = task * tiles_ / tasks; tile < end; ++tile) {
      if (lazy_)
        updateRows(step, beginOf(tile), endOf(tile), endOf(end - 1));
      else
        updateTile(step, tile);
    }
  }

 private:
  static constexpr int64_t kNone = INT64_MAX;

  // Remembers the first of the batch that is outside the table, whichever task meets it.
  void checkIds(int64_t begin, int64_t end) {
    const float limit = static_cast<float>(ids_);
    bool right = true;
    for (int64_t i = begin; i < end; ++i) right = right & (x[i] >= 0.0f) & (x[i] < limit);
    if (right) return;
    int64_t at = begin, seen = wrong_.load(std::memory_order_relaxed);
    while (x[at] >= 0.0f && x[at] < limit) ++at;
    while (at < seen && !wrong_.compare_exchange_weak(seen, at, std::memory_order_relaxed)) {
    }
  }

  void updateTile(const Step& step, int64_t tile) {
    const int64_t first = tile * tileIds_, rows = std::min(tileIds_, ids_ - first);
    const RowMove* moves = beginOf(tile);
    // A row wider than a tile may be is a tile of its own and goes in pieces.
    for (int64_t column = 0; column < width_; column += kTileFloats) {
      const int64_t columns = std::min(kTileFloats, width_ - column), offset = first * width_ + column;
      float* g = step.updater->tile(tableId_, offset, rows * columns);
      std::memset(g, 0, asSize(rows * columns) * sizeof(float));
      addMovedRows(moves, endOf(tile) - moves, dy + column, width_, first, columns, g);
      step.updater->done(tableId_, offset, rows * columns, g);
    }
  }

  void prefetchForUpdate(RowMove move) const {
    const float* from = dy + movesFrom(move) * width_;
    for (int64_t k = 0; k < width_; k += kLineFloats) hwy::Prefetch(from + k);
    variable_->rows->prefetch(movesTo(move));
  }

  // Only the rows of a tile that are in the batch. `last`: where the task's ids end; what follows them another thread may be sorting.
  void updateRows(const Step& step, RowMove* i, RowMove* to, const RowMove* last) {
    std::sort(i, to);
    while (i != to) {
      const int64_t id = movesTo(*i);
      const RowMove* const first = i;
      for (; i != to && movesTo(*i) == id; ++i)
        if (i + kAhead < last) prefetchForUpdate(i[kAhead]);
      float* g = step.updater->tile(tableId_, id * width_, width_);
      std::memset(g, 0, asSize(width_) * sizeof(float));
      addMovedRows(first, i - first, dy, width_, id, width_, g);
      step.updater->done(tableId_, id * width_, width_, g);
    }
  }

  // What to read rows by: null where the table has them.
  const LazyRows* rowsBehind() const { return variable_->rows && variable_->rows->behind() ? variable_->rows.get() : nullptr; }

  // Columns of a row as it is now: where they are, or, made up for, in `made`.
  const float* rowOf(const LazyRows* behind, int64_t id, int64_t column, int64_t count, float* made) const {
    return behind ? behind->at(id, column, count, made) : table_ + id * width_ + column;
  }

  void prefetch(const LazyRows* behind, int64_t id, int64_t column, int64_t count) const {
    if (behind) return behind->prefetch(id);
    for (int64_t k = 0; k < count; k += kLineFloats) hwy::Prefetch(table_ + id * width_ + column + k);
  }

  // What turns the floats of x into rows of the table; by value, so that loops keep it in registers.
  struct Ids {
    const float* x;
    float end;
    int64_t operator[](int64_t i) const { return x[i] >= 0.0f && x[i] < end ? static_cast<int64_t>(x[i]) : 0; }
  };
  Ids ids() const { return {x, static_cast<float>(ids_)}; }

  // Counting sort of the batch's ids by their tiles; within a tile they keep the batch's order, so that sums have one.
  // A part of the batch is that of the rows [begin, end) of dy. In phase 0 it counts; in phase 1, when all have, it moves.
  void sortIds(int phase, int64_t part, int64_t begin, int64_t end) {
    const Ids id = ids();
    const int bits = tileBits_;
    int32_t* count = counts() + part * tiles_;
    if (phase == 0) {
      std::fill(count, count + tiles_, 0);
      for (int64_t i = begin * dySteps; i < end * dySteps; ++i) ++count[id[i] >> bits];
      return;
    }
    int32_t* next = places() + part * tiles_;
    int32_t place = 0;
    for (int64_t t = 0; t < tiles_; ++t) {
      next[t] = place;
      for (int64_t p = 0; p < parts_; ++p) {
        const int32_t more = counts()[p * tiles_ + t];
        if (p < part) next[t] += more;
        place += more;
      }
    }
    RowMove* to = moves();
    for (int64_t row = begin; row < end; ++row)
      for (int64_t i = row * dySteps, last = i + dySteps; i < last; ++i) to[next[id[i] >> bits]++] = rowMove(row, id[i]);
  }

  // Scratch as whole numbers: how many ids of each tile a part of the batch has, where it puts the next, and the ids of all tiles in turn,
  // each with the row of dy that is its gradient.
  int32_t* counts() const { return reinterpret_cast<int32_t*>(scratch[0]); }
  int32_t* places() const { return counts() + parts_ * tiles_; }
  RowMove* moves() const { return reinterpret_cast<RowMove*>(scratch[1]); }
  RowMove* endOf(int64_t tile) const { return moves() + places()[(parts_ - 1) * tiles_ + tile]; }
  RowMove* beginOf(int64_t tile) const { return tile == 0 ? moves() : endOf(tile - 1); }

  int64_t ids_, width_, perSample_;
  int64_t parts_ = 1;
  int64_t tileIds_ = 1, tiles_ = 1;  // tileIds_: a power of two, since a division for each id took a twentieth of a step
  int tileBits_ = 0;
  const Variable* variable_ = nullptr;
  const float* table_ = nullptr;
  int tableId_ = -1;
  bool trains_ = false, givesDx_ = false, lazy_ = false;
  std::atomic<int64_t> wrong_{kNone};
};

}  // namespace

std::unique_ptr<Op> embedding(const Value& spec, const OpEnv& env) { return std::make_unique<Embedding>(spec, env); }

}  // namespace gemmfit::ops
