//===- LaneTranspose.h - Transposing lanes and rows ------------*- C++ -*-===//
//
// Turns what lies across the lanes into a row and the other way round.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_LANETRANSPOSE_H
#define TPUC_LIB_KERNEL_LANETRANSPOSE_H

#include "Kernel/Kernel.h"

#include <optional>

namespace tpuc::kernel {

/// result[n, b1 * B2 + b2, a1, a2] = source[n, a1 * A2 + a2, b1, b2]: the lanes
/// of one side are the last two axes of the other. Strides are free. 16-bit
/// floats pass through a product with the identity matrix, which is exact for
/// finite numbers, and so does INT8; f32 and i32 through the transposer.
struct LaneTransposeParams {
  GlobalTensor result; ///< [n, B1 * B2, A1, A2]
  GlobalTensor source; ///< [n, A1 * A2, B1, B2]
  /// [1, lanes, 1, lanes] of the operands' type for 16-bit floats, of i8 for
  /// INT8.
  std::optional<GlobalTensor> identity;
};

void makeLaneTransposeKernel(const Arch &arch,
                             const LaneTransposeParams &params,
                             KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_LANETRANSPOSE_H
