//===- BatchSplit.cpp - Ops on parts of a batch ---------------------------===//
//
// The interface's definitions, which are generated.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/BatchSplit.h"

using namespace mlir;

#include "Interfaces/BatchSplit.cpp.inc"
