//===- LaneLayout.cpp - Ops that keep leading axes ------------------------===//
//
// The interface's definitions, which are generated.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/LaneLayout.h"

using namespace mlir;

#include "Interfaces/LaneLayout.cpp.inc"
