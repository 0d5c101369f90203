//===- Emission.h - The order of all commands -------------------*- C++ -*-===//
//
// Emits the commands of a program whose buffers have addresses.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_EMISSION_H
#define TPUC_LIB_LAYERGROUP_EMISSION_H

#include "Steps.h"

namespace tpuc::group {

/// Decides in which step each load is issued: weights while the GDMA queue
/// would otherwise stall on the TIU, if `fillsWaits` and their buffer is free
/// (with `prefetchShort` only those that do not outlast the TIU's queue);
/// everything else as soon as its buffer is free. Sums up the cycles of all
/// commands.
std::vector<unsigned> chooseIssues(const StepList &list,
                                   const AllocationMap &allocations,
                                   bool fillsWaits, bool prefetchShort,
                                   uint64_t &cycles);

/// Emits all commands, each load in the step of `issues`, and sums up their
/// cycles.
void emitSteps(const StepList &list, const AllocationMap &allocations,
               llvm::ArrayRef<unsigned> issues, bool fillsWaits,
               const GlobalBases &bases, std::vector<Command> &commands,
               uint64_t &cycles);

/// Values whose allocation does not suit the commands: errors of a plan.
PlacementConstraints findConstraints(const StepList &list,
                                     const AllocationMap &allocations,
                                     llvm::ArrayRef<unsigned> issues);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_EMISSION_H
