//===- A16Kernels.h - Kernels of products with codes ------------*- C++ -*-===//
//
// Attaches the kernels of products with weights of few bits.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_A16KERNELS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_A16KERNELS_H

#include "mlir/IR/MLIRContext.h"

namespace tpuc {

void attachA16Kernels(mlir::MLIRContext *context);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_A16KERNELS_H
