//===- ConstantMoves.h - Movement of constants ------------------*- C++ -*-===//
//
// Moves the elements of constants at compile time. It copies elements as
// raw data, whatever their type. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_IR_CONSTANTMOVES_H
#define TPUC_LIB_DIALECT_TPU_IR_CONSTANTMOVES_H

#include "mlir/IR/BuiltinAttributes.h"

namespace tpuc::tpu {

/// The elements under another shape; a resource shares its data.
mlir::ElementsAttr reshapeElements(mlir::ElementsAttr elements,
                                   mlir::RankedTensorType type);

/// The elements of type `type` with axis i taken from axis `order`[i]; null
/// when a resource has no data.
mlir::ElementsAttr permuteElements(mlir::ElementsAttr elements,
                                   mlir::RankedTensorType type,
                                   llvm::ArrayRef<int64_t> order);

/// The elements in a tensor of `type`, from `offsets` on, zeros around them;
/// null when a resource has no data.
mlir::ElementsAttr embedElements(mlir::ElementsAttr elements,
                                 mlir::RankedTensorType type,
                                 llvm::ArrayRef<int64_t> offsets);

/// The elements of type `type` from `offsets` on, `steps` apart; null when a
/// resource has no data.
mlir::ElementsAttr sliceElements(mlir::ElementsAttr elements,
                                 mlir::RankedTensorType type,
                                 llvm::ArrayRef<int64_t> offsets,
                                 llvm::ArrayRef<int64_t> steps);

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_IR_CONSTANTMOVES_H
