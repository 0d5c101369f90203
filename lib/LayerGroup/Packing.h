//===- Packing.h - Memory by lifetime --------------------------*- C++ -*-===//
//
// Assigns addresses to live ranges so that ranges which overlap in time do not
// overlap in memory. Used for local and for global memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_PACKING_H
#define TPUC_LIB_LAYERGROUP_PACKING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

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

/// Index of intervals by time, so that overlapping ones are found without a
/// scan of all others, of which a long program has thousands.
class Lifetimes {
public:
  /// Of intervals that all end before the last of `intervals` does.
  explicit Lifetimes(llvm::ArrayRef<Interval> intervals);

  /// Adds an interval, or what it has grown by.
  void insert(unsigned index);

  /// The added intervals that overlap `interval` in time, by offset.
  llvm::SmallVector<unsigned> meeting(const Interval &interval);

  /// The lowest offset at which `interval` meets none of the added ones. None
  /// is below `from`, where one that it meets ends or memory begins.
  int64_t lowestGap(const Interval &interval, int64_t from = 0);

private:
  static constexpr unsigned kSpan = 16; ///< steps

  llvm::ArrayRef<std::vector<unsigned>>
  spansOf(const Interval &interval) const {
    unsigned first = interval.first / kSpan;
    return llvm::ArrayRef(spans).slice(first,
                                       interval.last / kSpan - first + 1);
  }
  /// All with their offsets, in this order.
  llvm::ArrayRef<std::pair<int64_t, unsigned>> sorted();
  /// Whether all are gone through faster than those of the interval's spans.
  bool meetsMost(const Interval &interval) const;

  llvm::ArrayRef<Interval> intervals;
  enum class State : uint8_t { Absent, Unsorted, Sorted };
  std::vector<State> states;
  std::vector<bool> wasFound;
  std::vector<unsigned> unsorted; ///< not yet in byOffset
  std::vector<int64_t> sortedAt;  ///< the offset with which one is in byOffset
  std::vector<std::pair<int64_t, unsigned>> byOffset;
  std::vector<std::vector<unsigned>> spans;
};

/// Gives every interval an offset and returns the end of the highest. Long live
/// ranges get low addresses if that fits `capacity`.
int64_t placeIntervals(llvm::MutableArrayRef<Interval> intervals,
                       int64_t capacity = 0);

/// Which of the gaps that are large enough an interval takes.
enum class Gap : uint8_t {
  Lowest,
  Highest,
  Next ///< the highest below the interval that was placed before, if there is
};

/// Places all intervals but those of `upper` as low as they can be and those,
/// in that order, as high. False when they do not fit below `capacity`.
bool placeApart(llvm::MutableArrayRef<Interval> intervals,
                llvm::ArrayRef<unsigned> upper, int64_t capacity);

/// Intervals with assigned offsets, for incremental changes.
class PackedMemory {
public:
  PackedMemory(llvm::MutableArrayRef<Interval> intervals, int64_t capacity,
               Gap gap = Gap::Lowest);

  /// Extends interval `index` backwards in time as far as free memory allows,
  /// at its offset or another one, but not before `earliest`.
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
  Lifetimes placed;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PACKING_H
