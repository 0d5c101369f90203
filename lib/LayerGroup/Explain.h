//===- Explain.h - Why a schedule is as it is ------------------*- C++ -*-===//
//
// Collects the decisions and their costs after emission.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_EXPLAIN_H
#define TPUC_LIB_LAYERGROUP_EXPLAIN_H

#include "Steps.h"

namespace tpuc::group {

/// Explains `schedule`, which has its commands and allocations; `plans` are
/// those that `list` was made from.
Explanation explain(const Program &program, const StepList &list,
                    llvm::ArrayRef<std::optional<KernelPlan>> plans,
                    const GlobalBases &bases, const Schedule &schedule);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_EXPLAIN_H
