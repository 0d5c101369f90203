//===- Magnitude.cpp - How large the numbers of ops are -------------------===//
//
// The interface's definitions, which are generated.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/Magnitude.h"

using namespace mlir;

#include "Interfaces/Magnitude.cpp.inc"
