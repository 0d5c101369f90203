//===- ProfileInternal.h - The commands of a stage ------------*- C++ -*-===//
//
// The decoded queues of a stage in the order of a profile.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_TIMING_PROFILEINTERNAL_H
#define TPUC_LIB_SIMULATOR_TIMING_PROFILEINTERNAL_H

#include "Simulator/Timing/Profile.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tpuc::timing::detail {

/// Calls `visit` for every command of `engine` but system commands, group after
/// group, with the group and its index in the group's stream.
llvm::Error visitQueue(
    const target::Stage &stage, codec::Engine engine,
    llvm::function_ref<void(size_t group, size_t index, codec::Layout layout,
                            const codec::Registers &registers)>
        visit);

/// Bytes of the coefficients that a run has to read: all, but of tables whose
/// rows are only gathered these rows. Fails on bytes that are no commands.
llvm::Expected<uint64_t> neededCoefficientBytes(const target::Stage &stage);

/// Fills in the causes of the commands' traffic, whose times and bytes are
/// known. Fails on bytes that are no commands.
llvm::Error findCauses(const target::Stage &stage,
                       std::vector<CommandProfile> &commands);

} // namespace tpuc::timing::detail

#endif // TPUC_LIB_SIMULATOR_TIMING_PROFILEINTERNAL_H
