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

/// Gives every interval an offset and returns the end of the highest.
int64_t placeIntervals(llvm::MutableArrayRef<Interval> intervals);

/// Intervals that have their places, ready for changes of one at a time.
class PackedMemory {
public:
  PackedMemory(llvm::MutableArrayRef<Interval> intervals, int64_t capacity);

  /// Starts interval `index` as early as its place or another one allows, but
  /// not before `earliest`; afterwards it holds its new place.
  void extend(unsigned index, unsigned earliest);

private:
  /// The lowest offset at which `interval` meets none of `others`, which are
  /// sorted by offset.
  std::optional<int64_t> findGap(const Interval &interval,
                                 llvm::ArrayRef<unsigned> others) const;

  llvm::MutableArrayRef<Interval> intervals;
  int64_t capacity;
  std::vector<unsigned> byOffset;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PACKING_H
