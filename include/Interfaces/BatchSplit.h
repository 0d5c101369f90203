//===- BatchSplit.h - Ops on parts of a batch -------------------*- C++ -*-===//
//
// The interface by which a batch is computed in parts.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_BATCHSPLIT_H
#define TPUC_INTERFACES_BATCHSPLIT_H

#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

#include "Interfaces/BatchSplit.h.inc"

#endif // TPUC_INTERFACES_BATCHSPLIT_H
