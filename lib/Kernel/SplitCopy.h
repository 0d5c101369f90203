//===- SplitCopy.h - Copies between values in local memory -----*- C++ -*-===//
//
// Copies whose sides may lie in the lanes, arranged so that lanes stay lanes or
// are transposed with rows on purpose.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_SPLITCOPY_H
#define TPUC_LIB_KERNEL_SPLITCOPY_H

#include "Kernel/Copy.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace tpuc::kernel {

using CutAction =
    llvm::function_ref<void(llvm::ArrayRef<StridedAxis> axes,
                            int64_t resultOffset, int64_t sourceOffset)>;

/// Calls `action` on the pieces of a copy, none of whose sizes exceeds the
/// commands' 16-bit fields.
void cutSizes(const Arch &arch, llvm::ArrayRef<StridedAxis> axes,
              int64_t resultOffset, int64_t sourceOffset, CutAction action);

/// Appends one transfer between tensors of one shape.
void makeMoveKernel(const Arch &arch, const GlobalTensor &result,
                    const GlobalTensor &source, KernelList &kernels);

/// Appends kernels that follow the splits of both sides. False, with nothing
/// appended, when a split is not known or no kernel has its shape.
bool makeSplitCopy(const Arch &arch, const CopyParams &params,
                   llvm::ArrayRef<StridedAxis> axes, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_SPLITCOPY_H
