//===- Search.h - Several schedules, the fastest of which counts -*- C++ -*-==//
//
// Compares whole command streams that come from different cost weights of
// tiles.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_SEARCH_H
#define TPUC_LIB_LAYERGROUP_SEARCH_H

#include "LayerGroup/Schedule.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tpuc::group {

/// Makes a plan with the given options; false when that is not possible.
using Attempt = llvm::function_ref<bool(const Options &options, Plan &plan)>;

/// Replaces `best`, which was made with `options`, by plans that take fewer
/// cycles: first one set of cost weights for all `numOperators` operators,
/// then, if asked for, others for runs of neighbours. Takes at most a fixed
/// number of attempts, so that the result does not depend on the machine.
void searchSettings(size_t numOperators, Options options, Attempt attempt,
                    Plan &best);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_SEARCH_H
