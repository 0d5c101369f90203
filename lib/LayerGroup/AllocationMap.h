//===- AllocationMap.h - Where values lie -----------------------*- C++ -*-===//
//
// The allocation of every value: maps an access in virtual global memory to the
// value that it belongs to and to its address in local or global memory.
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

  /// Bytes per lane that a value takes in its lane layout.
  int64_t laneBytes(unsigned value) const;

  /// Whether the value, when it is resident, has strides that commands can
  /// encode.
  bool isAddressable(unsigned value) const;

  /// `part` as a view of local memory; nothing when its value is not resident
  /// or the view is not strided, as for axes that cross a lane boundary.
  std::optional<kernel::LocalTensor>
  localView(const kernel::GlobalTensor &part) const;

  /// The same part at its address in global memory.
  kernel::GlobalTensor globalView(const kernel::GlobalTensor &part) const;

private:
  /// Value indices by offset.
  std::vector<unsigned> byOffset;
};

/// Whether both name the same bytes in the same order.
bool isSame(const kernel::LocalTensor &a, const kernel::LocalTensor &b);
/// Whether `b` has the lanes and strides of `a`, at any address.
bool isCongruent(const kernel::LocalTensor &a, const kernel::LocalTensor &b);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_ALLOCATIONMAP_H
