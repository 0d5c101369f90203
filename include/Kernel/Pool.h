//===- Pool.h - Pooling ----------------------------------------*- C++ -*-===//
//
// Largest element or mean of a sliding window.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_POOL_H
#define TPUC_KERNEL_POOL_H

#include "Kernel/Kernel.h"

namespace tpuc::kernel {

struct PoolParams {
  GlobalTensor input;  ///< place and type: [batch, channels, inH, inW]
  GlobalTensor result; ///< [batch, channels, outH, outW], of the same type
  int64_t batch = 1, channels = 1, inH = 1, inW = 1, outH = 1, outW = 1;
  /// Dilation 1, no inserted zeros. Pads are smaller than the kernel.
  Window window;
  /// Maximum, where padding never wins; or mean over kernelH * kernelW
  /// elements with padding as zeros, summed in f32.
  bool isMax = true;
};

/// Appends the kernels of a pooling. Fails on sizes beyond the command's
/// fields.
llvm::Error makePoolKernels(const Arch &arch, const PoolParams &params,
                            KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_POOL_H
