//===- LaneLayout.h - Ops that keep leading axes ----------------*- C++ -*-===//
//
// The interface by which passes ask what an op leaves where it lies.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_LANELAYOUT_H
#define TPUC_INTERFACES_LANELAYOUT_H

#include "mlir/IR/OpDefinition.h"

#include "Interfaces/LaneLayout.h.inc"

#endif // TPUC_INTERFACES_LANELAYOUT_H
