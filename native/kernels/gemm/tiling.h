#pragma once
#include <algorithm>
#include <cstdint>

#include "native/engine/shape.h"

namespace gemmfit {

// How an [m, n] result of a product over k is cut into tasks. A product packs (rows + columns) * k numbers for rows * columns * k
// multiplications, so tiles are kept near square; they follow from the sizes alone.
struct Tiling {
  int64_t m, n;           // of the whole
  int64_t rows, columns;  // of a tile
  int64_t rowTiles, columnTiles;
  int64_t count() const { return rowTiles * columnTiles; }
  struct Tile {
    int64_t row, rows, column, columns;
  };
  Tile tile(int64_t index) const {
    const int64_t r = index / columnTiles * rows, c = index % columnTiles * columns;
    return {r, std::min(rows, m - r), c, std::min(columns, n - c)};
  }
};

// At most `mostTasks` tiles worth at least `flops` each; with `mostFloats`, as many more as keep a tile within that size.
inline Tiling tiling(int64_t m, int64_t n, int64_t k, double flops, int64_t mostTasks, int64_t mostFloats = 0) {
  const double all = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double wanted = std::min(static_cast<double>(mostTasks), all / flops);
  int64_t rows = m, columns = n;
  const auto half = [](int64_t x) { return ceilDiv(ceilDiv(x, 2), 16) * 16; };
  for (;;) {
    const bool enough = 2.0 * static_cast<double>(ceilDiv(m, rows) * ceilDiv(n, columns)) > wanted;
    const bool small = mostFloats == 0 || rows * columns <= mostFloats;
    if (enough && small) break;
    const bool byRows = rows >= columns;
    int64_t& longer = byRows ? rows : columns;
    int64_t& shorter = byRows ? columns : rows;
    if (half(longer) < longer)
      longer = half(longer);
    else if (half(shorter) < shorter)
      shorter = half(shorter);
    else if (!small && longer > 1)
      longer = ceilDiv(longer, 2);
    else
      break;
  }
  return {m, n, rows, columns, ceilDiv(m, rows), ceilDiv(n, columns)};
}

// Tiles of all rows as long as columns last: then each part of the right-hand matrix is laid out by one task alone.
inline Tiling columnTiling(int64_t m, int64_t n, int64_t k, double flops, int64_t mostTasks) {
  constexpr int64_t kFewest = 128, kUnit = 32;
  const double all = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const int64_t wanted = std::max<int64_t>(1, std::min(mostTasks, static_cast<int64_t>(all / flops)));
  const int64_t across = std::max<int64_t>(1, std::min(wanted, n / kFewest));
  const int64_t columns = ceilDiv(ceilDiv(n, across), kUnit) * kUnit;
  const int64_t rows = ceilDiv(m, std::max<int64_t>(1, wanted / ceilDiv(n, columns)));
  return {m, n, rows, columns, ceilDiv(m, rows), ceilDiv(n, columns)};
}

}  // namespace gemmfit
