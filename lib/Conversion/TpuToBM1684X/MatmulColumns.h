//===- MatmulColumns.h - Columns of INT8 products ---------------*- C++ -*-===//
//
// What an INT8 product does with the sums of each column. Not for other
// libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_MATMULCOLUMNS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_MATMULCOLUMNS_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Plan/KernelContext.h"
#include "Kernel/Matmul.h"

namespace tpuc {

/// Gives an INT8 product the terms of its columns: in 16 bits where their
/// rounding is small beside that of the operand, else in f32. Emits an error
/// when the right operand is no constant.
mlir::LogicalResult setQuantColumns(tpu::MatMulOp op, KernelContext &context,
                                    kernel::MatmulParams &params);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_MATMULCOLUMNS_H
