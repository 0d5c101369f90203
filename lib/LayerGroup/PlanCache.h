//===- PlanCache.h - What tiles cost, remembered ----------------*- C++ -*-===//
//
// Costs of tiles depend on the kernel and on which of its values are where, and
// are asked for again and again. Remembering them changes no result.
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
  /// One that is off remembers nothing.
  explicit PlanCache(bool isOn) : isOn(isOn) {}

  /// What is known of the tiles of `kernel`, a kernel of `op`, when values lie
  /// as `memory` says; null when the cache is off.
  Candidates *candidatesOf(const kernel::Kernel &kernel, const Operator &op,
                           const AllocationMap &allocations);

  /// The constraints of a kernel that is not tiled.
  PlacementConstraints constraintsOf(const kernel::TransferKernel &kernel,
                                     const Operator &op,
                                     const AllocationMap &allocations);

private:
  /// A kernel, and for each of its operator's values where it lies.
  using Key = std::pair<const kernel::Kernel *, std::string>;
  static Key keyOf(const kernel::Kernel &kernel, const Operator &op,
                   const AllocationMap &allocations);

  bool isOn;
  std::map<Key, Candidates> candidates;
  std::map<Key, PlacementConstraints> constraints;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PLANCACHE_H
