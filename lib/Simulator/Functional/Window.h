//===- Window.h - Sliding windows over padded inputs ----------*- C++ -*-===//
//
// Where each tap of a convolution or pooling window reads: the input element,
// the padding or an inserted zero. Shared by CONV and PorD.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_WINDOW_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_WINDOW_H

#include "Commands.h"

#include <algorithm>

namespace tpuc::sim {

/// One axis of a window: for each position of the padded, zero-inserted input,
/// the index of the input element, or what stands there instead.
class WindowAxis {
public:
  static constexpr int32_t kPadding = -1;
  static constexpr int32_t kInsertedZero = -2;

  /// `inserted` zeros stand between elements; `dilation` - 1 positions between
  /// taps. Fails when the window does not fit the padded input.
  /// The table lies in `table` until that is used again.
  Status build(Scratch &table, const char *axis, uint64_t size,
               uint64_t inserted, uint64_t before, uint64_t after,
               uint32_t padMode, uint64_t taps, uint64_t dilation,
               uint64_t stride, uint64_t outputs);

  int32_t at(uint64_t output, uint64_t tap) const {
    return index[output * step + tap * distance];
  }
  /// Whether neighbouring outputs read neighbouring elements.
  bool dense() const { return isDense; }
  uint64_t inputs() const { return inputSize; }

private:
  const int32_t *index = nullptr;
  uint64_t step = 1, distance = 1, inputSize = 0;
  bool isDense = false;
};

/// Both axes of a window.
struct Window {
  WindowAxis y, x;
  uint64_t outputWidth = 1;

  /// From the window fields that CONV and PorD share.
  Status build(Machine &machine, const Registers &r);

  /// Reads tap (i, j) for `count` outputs from `first` on, in row-major order,
  /// from a dense plane.
  template <typename From, typename To>
  void gather(const From *plane, uint64_t i, uint64_t j, uint64_t first,
              uint64_t count, To padding, To *to) const {
    uint64_t row = first / outputWidth, column = first % outputWidth;
    while (count > 0) {
      uint64_t run = std::min(count, outputWidth - column);
      gatherRow(plane, y.at(row, i), j, column, run, padding, to);
      to += run;
      count -= run;
      column = 0;
      ++row;
    }
  }

private:
  template <typename From, typename To>
  void gatherRow(const From *plane, int32_t sourceRow, uint64_t j,
                 uint64_t column, uint64_t count, To padding, To *to) const {
    if (sourceRow == WindowAxis::kPadding) {
      std::fill(to, to + count, padding);
      return;
    }
    const From *source =
        sourceRow < 0 ? nullptr : plane + uint64_t(sourceRow) * x.inputs();
    for (uint64_t k = 0; k < count;) {
      int32_t at = x.at(column + k, j);
      if (at < 0 || !source) {
        to[k++] = at == WindowAxis::kPadding ? padding : To(0);
        continue;
      }
      if (!x.dense()) {
        to[k++] = To(source[at]);
        continue;
      }
      uint64_t run = std::min(count - k, x.inputs() - uint64_t(at));
      std::copy(source + at, source + at + run, to + k);
      k += run;
    }
  }
};

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_WINDOW_H
