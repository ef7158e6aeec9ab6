#include "native/ops/dense.h"

#include "native/engine/paths.h"
#include "native/kernels/gemm/gemm.h"
#include "native/kernels/gemm/packed.h"
#include "native/kernels/im2col.h"
#include "native/kernels/sizes.h"
#include "native/ops/product_tiles.h"

namespace gemmfit::ops {

DenseBase::DenseBase(const Value& spec, const OpEnv& env)
    : width_(lastAxis(env.in)),
      units_(spec.integer("units")),
      steps_(sizeOf(env.in) / std::max<int64_t>(1, width_)),
      precision_(readPrecision(spec)) {
  const bool bias = spec.flag("useBias", true);
  if (env.in.empty() || units_ < 1 || width_ < 1) throw Error("ERR_SPEC", "dense needs an input of rank 1 or more and units above 0");
  if (env.weights.size() != (bias ? 2u : 1u) || env.weights[0]->size != width_ * units_ || (bias && env.weights[1]->size != units_))
    throw Error("ERR_SPEC", "dense: its weights do not have the shape of its input");
  take(env.weights[0], &kernel_);
  kernelId_ = env.weightIds[0];
  if (bias) take(env.weights[1], &bias_);
  biasId_ = bias ? env.weightIds[1] : -1;
  trainsKernel_ = env.trainable[0];
  trainsBias_ = bias && env.trainable[1];
  in = env.in;
  out = env.in;
  out.back() = units_;
  readsX = weightsReadDy = trainsKernel_ || trainsBias_;
  productFlops = 2.0 * static_cast<double>(steps_ * width_ * units_);
  flops_ = productFlops * static_cast<double>(env.batch);
}

void DenseBase::biasGradient(const Step& step) const {
  for (int64_t j = 0; j < units_; j += kTileFloats) {
    const int64_t n = std::min(kTileFloats, units_ - j);
    float* g = step.updater->tile(biasId_, j, n);
    std::memset(g, 0, asSize(n) * sizeof(float));
    addColumnSums(dy + j, step.rows * steps_, units_, n, g);
    step.updater->done(biasId_, j, n, g);
  }
}

namespace {

constexpr int64_t kPackColumns = 256;
constexpr int64_t kCopyRows = 32;
constexpr int64_t kCopyPad = 16;

// A matrix that many tiles read, laid out once for them with rows that do not all fall on the same places of the cache.
struct SpreadRows {
  int64_t rows = 0, width = 0;
  int64_t stride = 0;  // from one row to the next
  int slot = -1;       // the scratch that holds it; below 0: it is read where it is
  bool used() const { return slot >= 0; }
  int64_t tasks() const { return used() ? ceilDiv(rows, kCopyRows) : 0; }
  void copy(int64_t task, int64_t count, const float* from, float* to) const {
    const int64_t last = std::min(count, (task + 1) * kCopyRows);
    for (int64_t r = task * kCopyRows; r < last; ++r) std::memcpy(to + r * stride, from + r * width, asSize(width) * sizeof(float));
  }
};

class Dense : public DenseBase {
 public:
  Dense(const Value& spec, const OpEnv& env) : DenseBase(spec, env) {
    const int64_t rows = env.batch * steps_;
    tiled_ = isTiled(flops_, width_ * units_);
    flopsPerRow = tiled_ ? 0 : productFlops;
    forwardTiles_ = columnTiling(rows, units_, width_, kTileFlops, kMostTiles);
    backwardTiles_ = columnTiling(rows, width_, units_, kTileFlops, kMostTiles);
    weightTiles_ = kernelTiles(width_, units_, rows, kTileFloats);
    // A kernel's gradient that is little work goes through its tiles in one task.
    weightTasks_ = flops_ < 2 * kWeightTaskFlops ? 1 : weightTiles_.count();
    needsDx_ = env.needsInputGradient;
    // Every weight task reads all of dy: it is laid out once for them.
    if (tiled_ && trainsKernel_ && weightTiles_.columnTiles == 1 && weightTiles_.count() > 2 && packsForTiles(precision_)) {
      packTasks_ = ceilDiv(units_, kPackColumns);
      scratchSpec.push_back({0, packedFloats(rows, units_), Scratch::backward});
    }
    const auto spread = [&](int64_t width, const Tiling& tiles, Scratch::Life life) {
      SpreadRows copy{rows, width, width};
      if (!tiled_ || !packsForTiles(precision_) || width % 256 != 0 || tiles.columnTiles == 1) return copy;
      copy.stride = width + kCopyPad;
      copy.slot = addScratch({0, rows * copy.stride, life});
      return copy;
    };
    spreadX_ = spread(width_, forwardTiles_, Scratch::forward);
    spreadDy_ = needsDx_ ? spread(units_, backwardTiles_, Scratch::backward) : SpreadRows{rows, units_, units_};
  }

  std::vector<Phase> forwardPhases() const override {
    if (!tiled_) return {Phase{}};
    const Phase tiles{Phase::tasks, forwardTiles_.count()};
    return spreadX_.used() ? std::vector<Phase>{{Phase::tasks, spreadX_.tasks(), true}, tiles} : std::vector<Phase>{tiles};
  }
  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases;
    const int64_t tiles = tiled_ && needsDx_ ? backwardTiles_.count() : 0;
    if (layOuts() > 0) phases.push_back({Phase::tasks, layOuts(), true});
    if (tiles > 0) phases.push_back({Phase::tasks, tiles});
    return phases.empty() ? std::vector<Phase>{Phase{}} : phases;
  }

  void forward(const Step& step, int phase, int64_t begin, int64_t end) override {
    const int64_t rows = step.rows * steps_;
    took(tiled_ ? Path::denseTiles : Path::denseRows);
    if (!tiled_) return product(begin * steps_, (end - begin) * steps_, 0, units_, x, width_);
    if (spreadX_.used()) took(Path::denseSpreadX);
    if (spreadX_.used() && phase == 0) return spreadX_.copy(begin, rows, x, scratchOf(spreadX_));
    const Tiling::Tile t = forwardTiles_.tile(begin);
    product(t.row, std::min(t.rows, rows - t.row), t.column, t.columns, spreadX_.used() ? scratchOf(spreadX_) : x, spreadX_.stride);
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    const int64_t rows = step.rows * steps_;
    if (layOuts() > 0 && phase == 0) {
      if (begin >= packTasks_) return spreadDy_.copy(begin - packTasks_, rows, dy, scratchOf(spreadDy_));
      const int64_t column = begin * kPackColumns;
      return pack({dy + column, rows, std::min(kPackColumns, units_ - column), units_}, scratch[0] + column * rows);
    }
    if (!dx) return;
    if (spreadDy_.used()) took(Path::denseSpreadDy);
    Tiling::Tile t{begin * steps_, (end - begin) * steps_, 0, width_};
    if (tiled_) {
      t = backwardTiles_.tile(begin);
      t.rows = std::min(t.rows, rows - t.row);
    }
    const float* from = spreadDy_.used() ? scratchOf(spreadDy_) : dy;
    const int64_t stride = spreadDy_.stride;
    gemm({from + t.row * stride, t.rows, units_, stride}, {kernel_ + t.column * units_, units_, t.columns, units_, true},
         {dx + t.row * width_ + t.column, width_}, precision_);
  }

  int64_t weightTasks() const override { return trainsKernel_ || trainsBias_ ? weightTasks_ : 0; }

  void weightTask(const Step& step, int64_t task) override {
    const bool one = weightTasks_ == 1;
    took(one ? Path::denseOneWeightTask : Path::denseWeightTiles);
    if (packTasks_ > 0) took(Path::densePackedDy);
    const int64_t first = one ? 0 : task, last = one ? weightTiles_.count() : task + 1;
    if (trainsKernel_)
      for (int64_t i = first; i < last; ++i) {
        const Tiling::Tile t = weightTiles_.tile(i);
        const int64_t offset = t.row * units_ + t.column;
        int64_t ld;
        float* g = step.updater->block(kernelId_, offset, t.rows, t.columns, units_, &ld);
        const int64_t k = step.rows * steps_;
        gemm({x + t.row, t.rows, k, width_, true}, {dy + t.column, k, t.columns, units_, false, packTasks_ > 0 ? scratch[0] : nullptr},
             {g, ld}, precision_);
        step.updater->blockDone(kernelId_, offset, t.rows, t.columns, units_, g, ld);
      }
    if (trainsBias_ && last == weightTiles_.count()) biasGradient(step);
  }

 private:
  int64_t layOuts() const { return packTasks_ + spreadDy_.tasks(); }
  float* scratchOf(const SpreadRows& copy) const { return scratch[asSize(copy.slot)]; }

  void product(int64_t row, int64_t rows, int64_t column, int64_t columns, const float* from, int64_t stride) {
    gemm({from + row * stride, rows, width_, stride}, {kernel_ + column, width_, columns, units_},
         {y + row * units_ + column, units_, false, bias_ ? bias_ + column : nullptr}, precision_);
  }

  bool tiled_ = false, needsDx_ = false;
  SpreadRows spreadX_, spreadDy_;
  Tiling forwardTiles_{}, backwardTiles_{}, weightTiles_{};
  int64_t weightTasks_ = 1, packTasks_ = 0;
};

}  // namespace

std::unique_ptr<Op> dense(const Value& spec, const OpEnv& env) {
  if (splitParts(spec, env) > 1) return splitDense(spec, env);
  return std::make_unique<Dense>(spec, env);
}

}  // namespace gemmfit::ops
