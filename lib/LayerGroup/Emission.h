//===- Emission.h - The order of all commands ------------------*- C++ -*-===//
//
// Emits the steps of a program whose buffers have their places.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_EMISSION_H
#define TPUC_LIB_LAYERGROUP_EMISSION_H

#include "Steps.h"

namespace tpuc::group {

/// Emits all commands into `result` and sums up their cycles.
void emitSteps(const StepList &list, const Memory &memory,
               const Options &options, Schedule &result);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_EMISSION_H
