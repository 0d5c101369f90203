//===- RowOrder.cpp - Ops that take rows in any order ---------------------===//
//
// The interface's definitions, which are generated.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/RowOrder.h"

using namespace mlir;

#include "Interfaces/RowOrder.cpp.inc"
