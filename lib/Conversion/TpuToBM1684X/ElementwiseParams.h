//===- ElementwiseParams.h - Operands of element-wise kernels ---*- C++ -*-===//
//
// Describes the operands and the result of an element-wise operator to its
// kernel. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_ELEMENTWISEPARAMS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_ELEMENTWISEPARAMS_H

#include "Dialect/Tpu/Plan/KernelContext.h"
#include "Kernel/Elementwise.h"
#include "mlir/IR/Operation.h"

namespace tpuc {

/// All but what is computed, for an op with the trait `Pointwise`. `context`
/// has to outlive it.
kernel::ElementwiseParams makeElementwiseParams(KernelContext &context,
                                                mlir::Operation *op);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_ELEMENTWISEPARAMS_H
