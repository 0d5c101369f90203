//===- AllocationMap.h - Where values lie -----------------------*- C++ -*-===//
//
// Finds the value that a part of virtual global memory belongs to, and the view
// of that part in local memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_ALLOCATIONMAP_H
#define TPUC_LIB_LAYERGROUP_ALLOCATIONMAP_H

#include "LayerGroup/Schedule.h"

#include <optional>

namespace tpuc::group {

class AllocationMap {
public:
  explicit AllocationMap(const Program &program);

  const Program &program;
  std::vector<Allocation> byValue; ///< by value

  /// The value that holds `part`; nothing for coefficients.
  std::optional<unsigned> valueOf(const kernel::GlobalTensor &part) const;

  /// Local bytes of a lane that a value with a split takes.
  int64_t laneBytes(unsigned value) const;

  /// Whether the value, when it is resident, has strides that commands can say.
  bool isAddressable(unsigned value) const;

  /// `part` as it lies in local memory; nothing when its value is not there or
  /// when strides cannot say it, as for axes that cross the lanes' split.
  std::optional<kernel::LocalTensor>
  localView(const kernel::GlobalTensor &part) const;

  /// The same part at its place in global memory.
  kernel::GlobalTensor globalView(const kernel::GlobalTensor &part) const;

private:
  /// Value indices by offset.
  std::vector<unsigned> byOffset;
};

/// Whether both name the same bytes in the same order.
bool isSame(const kernel::LocalTensor &a, const kernel::LocalTensor &b);
/// Whether `b` is `a` at another byte of the same lanes.
bool isCongruent(const kernel::LocalTensor &a, const kernel::LocalTensor &b);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_ALLOCATIONMAP_H
