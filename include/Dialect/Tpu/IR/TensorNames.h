//===- TensorNames.h - Which tensor an operation computes ------*- C++ -*-===//
//
// The location of an operation whose result is a tensor of the source model
// names the tensor inside the name of its node:
//
//   loc("/layer/Conv"("conv_out"))
//
// What was fused into an operation stands behind it in a fused location: the
// first part names the operation, the last one its result. Helper operations of
// a lowering name no tensor. The result may have other axes than the tensor,
// but has the same elements in the same order.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TENSORNAMES_H
#define TPUC_DIALECT_TPU_IR_TENSORNAMES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"

namespace tpuc::tpu {

/// The name of an operation's node in the source model; null when it has none.
mlir::StringAttr getSourceName(mlir::Operation *op);

/// The name of the tensor, or an empty one.
llvm::StringRef getTensorName(mlir::Location location);

/// The location without the tensor's name.
mlir::Location withoutTensorName(mlir::Location location);

/// Says that `value` now holds the tensor that an operation at `location`
/// computed, and that what it is made of through operations of one operand and
/// one use, up to `producer`, holds no named tensor any more.
void nameFusedTensor(mlir::Value value, mlir::Operation *producer,
                     mlir::Location location);

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_IR_TENSORNAMES_H
