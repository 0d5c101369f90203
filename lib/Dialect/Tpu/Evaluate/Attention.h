//===- Attention.h - Reference evaluation of attention ----------*- C++ -*-===//
//
// For the other files of this folder.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_EVALUATE_ATTENTION_H
#define TPUC_LIB_DIALECT_TPU_EVALUATE_ATTENTION_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Support/Buffer.h"

namespace tpuc::tpu {

/// The result in f32, by the formula of the op. `round` gives the weights of a
/// row the element type that they are multiplied in.
Buffer evaluateAttention(AttentionOp op, llvm::ArrayRef<Buffer> operands,
                         llvm::function_ref<Buffer(Buffer)> round);

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_EVALUATE_ATTENTION_H
