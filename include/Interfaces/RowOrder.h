//===- RowOrder.h - Ops that take rows in any order -------------*- C++ -*-===//
//
// The interface by which rows are brought into another order.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_ROWORDER_H
#define TPUC_INTERFACES_ROWORDER_H

#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/SmallVector.h"

#include "Interfaces/RowOrder.h.inc"

#endif // TPUC_INTERFACES_ROWORDER_H
