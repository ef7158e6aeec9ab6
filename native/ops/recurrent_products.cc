#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/updater.h"
#include "native/kernels/gemm/packed.h"
#include "native/kernels/sizes.h"
#include "native/ops/recurrent.h"

// The products of recurrent ops: with the recurrent kernel step by step, and gradients of weights over all steps at once.
namespace gemmfit::ops {
namespace {

// A gradient is worth a task of its own from about this much arithmetic.
constexpr double kWeightTaskFlops = 8e6;
constexpr int64_t kMostTiles = 8;

size_t bytes(int64_t floats) { return asSize(floats) * sizeof(float); }

}  // namespace

void Recurrent::usesForward(int64_t gate, int64_t count) { usesKernel(false, gate, count); }

void Recurrent::usesBackward(int64_t gate, int64_t count) {
  if (training_) usesKernel(true, gate, count);
}

void Recurrent::usesKernel(bool transposed, int64_t gate, int64_t count) {
  const int64_t each = droppedH_.empty() ? count : 1, columns = each * units_;
  const int64_t floats = transposed ? packedFloats(columns, units_) : packedFloats(units_, columns);
  for (int64_t q = gate; q < gate + count; q += each) kernels_.push_back({transposed, q, each, packs_ ? addScratch({0, floats}) : -1});
}

Matrix Recurrent::matrix(const GateKernel& u) const {
  const float* packed = u.memory < 0 ? nullptr : scratch[asSize(u.memory)];
  const int64_t columns = u.count * units_;
  return {recurrent_ + u.gate * units_, u.transposed ? columns : units_, u.transposed ? units_ : columns, gateWidth_, u.transposed, packed};
}

const Recurrent::GateKernel& Recurrent::kernelOf(bool transposed, int64_t gate) const {
  size_t i = 0;
  while (kernels_[i].transposed != transposed || kernels_[i].gate != gate) ++i;
  return kernels_[i];
}

void Recurrent::addRecurrent(const Chunk& c, int64_t t, float* z, int64_t gate, int64_t count, bool adds) const {
  for (int64_t q = gate; q < gate + count; q += kernelOf(false, q).count)
    gemm({beforeGate(q, c, t), c.rows, units_, units_}, matrix(kernelOf(false, q)), {z + q * units_, gateWidth_, adds});
}

void Recurrent::addRecurrentBackward(const Chunk& c, const float* g, int64_t stride, int64_t gate, int64_t count, bool fresh) const {
  if (droppedH_.empty()) return gemm({g, c.rows, count * units_, stride}, matrix(kernelOf(true, gate)), {dh(c), units_, !fresh});
  float *to = dh(c), *part = rows(dropTemp_, c, units_);
  if (fresh) std::memset(to, 0, bytes(c.rows * units_));
  for (int64_t q = gate; q < gate + count; ++q) {
    recurrentProductBackward(c, g + (q - gate) * units_, stride, part, q);
    const float* m = recurrentMask(q, c);
    for (int64_t i = 0; i < c.rows * units_; ++i) to[i] += part[i] * m[i];
  }
}

void Recurrent::recurrentProduct(const Chunk& c, const float* a, float* z, int64_t gate) const {
  gemm({a, c.rows, units_, units_}, matrix(kernelOf(false, gate)), {z + gate * units_, gateWidth_, true});
}

void Recurrent::recurrentProductBackward(const Chunk& c, const float* g, int64_t stride, float* d, int64_t gate) const {
  gemm({g, c.rows, units_, stride}, matrix(kernelOf(true, gate)), {d, units_});
}

void Recurrent::recurrentGradient(int64_t firstGate, int64_t gatesOf, View b) {
  if (droppedH_.empty()) return product(1, units_, firstGate * units_, gatesOf * units_, {previous_[0], units_, 0}, b);
  for (int64_t q = firstGate; q < firstGate + gatesOf; ++q, b.column += units_)
    product(1, units_, q * units_, units_, {droppedH_[asSize(q)], units_, 0}, b);
}

void Recurrent::product(int weight, int64_t height, int64_t column, int64_t columns, View a, View b) {
  products_.push_back({weight, column, columns, a, b, Tiling{height, columns, height, columns, 1, 1}});
}

void Recurrent::biasSum(int64_t offset, int64_t columns, View b) {
  if (bias_ && trainable_[2]) biasSums_.push_back({offset, columns, b});
}

void Recurrent::finish(const OpEnv& env) {
  const int64_t copies = static_cast<int64_t>(inputs_.size()), columns = gateWidth_ / copies;
  for (int64_t q = 0; q < copies; ++q)
    product(0, width_, q * columns, columns, {inputs_[asSize(q)], width_, 0}, {gates_, gateWidth_, q * columns});
  const auto untrained = [&](const Product& p) { return !trainable_[asSize(p.weight)]; };
  products_.erase(std::remove_if(products_.begin(), products_.end(), untrained), products_.end());
  const int64_t depth = env.batch * steps_;
  for (size_t i = 0; i < products_.size(); ++i) {
    Product& p = products_[i];
    p.tiles = tiling(p.tiles.m, p.tiles.n, depth, kWeightTaskFlops, kMostTiles, kTileFloats);
    for (int64_t k = 0; k < p.tiles.count(); ++k) tasks_.push_back({static_cast<int>(i), k});
  }
  if (!biasSums_.empty()) tasks_.push_back({-1, 0});
}

void Recurrent::weightTask(const Step& step, int64_t task) {
  const Task& w = tasks_[asSize(task)];
  if (w.product < 0) return runBias(step);
  const Product& p = products_[asSize(w.product)];
  took(p.tiles.count() == 1 ? Path::recurrentOneTile : Path::recurrentTiles);
  const Tiling::Tile t = p.tiles.tile(w.tile);
  const int id = weightIds_[asSize(p.weight)];
  const int64_t offset = t.row * gateWidth_ + p.column + t.column;
  int64_t ld;
  float* g = step.updater->block(id, offset, t.rows, t.columns, gateWidth_, &ld);
  const int64_t k = step.rows * steps_;
  gemm({at(p.a, t.row), t.rows, k, p.a.stride, true}, {at(p.b, t.column), k, t.columns, p.b.stride}, {g, ld});
  step.updater->blockDone(id, offset, t.rows, t.columns, gateWidth_, g, ld);
}

void Recurrent::runBias(const Step& step) {
  const int id = weightIds_[2];
  for (const BiasSum& s : biasSums_)
    for (int64_t j = 0; j < s.columns; j += kTileFloats) {
      const int64_t n = std::min(kTileFloats, s.columns - j), stride = s.b.stride;
      float* g = step.updater->tile(id, s.offset + j, n);
      std::memset(g, 0, bytes(n));
      const float* from = at(s.b, j);
      const int64_t all = step.rows * steps_;
      int64_t r = 0;
      // Four rows at a time: the sums go through memory a quarter as often.
      for (; r + 4 <= all; r += 4, from += 4 * stride) {
        const float *p = from + stride, *q = p + stride, *o = q + stride;
        for (int64_t i = 0; i < n; ++i) g[i] += (from[i] + p[i]) + (q[i] + o[i]);
      }
      for (; r < all; ++r, from += stride)
        for (int64_t i = 0; i < n; ++i) g[i] += from[i];
      step.updater->done(id, s.offset + j, n, g);
    }
}

}  // namespace gemmfit::ops
