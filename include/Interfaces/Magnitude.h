//===- Magnitude.h - How large the numbers of ops are -----------*- C++ -*-===//
//
// The interface by which the lowering asks what 16 bits would lose.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_MAGNITUDE_H
#define TPUC_INTERFACES_MAGNITUDE_H

#include "mlir/IR/OpDefinition.h"

namespace tpuc {

/// How large the numbers of a result are.
enum class Magnitude {
  Unknown,
  LikeOperands, ///< computed element by element, and as large as the operands'
  Moderate,     ///< whatever the size of the operands
  AtMostOne     ///< in magnitude
};

} // namespace tpuc

#include "Interfaces/Magnitude.h.inc"

#endif // TPUC_INTERFACES_MAGNITUDE_H
