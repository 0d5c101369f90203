//===- Residency.h - Who stays in local memory ------------------*- C++ -*-===//
//
// Keeps values in local memory as long as everything fits.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_RESIDENCY_H
#define TPUC_LIB_LAYERGROUP_RESIDENCY_H

#include "AllocationMap.h"

namespace tpuc::group {

/// Operators, by index, between which a value lives.
struct OpRange {
  unsigned first = 0, last = 0;
  bool contains(unsigned op) const { return first <= op && op <= last; }
};

class Residency {
public:
  Residency(AllocationMap &allocations, const Options &options);

  /// Moves values to global memory until every operator has room for its
  /// smallest tiles.
  void relieve();
  /// The value that lives at `op` and would leave first, if there is one.
  std::optional<unsigned> victimAt(unsigned op) const;
  /// Bytes to and from global memory that `value` costs when it leaves.
  double trafficOf(unsigned value) const;
  /// Moves that value to global memory; false when there is none.
  bool evictAt(unsigned op);
  /// Moves `value` to global memory for good, because of `op`.
  void evict(unsigned value, Cause cause, unsigned op);

  /// Bytes of a lane that values hold while `op` runs.
  int64_t heldAt(unsigned op) const;

private:
  AllocationMap &allocations;
  int64_t localBytes;
  std::vector<OpRange> ranges; ///< by value
  std::vector<unsigned> uses;  ///< by value
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_RESIDENCY_H
