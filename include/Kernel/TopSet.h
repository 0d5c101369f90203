//===- TopSet.h - The best elements of rows ---------------------*- C++ -*-===//
//
// The kernel that finds the k best elements of each row.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_TOPSET_H
#define TPUC_KERNEL_TOPSET_H

#include "Kernel/Kernel.h"

namespace tpuc::kernel {

/// A search with the meaning of tpu.top_set. Tensors are contiguous; their
/// places and types count.
struct TopSetParams {
  int64_t rows = 1, columns = 1, count = 1;
  bool largest = true;

  GlobalTensor input;  ///< f32 or i32 [rows, columns]
  GlobalTensor result; ///< i32 [rows, 2, count]
};

/// Whether the kernel fits into a lane.
bool fitsTopSet(const Arch &arch, int64_t columns, int64_t count);

void makeTopSetKernels(const Arch &arch, const TopSetParams &params,
                       KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_TOPSET_H
