#include "native/ops/matmul.h"

#include "native/engine/error.h"
#include "native/kernels/sizes.h"
#include "native/ops/precision.h"
#include "native/ops/product_tiles.h"

namespace gemmfit::ops {

MatmulPairs::MatmulPairs(const MatmulOperand& a, const MatmulOperand& b) {
  const size_t rank = std::max(a.leading.size(), b.leading.size());
  const auto sizeAt = [rank](const Shape& s, size_t i) { return i + s.size() < rank ? 1 : s[i + s.size() - rank]; };
  int64_t strideA = a.floats, strideB = b.floats;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t na = sizeAt(a.leading, i), nb = sizeAt(b.leading, i), n = std::max(na, nb);
    if (na != nb && na != 1 && nb != 1)
      throw Error("ERR_SHAPE", "matmul: the axes before the matrices do not stretch to each other: " + toString(a.leading) + " and " +
                                   toString(b.leading));
    strideA /= na;
    strideB /= nb;
    leading_.push_back(n);
    if (n > 1) dims_.push_back({n, na > 1 ? strideA : 0, nb > 1 ? strideB : 0});
  }
  count_ = sizeOf(leading_);
}

namespace {

constexpr int64_t kMostParts = 16;

MatmulOperand operandOf(const Shape& shape, bool transposed, bool single) {
  if (shape.size() < 2 || sizeOf(shape) < 1)
    throw Error("ERR_SHAPE", "matmul: an operand has rank 2 or more, and axes of 1 or more. Received: " + toString(shape));
  const int64_t rows = shape[shape.size() - 2], columns = shape.back();
  return {
      Shape(shape.begin(), shape.end() - 2), transposed ? columns : rows, transposed ? rows : columns, transposed, single, sizeOf(shape)};
}

// y = a b for the matrices of two values; leading axes stretch as NumPy's. A value that is one for the whole batch goes with every sample;
// where that is b, and it is one matrix, the products of a chunk of rows are one, as in a dense layer.
class Matmul : public Op {
 public:
  Matmul(const Value& spec, const OpEnv& env) : precision_(readPrecision(spec)), batch_(env.batch) {
    if (env.others.size() != 1) throw Error("ERR_SPEC", "matmul takes two inputs");
    in = env.in;
    const bool once = env.single && env.others[0].single;
    a_ = operandOf(in, spec.flag("transposeA", false), env.single && !once);
    b_ = operandOf(env.others[0].in, spec.flag("transposeB", false), env.others[0].single && !once);
    if (a_.columns != b_.rows)
      throw Error("ERR_SHAPE", "matmul: " + toString(in) + " and " + toString(env.others[0].in) +
                                   " do not fit: the first one's matrices have " + std::to_string(a_.columns) +
                                   " columns, and the second one's " + std::to_string(b_.rows) + " rows");
    pairs_ = MatmulPairs(a_, b_);
    out = pairs_.leading();
    out.push_back(a_.rows);
    out.push_back(b_.columns);
    sizeY_ = sizeOf(out);
    productFlops = 2.0 * static_cast<double>(sizeY_) * static_cast<double>(a_.columns);
    flopsPerRow = productFlops;
    mask = Mask::drop;
    mixes = readsX = canAddDx = true;
    joinRows(once);
    chooseTasks(env);
  }

  std::vector<Phase> forwardPhases() const override { return {tiled_ ? Phase{Phase::tasks, forwardTiles_.count()} : Phase{}}; }
  std::vector<Phase> backwardPhases() const override {
    std::vector<Phase> phases;
    for (const Backward& b : backward_) phases.push_back(b.phase);
    return phases.empty() ? std::vector<Phase>{Phase{}} : phases;
  }

  void forward(const Step& step, int, int64_t begin, int64_t end) override {
    const float* b = others[0].x;
    if (oneB_) {
      const Tiling::Tile t = tileOf(step, forwardTiles_, begin, end, b_.columns);
      const Matrix kernel{b_.matrix(b).at(0, t.column), b_.rows, t.columns, b_.stride(), b_.transposed};
      return gemm({x + t.row * a_.columns, t.rows, a_.columns, a_.columns}, kernel, {y + t.row * b_.columns + t.column, b_.columns},
                  precision_);
    }
    for (int64_t r = begin; r < end; ++r) {
      float* to = y + r * sizeY_;
      pairs_.each([&](int64_t ofA, int64_t ofB, bool, bool) {
        gemm(a_.matrix(x + a_.of(r) + ofA), b_.matrix(b + b_.of(r) + ofB), {to, b_.columns}, precision_);
        to += a_.rows * b_.columns;
      });
    }
  }

  void backward(const Step& step, int phase, int64_t begin, int64_t end) override {
    if (backward_.empty()) return;
    switch (backward_[asSize(phase)].what) {
      case What::rows:
        return rowGradients(step, begin, end);
      case What::kernel:
        for (int64_t i = kernelTasks_ == 1 ? 0 : begin; i < (kernelTasks_ == 1 ? kernelTiles_.count() : end); ++i) kernelGradient(step, i);
        return;
      case What::parts:
        return partGradient(step, begin);
      case What::join:
        return joinParts(begin);
    }
  }

 private:
  enum class What { rows, kernel, parts, join };
  struct Backward {
    What what;
    Phase phase;
  };

  // One matrix b for all: the rows of all matrices of a, of all samples, are those of one.
  void joinRows(bool once) {
    if (sizeOf(b_.leading) > 1 || a_.transposed) return;
    a_.rows *= sizeOf(a_.leading);
    pairs_ = MatmulPairs();
    oneB_ = b_.single || once;
  }

  void chooseTasks(const OpEnv& env) {
    const double flops = productFlops * static_cast<double>(batch_);
    const int64_t all = batch_ * a_.rows, k = a_.columns, n = b_.columns;
    tiled_ = oneB_ && isTiled(flops, k * n);
    if (tiled_) {
      flopsPerRow = 0;
      forwardTiles_ = columnTiling(all, n, k, kTileFlops, kMostTiles);
      backwardTiles_ = columnTiling(all, k, n, kTileFlops, kMostTiles);
    }
    const bool wantsA = env.needsInputGradient, wantsB = env.others[0].wantsGradient;
    rowsOfA_ = wantsA && !a_.single;
    rowsOfB_ = wantsB && !b_.single && !oneB_;
    if (rowsOfA_ || rowsOfB_) backward_.push_back({What::rows, tiled_ ? Phase{Phase::tasks, backwardTiles_.count()} : Phase{}});
    if (wantsB && oneB_) {
      kernelTiles_ = kernelTiles(b_.transposed ? n : k, b_.transposed ? k : n, all, kTileFloats);
      kernelTasks_ = flops < 2 * kWeightTaskFlops ? 1 : kernelTiles_.count();
      backward_.push_back({What::kernel, {Phase::tasks, kernelTasks_}});
    } else if ((wantsA && a_.single) || (wantsB && b_.single)) {
      const int64_t floats = a_.single ? a_.floats : b_.floats;
      parts_ = std::clamp<int64_t>(static_cast<int64_t>(flops / kWeightTaskFlops), 1, std::min(kMostParts, batch_));
      partials_ = addScratch({0, floatsOf(floats, parts_), Scratch::backward});
      joins_ = std::clamp<int64_t>(floats * parts_ / kTileFloats, 1, kMostParts);
      backward_.push_back({What::parts, {Phase::tasks, parts_}});
      backward_.push_back({What::join, {Phase::tasks, joins_}});
    }
  }

  // The rows and columns of a product with the one matrix: those of a chunk, or a tile that ends with this batch.
  Tiling::Tile tileOf(const Step& step, const Tiling& tiles, int64_t begin, int64_t end, int64_t columns) const {
    if (!tiled_) return {begin * a_.rows, (end - begin) * a_.rows, 0, columns};
    Tiling::Tile t = tiles.tile(begin);
    t.rows = std::min(t.rows, step.rows * a_.rows - t.row);
    return t;
  }

  void rowGradients(const Step& step, int64_t begin, int64_t end) const {
    const float* b = others[0].x;
    if (oneB_) {
      const Tiling::Tile t = tileOf(step, backwardTiles_, begin, end, a_.columns);
      const Matrix kernel{b_.turned(b).at(0, t.column), b_.columns, t.columns, b_.stride(), !b_.transposed};
      return gemm({dy + t.row * b_.columns, t.rows, b_.columns, b_.columns}, kernel,
                  {dx + t.row * a_.columns + t.column, a_.columns, addsDx}, precision_);
    }
    for (int64_t r = begin; r < end; ++r) {
      const float* g = dy + r * sizeY_;
      pairs_.each([&](int64_t ofA, int64_t ofB, bool firstA, bool firstB) {
        if (rowsOfA_) addToA(g, b + b_.of(r) + ofB, dx + r * a_.floats + ofA, addsDx || !firstA);
        if (rowsOfB_) addToB(g, x + a_.of(r) + ofA, others[0].dx + r * b_.floats + ofB, others[0].addsDx || !firstB);
        g += a_.rows * b_.columns;
      });
    }
  }

  // The gradients of one product's operands; `adds` to what is there.
  void addToA(const float* g, const float* b, float* to, bool adds) const {
    const int64_t m = a_.rows, n = b_.columns;
    if (a_.transposed) return gemm(b_.matrix(b), {g, n, m, n, true}, {to, m, adds}, precision_);
    gemm({g, m, n, n}, b_.turned(b), {to, a_.columns, adds}, precision_);
  }
  void addToB(const float* g, const float* a, float* to, bool adds) const {
    const int64_t m = a_.rows, n = b_.columns;
    if (b_.transposed) return gemm({g, n, m, n, true}, a_.matrix(a), {to, b_.rows, adds}, precision_);
    gemm(a_.turned(a), {g, m, n, n}, {to, n, adds}, precision_);
  }

  // A tile of the gradient of the one matrix, over all rows of the batch.
  void kernelGradient(const Step& step, int64_t index) const {
    const Tiling::Tile t = kernelTiles_.tile(index);
    const int64_t rows = step.rows * a_.rows;
    const Matrix left =
        b_.transposed ? Matrix{dy + t.row, t.rows, rows, b_.columns, true} : Matrix{x + t.row, t.rows, rows, a_.columns, true};
    const Matrix right =
        b_.transposed ? Matrix{x + t.column, rows, t.columns, a_.columns} : Matrix{dy + t.column, rows, t.columns, b_.columns};
    gemm(left, right, {others[0].dx + t.row * b_.stride() + t.column, b_.stride(), others[0].addsDx}, precision_);
  }

  float* partial(int64_t part) const { return scratch[asSize(partials_)] + part * (a_.single ? a_.floats : b_.floats); }

  // What a part of the batch's rows gives to the operand that is one for all of them.
  void partGradient(const Step& step, int64_t part) const {
    const int64_t first = step.rows * part / parts_, last = step.rows * (part + 1) / parts_;
    float* to = partial(part);
    if (first == last) std::fill_n(to, a_.single ? a_.floats : b_.floats, 0.0f);
    for (int64_t r = first; r < last; ++r) {
      const float* g = dy + r * sizeY_;
      pairs_.each([&](int64_t ofA, int64_t ofB, bool firstA, bool firstB) {
        if (a_.single)
          addToA(g, others[0].x + b_.of(r) + ofB, to + ofA, r > first || !firstA);
        else
          addToB(g, x + a_.of(r) + ofA, to + ofB, r > first || !firstB);
        g += a_.rows * b_.columns;
      });
    }
  }

  void joinParts(int64_t task) const {
    const int64_t floats = a_.single ? a_.floats : b_.floats;
    float* to = a_.single ? dx : others[0].dx;
    const bool adds = a_.single ? addsDx : others[0].addsDx;
    for (int64_t i = floats * task / joins_; i < floats * (task + 1) / joins_; ++i) {
      float sum = adds ? to[i] : 0;
      for (int64_t p = 0; p < parts_; ++p) sum += partial(p)[i];
      to[i] = sum;
    }
  }

  MatmulOperand a_, b_;
  MatmulPairs pairs_;
  const Precision precision_;
  const int64_t batch_;
  int64_t sizeY_ = 0;
  bool oneB_ = false, tiled_ = false, rowsOfA_ = false, rowsOfB_ = false;
  Tiling forwardTiles_{}, backwardTiles_{}, kernelTiles_{};
  std::vector<Backward> backward_;
  int64_t kernelTasks_ = 1, parts_ = 1, joins_ = 1;
  int partials_ = -1;
};

}  // namespace

// { op: 'matmul', transposeA?, transposeB?, precision? }: of two values of rank 2 or more.
std::unique_ptr<Op> matmul(const Value& spec, const OpEnv& env) { return std::make_unique<Matmul>(spec, env); }

}  // namespace gemmfit::ops
