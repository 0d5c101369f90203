//===- KernelModels.h - Kernels attached to tpu operators ------*- C++ -*-===//
//
// One function a family; each attaches the family's kernels to its operators.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_KERNELMODELS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_KERNELMODELS_H

#include "Dialect/Tpu/Plan/KernelContext.h"
#include "Interfaces/LowerToCommands.h"

namespace tpuc {

void attachAttentionKernels(mlir::MLIRContext *context);
void attachElementwiseKernels(mlir::MLIRContext *context);
void attachMathKernels(mlir::MLIRContext *context);
void attachMatmulKernels(mlir::MLIRContext *context);
void attachMoveKernels(mlir::MLIRContext *context);
void attachRecurrentKernels(mlir::MLIRContext *context);
void attachWindowKernels(mlir::MLIRContext *context);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_KERNELMODELS_H
