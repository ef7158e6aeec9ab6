#include "native/kernels/gemm/tiles.h"

#include <algorithm>
#include <cstring>

#include "native/engine/paths.h"
#include "native/engine/variable.h"
#include "native/kernels/gemm/packed.h"
#include "native/kernels/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "native/kernels/gemm/tiles.cc"
#include "hwy/foreach_target.h"
#include "native/kernels/gemm/tiles-inl.h"
#include "native/kernels/sizes.h"

HWY_BEFORE_NAMESPACE();
namespace gemmfit {
namespace HWY_NAMESPACE {
namespace {

// What is laid out anew of a and b at a time: a's part stays in the second-level cache while panels of b pass over it.
constexpr int64_t kBlockM = 192, kBlockN = 256, kBlockK = 384;
// Between panels and rows of a block, so that they do not all begin at the same place of the first-level cache.
constexpr int64_t kPad = 16;

// Blocks of the calling thread. Allocated once a thread, at its first product that needs them.
float* blockA() {
  thread_local const AlignedFloats block = allocateFloats(kBlockM * (kBlockK + kPad));
  return block.get();
}
float* blockB() {
  thread_local const AlignedFloats block = allocateFloats(kBlockN * (kBlockK + kPad));
  return block.get();
}

// One product on its way: what of it is laid out anew, and the block that is under way.
class TiledProduct {
 public:
  explicit TiledProduct(const Product& g) : g_(g) {
    // A layout of b pays from some passes over it on. Rows a multiple of 1 KiB apart fall on few places of the cache: a is copied then.
    const bool strided = g.a.stride % 256 == 0, alongA = g.a.transposed;
    packB_ = !g.b.packed && (g.b.transposed || g.m() > 20 * kRows || (g.m() > 4 * kRows && g.b.stride >= 512 && g.b.stride % 16 == 0));
    // Few rows are read where they are; all of k at once then.
    const bool inPlace = g.b.packed && !alongA;
    packA_ = !inPlace && g.n() > (strided || !alongA ? 2 : 8) * panel_ && (strided || alongA);
    blockM_ = packA_ ? kBlockM : g.m();
    blockN_ = packB_ ? kBlockN : g.n();
    // The same blocks of k whatever m and n: sums have one order, and long ones keep their digits.
    blockK_ = inPlace ? g.k() : ceilDiv(g.k(), std::max<int64_t>(1, ceilDiv(g.k(), kBlockK)));
    panelA_ = kRows * blockK_ + kPad;
    panelB_ = panel_ * blockK_ + kPad;
    rowA_ = blockK_ + kPad;
    tile_.ldc = g.c.stride;
  }

  void count() const {
    if (!packA_ && !packB_) took(Path::gemmInPlace);
    if (packA_) took(Path::gemmLayOutA);
    if (packB_) took(Path::gemmLayOutB);
    if (g_.a.transposed) took(Path::gemmColumnsOfA);
    if (g_.b.transposed) took(Path::gemmRowsOfB);
    if (g_.b.packed) took(Path::gemmPacked);
  }

  void run() {
    for (k0_ = 0; k0_ < std::max<int64_t>(1, g_.k()); k0_ += std::max<int64_t>(1, blockK_)) {
      tile_.k = std::min(blockK_, g_.k() - k0_);
      tile_.adds = g_.c.adds || k0_ > 0;
      for (n0_ = 0; n0_ < g_.n(); n0_ += blockN_) {
        nn_ = std::min(blockN_, g_.n() - n0_);
        if (packB_) layOutB();
        for (m0_ = 0; m0_ < g_.m(); m0_ += blockM_) {
          mn_ = std::min(blockM_, g_.m() - m0_);
          const bool there = n0_ > 0 && g_.m() <= blockM_;  // laid out for the columns before
          if (packA_ && !there) layOutA();
          for (int64_t j = 0; j < nn_; j += panel_) runPanel(j);
        }
      }
    }
  }

 private:
  void layOutB() const {
    const float* from = g_.b.at(k0_, n0_);
    if (g_.b.transposed)
      PackTransposed(tile_.k, nn_, from, g_.b.stride, blockB(), panelB_);
    else
      PackRows(tile_.k, nn_, from, g_.b.stride, blockB(), panelB_);
  }

  void layOutA() const {
    const float* from = g_.a.at(m0_, k0_);
    if (g_.a.transposed) return PackColumns(tile_.k, mn_, from, g_.a.stride, blockA(), panelA_);
    float* to = blockA();
    for (int64_t r = 0; r < mn_; ++r) std::memcpy(to + r * rowA_, from + r * g_.a.stride, asSize(tile_.k) * sizeof(float));
  }

  // All rows of the block by the panel of its columns that begins at `j`.
  void runPanel(int64_t j) {
    Tile& t = tile_;
    t.columns = std::min(panel_, nn_ - j);
    if (g_.b.packed) {
      t.b = g_.b.packed + j / kPanel * kPanel * g_.k() + k0_ * kPanel + j % kPanel;
      t.bStride = kPanel;
    } else if (packB_) {
      t.b = blockB() + j / panel_ * panelB_;
      t.bStride = panel_;
    } else {
      t.b = g_.b.data + k0_ * g_.b.stride + n0_ + j;
      t.bStride = g_.b.stride;
    }
    t.bias = g_.c.bias && k0_ == 0 ? g_.c.bias + n0_ + j : nullptr;
    const bool whole = g_.b.packed || packB_ || t.columns == lanes_ || t.columns == panel_;
    const TileFunction run = tileFunction(t.columns > lanes_, g_.a.transposed, whole);
    const float* a = packA_ ? blockA() : g_.a.at(m0_, k0_);
    float* c = g_.c.data + m0_ * g_.c.stride + n0_ + j;
    // Nearly equal parts, since small tiles leave registers empty, unless a was laid out in parts of kRows.
    const int64_t tiles = ceilDiv(mn_, kRows);
    const bool laidOut = packA_ && g_.a.transposed;
    for (int64_t i = 0, r = 0, rows = 0; i < tiles; ++i, r += rows) {
      rows = laidOut ? std::min<int64_t>(kRows, mn_ - r) : (mn_ + i) / tiles;
      if (g_.a.transposed) {
        t.a = packA_ ? a + r / kRows * panelA_ : a + r;
        t.aStride = packA_ ? rows : g_.a.stride;
      } else {
        t.aStride = packA_ ? rowA_ : g_.a.stride;
        t.a = a + r * t.aStride;
      }
      t.c = c + r * g_.c.stride;
      run(static_cast<int>(rows), t);
    }
  }

  const Product& g_;
  const int64_t lanes_ = static_cast<int64_t>(hn::Lanes(D())), panel_ = 2 * lanes_;
  bool packA_, packB_;
  int64_t blockM_, blockN_, blockK_;
  int64_t panelA_, panelB_, rowA_;  // from a panel of a block, or one of its rows, to the next
  Tile tile_{};
  int64_t k0_ = 0, n0_ = 0, nn_ = 0, m0_ = 0, mn_ = 0;  // the block: where it begins, its columns and rows
};

void Run(const Product& g) {
  TiledProduct product(g);
  product.count();
  product.run();
}

// Few columns leave the vectors of a tile half empty. With a transposed, its rows lie side by side, so the product the other way round
// fills them: c^T = b^T a^T, which has the same sums in the same order.
bool FitsTurned(const Product& g) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D())), n = g.n();
  const bool halfEmpty = n < lanes ? 4 * n <= 3 * lanes : n > lanes && 2 * n <= 3 * lanes;
  return halfEmpty && lanes > 1 && g.a.transposed && !g.b.packed && !g.c.bias && g.m() >= lanes && n < g.m();
}

// Columns of c^T that are made at a time.
constexpr int64_t kTurned = 128;

float* turnedBlock() {
  thread_local const AlignedFloats block = allocateFloats(24 * kTurned);  // 3/2 vectors of rows
  return block.get();
}

void TurnedProduct(const Product& g) {
  took(Path::gemmTurned);
  const Matrix left{g.b.data, g.n(), g.k(), g.b.stride, !g.b.transposed};
  const auto right = [&](int64_t row, int64_t rows) { return Matrix{g.a.data + row, g.k(), rows, g.a.stride}; };
  if (g.n() == 1 && g.c.stride == 1) return Run({left, right(0, g.m()), {g.c.data, g.m(), g.c.adds}});
  float* block = turnedBlock();
  for (int64_t row = 0; row < g.m(); row += kTurned) {
    const int64_t rows = std::min(kTurned, g.m() - row);
    float* to = g.c.data + row * g.c.stride;
    if (g.c.adds) Turn(to, rows, g.n(), g.c.stride, block, kTurned);
    Run({left, right(row, rows), {block, kTurned, g.c.adds}});
    Turn(block, g.n(), rows, kTurned, to, g.c.stride);
  }
}

void TileProduct(const Product& g) { FitsTurned(g) ? TurnedProduct(g) : Run(g); }

int64_t LaneCount() { return static_cast<int64_t>(hn::Lanes(D())); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace gemmfit
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gemmfit {

HWY_EXPORT(TileProduct);
HWY_EXPORT(LaneCount);

void tileProduct(const Product& g) {
  if (g.m() > 0 && g.n() > 0) HWY_DYNAMIC_DISPATCH(TileProduct)(g);
}

int64_t tileLanes() { return HWY_DYNAMIC_DISPATCH(LaneCount)(); }

}  // namespace gemmfit
#endif
