//===- FusedKernel.h - Two kernels as one -----------------------*- C++ -*-===//
//
// A kernel whose tile computes the part of its producer's result that it needs,
// so that the value between them never leaves the tile's buffers.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_FUSEDKERNEL_H
#define TPUC_LIB_LAYERGROUP_FUSEDKERNEL_H

#include "AllocationMap.h"

#include <memory>

namespace tpuc::group {

/// Fuses `producer` into `consumer`, which reads the producer's result by a
/// view of the same axes. Both must outlive the fused kernel. Where windows
/// overlap, neighbouring tiles recompute the halo. Null when the views are not
/// compatible.
std::unique_ptr<kernel::TiledKernel>
fuseKernels(const kernel::TiledKernel &producer,
            const kernel::TiledKernel &consumer,
            const AllocationMap &allocations, unsigned value);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_FUSEDKERNEL_H
