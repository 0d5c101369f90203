//===- LocalCopy.h - Rearranging what a lane holds -------------*- C++ -*-===//
//
// Strided copies inside the lanes, of any number of axes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_LOCALCOPY_H
#define TPUC_LIB_KERNEL_LOCALCOPY_H

#include "Kernel/CommandBuilder.h"
#include "SplitCopy.h"

namespace tpuc::kernel {

/// Copies source[sum i * sourceStride] to result[sum i * resultStride] for all
/// i of `axes`, in each of the channels that both tensors have; of the tensors'
/// own shapes and strides only those of the channels count. Axes are laid on
/// those of the commands in the order that takes the fewest cycles.
void copyWithinLanes(CommandBuilder &builder, const LocalTensor &result,
                     const LocalTensor &source,
                     llvm::ArrayRef<StridedAxis> axes);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_LOCALCOPY_H
