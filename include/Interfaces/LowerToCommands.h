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

#include <vector>

namespace tpuc {
class KernelContext;

/// A constant operand as commands load it.
struct PackedOperand {
  unsigned index = 0; ///< of the operand
  std::vector<char> bytes;
};
} // namespace tpuc

#include "Interfaces/LowerToCommands.h.inc"

#endif // TPUC_INTERFACES_LOWERTOCOMMANDS_H
