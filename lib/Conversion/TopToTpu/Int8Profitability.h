//===- Int8Profitability.h - Whether INT8 is faster -------------*- C++ -*-===//
//
// What a contraction costs in INT8 and in 16-bit floats when it stands alone
// among ops of floats. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_INT8PROFITABILITY_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_INT8PROFITABILITY_H

#include "Arch/Arch.h"
#include "mlir/IR/Operation.h"

namespace tpuc {

/// Whether a contraction whose operand has to be cast to INT8, and whose
/// result is wanted in floats, is faster in INT8 than in 16-bit floats. True
/// for ops of which nothing is known.
bool isInt8Profitable(const Arch &arch, mlir::Operation *op);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_INT8PROFITABILITY_H
