//===- LaneLayout.h - Ops that keep leading axes ----------------*- C++ -*-===//
//
// The interface by which passes ask what an op leaves where it lies.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_LANELAYOUT_H
#define TPUC_INTERFACES_LANELAYOUT_H

#include "mlir/IR/OpDefinition.h"

namespace tpuc {

/// A value dealt to the lanes as [n, c, rest], c across the lanes.
struct FixedLayout {
  mlir::Value value;
  int64_t n = 1, c = 1;
};

} // namespace tpuc

#include "Interfaces/LaneLayout.h.inc"

#endif // TPUC_INTERFACES_LANELAYOUT_H
