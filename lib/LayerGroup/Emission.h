//===- Emission.h - The order of all commands ------------------*- C++ -*-===//
//
// Emits the steps of a program whose buffers have their places.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_EMISSION_H
#define TPUC_LIB_LAYERGROUP_EMISSION_H

#include "Steps.h"

namespace tpuc::group {

/// Emits all commands into `result` and sums up their cycles. False and a
/// failure when a kernel refuses.
bool emitSteps(const StepList &list, const Memory &memory,
               const Options &options, Schedule &result, Failure &failure);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_EMISSION_H
