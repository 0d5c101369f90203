//===- Matmul.h - Matrix product kernels -----------------------*- C++ -*-===//
//
// The matrix product with optional bias and rectifier, batched or not.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_MATMUL_H
#define TPUC_KERNEL_MATMUL_H

#include "Kernel/Kernel.h"

#include <optional>

namespace tpuc::kernel {

/// result[b] = left[b] * right[b] + bias, all of one float type (the bias may
/// be f32 beside 16-bit operands). Columns are contiguous, rows and batches
/// have strides of their own; a batch stride of 0 repeats a matrix. Products
/// are summed in f32, and the bias is added before the only rounding.
struct MatmulParams {
  GlobalTensor left;                ///< [batch, M, 1, K]
  GlobalTensor right;               ///< [batch, K, 1, N], or [batch, N, 1, K]
  std::optional<GlobalTensor> bias; ///< [1, 1, 1, N]
  GlobalTensor result;              ///< [batch, M, 1, N]
  bool rightTransposed = false;
  bool relu = false;                ///< max(., 0)
  std::optional<double> upperLimit; ///< min(., upperLimit)
};

void makeMatmulKernels(const MatmulParams &params, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_MATMUL_H
