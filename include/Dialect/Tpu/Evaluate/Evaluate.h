//===- Evaluate.h - Reference evaluation of tpu ops -------------*- C++ -*-===//
//
// Registers, for the ops of the tpu dialect, how they compute on host buffers:
// as the op of the top dialect that means the same, in f32, with the result
// rounded to the element type. It is what a lowered network should compute; how
// the chip rounds on the way is the simulator's.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_EVALUATE_EVALUATE_H
#define TPUC_DIALECT_TPU_EVALUATE_EVALUATE_H

#include "mlir/IR/DialectRegistry.h"

namespace tpuc::tpu {

/// Attaches the interface EvaluableOp to all ops of the tpu dialect.
void registerEvaluation(mlir::DialectRegistry &registry);

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_EVALUATE_EVALUATE_H
