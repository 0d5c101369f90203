//===- Packing.h - Memory by lifetime --------------------------*- C++ -*-===//
//
// Gives intervals of time their place in a memory: what lives at the same time
// lies apart. Used for lanes and for global memory alike.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_PACKING_H
#define TPUC_LIB_LAYERGROUP_PACKING_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace tpuc::group {

/// Bytes that are held from step `first` to step `last`, both included.
struct Interval {
  int64_t bytes = 0;
  unsigned first = 0, last = 0;
  int64_t offset = 0;

  bool overlaps(const Interval &other) const {
    return first <= other.last && other.first <= last;
  }
};

/// Gives every interval an offset and returns the end of the highest. Those
/// that live longest lie lowest when all end below `capacity` so.
int64_t placeIntervals(llvm::MutableArrayRef<Interval> intervals,
                       int64_t capacity = 0);

/// Which of the gaps that hold an interval it takes.
enum class Gap : uint8_t {
  Lowest,
  Highest,
  Next ///< the highest below the interval that was placed before, if there is
};

/// Places all intervals but those of `upper` as low as they can be and those,
/// in that order, as high. False when they do not fit below `capacity`.
bool placeApart(llvm::MutableArrayRef<Interval> intervals,
                llvm::ArrayRef<unsigned> upper, int64_t capacity);

/// Intervals that have their places, ready for changes of one at a time.
class PackedMemory {
public:
  PackedMemory(llvm::MutableArrayRef<Interval> intervals, int64_t capacity,
               Gap gap = Gap::Lowest);

  /// Starts interval `index` as early as its place or another one allows, but
  /// not before `earliest`; afterwards it holds its new place.
  void extend(unsigned index, unsigned earliest);

private:
  /// An offset at which `interval` meets none of `others`, which are sorted by
  /// offset.
  std::optional<int64_t> findGap(const Interval &interval,
                                 llvm::ArrayRef<unsigned> others) const;

  llvm::MutableArrayRef<Interval> intervals;
  int64_t capacity;
  Gap gap;
  /// Offset of the interval that was placed last.
  int64_t last = 0;
  std::vector<unsigned> byOffset;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PACKING_H
