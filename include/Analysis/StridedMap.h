//===- StridedMap.h - A box of elements with strides ------------*- C++ -*-===//
//
// Where the elements of a result come from when both sides have strides: the
// form of permutes, slices, repeats, and of what copies are made of. Knows no
// ops.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ANALYSIS_STRIDEDMAP_H
#define TPUC_ANALYSIS_STRIDEDMAP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>

namespace tpuc {

/// An axis of a movement: how many elements, and the distance of neighbours on
/// each side in elements (0 on the source side repeats one).
struct StridedAxis {
  int64_t size, resultStride, sourceStride;

  bool operator==(const StridedAxis &) const = default;
};

using StridedAxes = llvm::SmallVector<StridedAxis, 6>;

/// Drops axes of one element, orders the rest by result stride (outermost
/// first) and joins neighbours that are contiguous on both sides. At least one
/// axis is left.
StridedAxes joinAxes(llvm::ArrayRef<StridedAxis> axes);

/// result[resultOffset + sum i*resultStride] =
///     source[sourceOffset + sum i*sourceStride]
/// for all i within the sizes of the axes, in elements.
struct StridedMap {
  int64_t resultOffset = 0, sourceOffset = 0;
  StridedAxes axes;

  /// All elements of a tensor of `shape`, row-major on both sides.
  static StridedMap identity(llvm::ArrayRef<int64_t> shape);

  llvm::SmallVector<int64_t> getSizes() const;

  //===--- What is read through the map --------------------------------------//
  // The result is row-major and whole again.

  /// Axis i of the result is axis `order`[i].
  StridedMap permuted(llvm::ArrayRef<int64_t> order) const;
  StridedMap sliced(llvm::ArrayRef<int64_t> offsets,
                    llvm::ArrayRef<int64_t> sizes,
                    llvm::ArrayRef<int64_t> steps) const;
  /// Axes of size 1 repeated up to `shape`, of as many axes.
  StridedMap repeated(llvm::ArrayRef<int64_t> shape) const;
  /// The same elements under another shape; nothing when that has no strides.
  std::optional<StridedMap> reshaped(llvm::ArrayRef<int64_t> shape) const;

  /// The same elements at `offsets` of a larger result of `shape`.
  StridedMap placedIn(llvm::ArrayRef<int64_t> shape,
                      llvm::ArrayRef<int64_t> offsets) const;

  bool operator==(const StridedMap &) const = default;

private:
  /// With a result that is row-major and whole.
  StridedMap dense() const;
};

} // namespace tpuc

#endif // TPUC_ANALYSIS_STRIDEDMAP_H
