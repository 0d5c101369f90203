//===- Attention.h - Attention in one kernel -------------------*- C++ -*-===//
//
// Scores, softmax and weighted sum without a visit to global memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_ATTENTION_H
#define TPUC_KERNEL_ATTENTION_H

#include "Kernel/Kernel.h"

namespace tpuc::kernel {

/// result[b, l, h, :] = softmax(scale * query[b, :, h] key[b, :, h]^T +
/// addends[b, h])[l, :] value[b, :, h] in f32, f16 or bf16; sums are f32. Every
/// operand is a view [batch, rows, heads, columns] with strides of
/// its own and contiguous columns, so that heads are read out of a packed
/// projection.
struct AttentionParams {
  GlobalTensor query;  ///< [batch, query rows, heads, depth]
  GlobalTensor key;    ///< [batch, key rows, heads, depth]
  GlobalTensor value;  ///< [batch, key rows, heads, value depth]
  GlobalTensor result; ///< [batch, query rows, heads, value depth]
  /// [batch, query rows, heads, key rows]; strides of 0 repeat (of the rows
  /// only together with the heads).
  llvm::SmallVector<GlobalTensor, 2> addends;
  double scale = 1.0;
};

void makeAttentionKernels(const Arch &arch, const AttentionParams &params,
                          KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_ATTENTION_H
