//===- DataMovement.h - Ops that only move elements -------------*- C++ -*-===//
//
// The interface by which passes see through movements of data.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_DATAMOVEMENT_H
#define TPUC_INTERFACES_DATAMOVEMENT_H

#include "Analysis/ElementMap.h"
#include "mlir/IR/OpDefinition.h"

#include "Interfaces/DataMovement.h.inc"

#endif // TPUC_INTERFACES_DATAMOVEMENT_H
