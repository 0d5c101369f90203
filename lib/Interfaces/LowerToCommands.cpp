//===- LowerToCommands.cpp - Operators that become commands ---------------===//
//
// Definitions of the generated interface.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/LowerToCommands.h"

#include "Interfaces/LowerToCommands.cpp.inc"
