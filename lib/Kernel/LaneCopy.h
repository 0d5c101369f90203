//===- LaneCopy.h - Permutations within each lane --------------*- C++ -*-===//
//
// Puts what every lane holds into another order, element by element.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_LANECOPY_H
#define TPUC_LIB_KERNEL_LANECOPY_H

#include "SplitCopy.h"

namespace tpuc::kernel {

/// Appends a kernel for the copy of `lanes`, which keep their place, times
/// `rest`: it transfers the longest runs that either side has and reorders them
/// in local memory. False, with nothing appended, when a side has none, when
/// the transfers would be many, or when the parts that cannot be cut do not fit
/// into a lane.
bool makeLaneCopyKernel(const GlobalTensor &result, const GlobalTensor &source,
                        const CopyAxis &lanes, llvm::ArrayRef<CopyAxis> rest,
                        KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_LANECOPY_H
