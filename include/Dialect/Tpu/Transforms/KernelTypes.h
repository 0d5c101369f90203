//===- KernelTypes.h - Operators in terms of kernels ------------*- C++ -*-===//
//
// What both passes of the tpu dialect and its conversion ask kernels by.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_TRANSFORMS_KERNELTYPES_H
#define TPUC_DIALECT_TPU_TRANSFORMS_KERNELTYPES_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Conv.h"

namespace tpuc {

/// The chip's element type for a tensor's, or failure for types it lacks.
mlir::FailureOr<kernel::ElementType> elementTypeOf(mlir::Type type);

/// Sets the sizes, groups and window of `params`.
void setConvShapes(tpu::ConvOp conv, kernel::ConvParams &params);

} // namespace tpuc

#endif // TPUC_DIALECT_TPU_TRANSFORMS_KERNELTYPES_H
