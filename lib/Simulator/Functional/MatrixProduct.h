//===- MatrixProduct.h - The loops of matrix products ----------*- C++ -*-===//
//
// Products over packed rows and panels of columns, which MM and MM2 share.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_MATRIXPRODUCT_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_MATRIXPRODUCT_H

#include "Commands.h"

#include <algorithm>

namespace tpuc::sim {

constexpr uint64_t kMaxColumns = 64;
constexpr uint64_t kRowsAtOnce = 256;

/// Columns that one item of work covers; at least two items where possible.
inline uint64_t columnsPerItem(uint64_t columns) {
  uint64_t half = (columns + 1) / 2;
  return std::min(kMaxColumns,
                  (half + kColumnBlock - 1) / kColumnBlock * kColumnBlock);
}

/// rows x inner times inner x columns. The callables move rows of values:
///   loadPanel(first, count, width, panel)   columns [first, first + count)
///   start(row, first, count, sums)          initial sums
///   multiply(row, count, first, panel, width, sums)
///   finish(row, first, count, sums)         stores results
/// `deferred` keeps the results until everything is read.
template <typename Value, typename Sum, typename LoadPanel, typename Start,
          typename Multiply, typename Finish>
void product(Machine &machine, bool deferred, uint64_t rows, uint64_t inner,
             uint64_t columns, const LoadPanel &loadPanel, const Start &start,
             const Multiply &multiply, const Finish &finish) {
  uint64_t width = columnsPerItem(columns);
  uint64_t items = (columns + width - 1) / width;
  Sum *kept = deferred ? machine.scratch[2].get<Sum>(rows * columns) : nullptr;
  machine.pool.run(
      items, rows * inner * columns / 4,
      [&](uint64_t begin, uint64_t end, unsigned) {
        static thread_local Scratch panelScratch, sumScratch;
        Value *panel = panelScratch.get<Value>(inner * width);
        Sum *sums = sumScratch.get<Sum>(kRowsAtOnce * width);
        for (uint64_t item = begin; item < end; ++item) {
          uint64_t first = item * width;
          uint64_t count = std::min(width, columns - first);
          loadPanel(first, count, width, panel);
          for (uint64_t row = 0; row < rows; row += kRowsAtOnce) {
            uint64_t some = std::min(kRowsAtOnce, rows - row);
            for (uint64_t i = 0; i < some; ++i)
              start(row + i, first, count, width, sums + i * width);
            multiply(row, some, first, panel, width, sums);
            for (uint64_t i = 0; i < some; ++i) {
              if (deferred)
                std::copy(sums + i * width, sums + i * width + count,
                          kept + (row + i) * columns + first);
              else
                finish(row + i, first, count, sums + i * width);
            }
          }
        }
      });
  for (uint64_t row = 0; deferred && row < rows; ++row)
    finish(row, 0, columns, kept + row * columns);
}

/// How many products go through the adder together.
std::span<const uint8_t> adderGroups(Machine &machine, uint64_t inner);

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_MATRIXPRODUCT_H
