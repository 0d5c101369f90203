//===- AxisOrder.h - Permutes that compose through reshapes -----*- C++ -*-===//
//
// Arithmetic on shapes and orders of axes that the dialects share. Knows no
// ops.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ANALYSIS_AXISORDER_H
#define TPUC_ANALYSIS_AXISORDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>
#include <utility>

namespace tpuc {

/// Reshape to `shape`, then take axis i from axis `order`[i].
struct AxisOrder {
  llvm::SmallVector<int64_t> shape, order;
};

/// What moves the elements as permute `first` of a tensor of `shape`, a reshape
/// to `reshaped` and permute `second` do, up to a reshape. Nothing when an axis
/// of the reshape lies across others. Shapes have no axis of size 0.
std::optional<AxisOrder> composeThroughReshape(llvm::ArrayRef<int64_t> shape,
                                               llvm::ArrayRef<int64_t> first,
                                               llvm::ArrayRef<int64_t> reshaped,
                                               llvm::ArrayRef<int64_t> second);

/// Reshape to `shape`, then repeat axes of size 1 up to `repeated`.
struct AxisRepeats {
  llvm::SmallVector<int64_t> shape, repeated;
};

/// What repeats elements as a broadcast of `shape` to `first`, a reshape to
/// `reshaped` and a broadcast to `second` do, up to a reshape. Nothing when an
/// axis of the reshape lies across others.
std::optional<AxisRepeats> composeRepeats(llvm::ArrayRef<int64_t> shape,
                                          llvm::ArrayRef<int64_t> first,
                                          llvm::ArrayRef<int64_t> reshaped,
                                          llvm::ArrayRef<int64_t> second);

/// A permute that both takes the innermost axis elsewhere and moves others, as
/// two, the second on the first's result: a transposition of two axes within
/// all others (which the chip does in its lanes) and a movement of whole rows.
/// Of the two ways the one with the longer rows is taken. Nothing when one of
/// the two would move nothing, or rows are too short to be worth it.
std::optional<std::pair<AxisOrder, AxisOrder>>
splitTransposition(llvm::ArrayRef<int64_t> shape,
                   llvm::ArrayRef<int64_t> order);

/// Whether permute `first` of a tensor of `shape` is already the first part of
/// what `splitTransposition` makes of `whole`, which it is composed into: then
/// the two are better left as they are.
bool isSplitTransposition(llvm::ArrayRef<int64_t> shape,
                          llvm::ArrayRef<int64_t> first,
                          const AxisOrder &whole);

} // namespace tpuc

#endif // TPUC_ANALYSIS_AXISORDER_H
