//===- LowerToCommands.h - Operators that become commands ------*- C++ -*-===//
//
// The interface through which code generation asks an operation for its
// kernels.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_LOWERTOCOMMANDS_H
#define TPUC_INTERFACES_LOWERTOCOMMANDS_H

#include "Kernel/Kernel.h"
#include "mlir/IR/OpDefinition.h"

namespace tpuc {
class KernelContext;
} // namespace tpuc

#include "Interfaces/LowerToCommands.h.inc"

#endif // TPUC_INTERFACES_LOWERTOCOMMANDS_H
