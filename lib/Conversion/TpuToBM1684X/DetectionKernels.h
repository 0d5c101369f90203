//===- DetectionKernels.h - Kernels of what is done with boxes --*- C++ -*-===//
//
// Attaches the kernels of the ops that choose among boxes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_DETECTIONKERNELS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_DETECTIONKERNELS_H

#include "mlir/IR/MLIRContext.h"

namespace tpuc {

void attachDetectionKernels(mlir::MLIRContext *context);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_DETECTIONKERNELS_H
