//===- Residency.h - Values in local memory ---------------------*- C++ -*-===//
//
// Decides which values stay in local memory and which are spilled.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_RESIDENCY_H
#define TPUC_LIB_LAYERGROUP_RESIDENCY_H

#include "AllocationMap.h"

namespace tpuc::group {

/// Live range of a value, in operator indices.
struct OpRange {
  unsigned first = 0, last = 0;
  bool contains(unsigned op) const { return first <= op && op <= last; }
};

class Residency {
public:
  Residency(AllocationMap &allocations, const Options &options);

  /// Spills values until the smallest tiles of every operator fit.
  void relieve();
  /// The value that is live at `op` and cheapest to spill, if there is one.
  std::optional<unsigned> victimAt(unsigned op) const;
  /// Bytes of global traffic that spilling `value` adds.
  double trafficOf(unsigned value) const;
  /// Spills that value; false when there is none.
  bool evictAt(unsigned op);
  /// Spills `value` for its whole live range, because of `op`.
  void evict(unsigned value, Cause cause, unsigned op);

  /// Bytes per lane of the values that are live at `op`.
  int64_t heldAt(unsigned op) const { return held[op]; }

private:
  /// Adds to what is held while `value` is live.
  void hold(unsigned value, int64_t bytes);

  static constexpr unsigned kSpan = 16; ///< operators

  AllocationMap &allocations;
  int64_t localBytes;
  std::vector<OpRange> ranges; ///< by value
  std::vector<unsigned> uses;  ///< by value
  std::vector<int64_t> held;   ///< by operator
  /// Values that were resident at first, by spans of operators.
  std::vector<std::vector<unsigned>> live;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_RESIDENCY_H
