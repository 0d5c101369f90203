//===- LaneCopy.h - Permutations within each lane --------------*- C++ -*-===//
//
// Puts what every lane holds into another order, element by element.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_LANECOPY_H
#define TPUC_LIB_KERNEL_LANECOPY_H

#include "SplitCopy.h"

namespace tpuc::kernel {

/// Appends kernels for the copy of `lanes`, which keep their place, times
/// `rest`: they transfer the longest runs that either side has and reorder them
/// in local memory. False, with nothing appended, when transfers without
/// reordering would hardly take longer or when no tile fits into a lane.
bool makeLaneCopyKernel(const Arch &arch, const GlobalTensor &result,
                        const GlobalTensor &source, const StridedAxis &lanes,
                        llvm::ArrayRef<StridedAxis> rest, KernelList &kernels);

/// The same for sides that need not agree in their lanes: an axis or a part of
/// one goes across the lanes.
bool makeFreeLaneCopy(const Arch &arch, const GlobalTensor &result,
                      const GlobalTensor &source,
                      llvm::ArrayRef<StridedAxis> axes, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_LANECOPY_H
