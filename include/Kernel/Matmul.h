//===- Matmul.h - Matrix product kernels -----------------------*- C++ -*-===//
//
// The matrix product with optional bias and rectifier, batched or not.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_MATMUL_H
#define TPUC_KERNEL_MATMUL_H

#include "Kernel/Kernel.h"
#include "Kernel/MatmulPanels.h"

#include <optional>

namespace tpuc::kernel {

/// result[b] = left[b] * right[b] + bias, all of one float type (the bias may
/// be f32 beside 16-bit operands). Columns are contiguous, rows and batches
/// have strides of their own; a batch stride of 0 repeats a matrix. Products
/// are summed in f32, and the bias is added before the only rounding.
///
/// INT8 operands (left i8 or u8, right i8) are summed exactly, and the
/// result, of INT8 or any float, is sum * factor + summand with `columns`, in
/// f32, or with `narrow`, in 16 bits.
struct MatmulParams {
  /// How INT8 sums become f16 or INT8 when 16 bits are enough: as
  /// t * factor + offset, where t = (sum + summand) / 2^shift as i16. Each
  /// tensor is [1, 1, 1, N].
  struct Narrow {
    GlobalTensor summand; ///< i32
    int64_t shift = 0;    ///< 0..31; no t saturates
    /// f16; for INT8 i16, in units of 2^-factorShift.
    GlobalTensor factor;
    int64_t factorShift = 0;
    std::optional<GlobalTensor> offset; ///< f16; only for f16
    int64_t zeroPoint = 0;              ///< of an INT8 result
  };

  GlobalTensor left;                ///< [batch, M, 1, K]
  GlobalTensor right;               ///< [batch, K, 1, N], or [batch, N, 1, K]
  std::optional<GlobalTensor> bias; ///< [1, 1, 1, N]
  GlobalTensor result;              ///< [batch, M, 1, N]
  /// [1, 1, 2, N], f32: a factor and a summand for each column.
  std::optional<GlobalTensor> columns;
  std::optional<Narrow> narrow; ///< stands for `columns`
  bool rightTransposed = false;
  /// How `right` lies, when it is one packed matrix [1, K, 1, padded N].
  MatmulPanels panels;
  bool relu = false;                ///< max(., 0)
  std::optional<double> upperLimit; ///< min(., upperLimit)
};

void makeMatmulKernels(const Arch &arch, const MatmulParams &params,
                       KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_MATMUL_H
