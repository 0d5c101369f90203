//===- Fusion.h - Which kernels become one ---------------------*- C++ -*-===//
//
// Joins producers and consumers of values that do not fit into local memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_FUSION_H
#define TPUC_LIB_LAYERGROUP_FUSION_H

#include "Residency.h"

namespace tpuc::group {

/// Rewrites `program`: where one kernel writes a value that lies in global
/// memory only and one kernel reads it, both become one if that costs less. The
/// kernels that were joined move to `joined`, which must live as long as the
/// program. True when something changed; `memory` and `residency` are of the
/// program before and no longer hold.
bool fuseKernels(Program &program, const Memory &memory,
                 const Residency &residency, const Options &options,
                 std::vector<std::unique_ptr<kernel::Kernel>> &joined);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_FUSION_H
