//===- PlanCache.h - What tiles cost, remembered ----------------*- C++ -*-===//
//
// Memoises the costs of tiles, which depend on the kernel and on the memory
// spaces of its values. Changes no result.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_PLANCACHE_H
#define TPUC_LIB_LAYERGROUP_PLANCACHE_H

#include "TileChoice.h"

namespace tpuc::group {

/// Lives as long as the kernels that it is asked about, and no longer than
/// their program keeps its values.
class PlanCache {
public:
  /// A cache that is off stores nothing.
  explicit PlanCache(bool isOn) : isOn(isOn) {}

  /// Known tiles of `kernel`, a kernel of `op`, for these allocations; null
  /// when the cache is off.
  Candidates *candidatesOf(const kernel::Kernel &kernel, const Operator &op,
                           const AllocationMap &allocations);

  /// The constraints of a kernel that is not tiled.
  PlacementConstraints constraintsOf(const kernel::TransferKernel &kernel,
                                     const Operator &op,
                                     const AllocationMap &allocations);

private:
  /// A kernel and the memory space of each value of its operator.
  using Key = std::pair<const kernel::Kernel *, std::string>;
  static Key keyOf(const kernel::Kernel &kernel, const Operator &op,
                   const AllocationMap &allocations);

  bool isOn;
  std::map<Key, Candidates> candidates;
  std::map<Key, PlacementConstraints> constraints;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PLANCACHE_H
