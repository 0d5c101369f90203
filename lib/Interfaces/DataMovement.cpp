//===- DataMovement.cpp - Ops that only move elements ---------------------===//
//
// The interface's definitions, which are generated.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/DataMovement.h"

using namespace mlir;

#include "Interfaces/DataMovement.cpp.inc"
