#include "native/ops/dense.h"

#include "native/kernels/gemm.h"
#include "native/kernels/im2col.h"
#include "native/kernels/packed_gemm.h"
#include "native/kernels/tiling.h"

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
  kernel_ = env.weights[0]->data();
  kernelId_ = env.weightIds[0];
  bias_ = bias ? env.weights[1]->data() : nullptr;
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
    std::memset(g, 0, static_cast<size_t>(n) * sizeof(float));
    addColumnSums(dy + j, step.rows * steps_, units_, n, g);
    step.updater->done(biasId_, j, n, g);
  }
}

namespace {

// A product this large is cut into tiles by itself, which share the work of laying out its kernel, unless the kernel stays in a core's
// cache anyway: then rows go through the whole stack together.
constexpr double kTiledFlops = 1.6e7;
constexpr int64_t kCachedKernel = 131072;  // floats
constexpr double kTileFlops = 4e6;
constexpr double kWeightTaskFlops = 2e6;
constexpr int64_t kMostTiles = 8;
constexpr int64_t kFewestRows = 48;
constexpr int64_t kPackColumns = 256;

class Dense : public DenseBase {
 public:
  Dense(const Value& spec, const OpEnv& env) : DenseBase(spec, env) {
    const int64_t rows = env.batch * steps_;
    tiled_ = flops_ >= kTiledFlops && width_ * units_ > kCachedKernel;
    flopsPerRow = tiled_ ? 0 : productFlops;
    forwardTiles_ = tiling(rows, units_, width_, kTileFlops, kMostTiles);
    backwardTiles_ = tiling(rows, width_, units_, kTileFlops, kMostTiles);
    weightTiles_ = tiling(width_, units_, rows, kWeightTaskFlops, kMostTiles, kTileFloats);
    // Whole rows of the kernel, where that leaves enough of them: the optimizer then reads and writes memory in its order.
    if (weightTiles_.columns < units_ && kTileFloats / units_ >= kFewestRows)
      weightTiles_ = {width_, units_, kTileFloats / units_, units_, ceilDiv(width_, kTileFloats / units_), 1};
    // A kernel's gradient that is little work goes through its tiles in one task.
    weightTasks_ = flops_ < 2 * kWeightTaskFlops ? 1 : weightTiles_.count();
    needsDx_ = env.needsInputGradient;
    // Every weight task reads all of dy: it is laid out once for them.
    if (tiled_ && trainsKernel_ && weightTiles_.columnTiles == 1 && weightTiles_.count() > 2 && gemmTakesPacked(precision_)) {
      packTasks_ = ceilDiv(units_, kPackColumns);
      scratchSpec.push_back({0, packedFloats(rows, units_), true});
    }
  }

  std::vector<Phase> forwardPhases() const override { return {tiled_ ? Phase{Phase::tasks, forwardTiles_.count()} : Phase{}}; }
  std::vector<Phase> backwardPhases() const override {
    const int64_t tasks = packTasks_ + (tiled_ && needsDx_ ? backwardTiles_.count() : 0);
    return {tasks > 0 ? Phase{Phase::tasks, tasks} : Phase{}};
  }

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    if (!tiled_) return product(begin * steps_, (end - begin) * steps_, 0, units_);
    const Tiling::Tile t = forwardTiles_.tile(begin);
    product(t.row, std::min(t.rows, step.rows * steps_ - t.row), t.column, t.columns);
  }

  void backward(const Step& step, int, int64_t begin, int64_t end) override {
    if (begin < packTasks_) {
      const int64_t column = begin * kPackColumns, k = step.rows * steps_;
      return pack(false, k, std::min(kPackColumns, units_ - column), dy + column, units_, scratch[0] + column * k);
    }
    if (!dx) return;
    begin -= packTasks_;
    Tiling::Tile t{begin * steps_, (end - begin) * steps_, 0, width_};
    if (tiled_) {
      t = backwardTiles_.tile(begin);
      t.rows = std::min(t.rows, step.rows * steps_ - t.row);
    }
    gemm(false, true, t.rows, t.columns, units_, 1, dy + t.row * units_, units_, kernel_ + t.column * units_, units_, 0,
         dx + t.row * width_ + t.column, width_, nullptr, precision_);
  }

  int64_t weightTasks() const override { return trainsKernel_ || trainsBias_ ? weightTasks_ : 0; }

  void weightTask(const Step& step, int64_t task) override {
    const bool one = weightTasks_ == 1;
    const int64_t first = one ? 0 : task, last = one ? weightTiles_.count() : task + 1;
    if (trainsKernel_)
      for (int64_t i = first; i < last; ++i) {
        const Tiling::Tile t = weightTiles_.tile(i);
        const int64_t offset = t.row * units_ + t.column;
        int64_t ld;
        float* g = step.updater->block(kernelId_, offset, t.rows, t.columns, units_, &ld);
        const int64_t k = step.rows * steps_;
        if (packTasks_ > 0)
          gemmPacked(true, t.rows, t.columns, k, x + t.row, width_, scratch[0], g, ld);
        else
          gemm(true, false, t.rows, t.columns, k, 1, x + t.row, width_, dy + t.column, units_, 0, g, ld, nullptr, precision_);
        step.updater->blockDone(kernelId_, offset, t.rows, t.columns, units_, g, ld);
      }
    if (trainsBias_ && last == weightTiles_.count()) biasGradient(step);
  }

 private:
  void product(int64_t row, int64_t rows, int64_t column, int64_t columns) {
    gemm(false, false, rows, columns, width_, 1, x + row * width_, width_, kernel_ + column, units_, 0, y + row * units_ + column, units_,
         bias_ ? bias_ + column : nullptr, precision_);
  }

  bool tiled_ = false, needsDx_ = false;
  Tiling forwardTiles_{}, backwardTiles_{}, weightTiles_{};
  int64_t weightTasks_ = 1, packTasks_ = 0;
};

}  // namespace

std::unique_ptr<Op> dense(const Value& spec, const OpEnv& env) {
  if (splitParts(spec, env) > 1) return splitDense(spec, env);
  return std::make_unique<Dense>(spec, env);
}

}  // namespace gemmfit::ops
