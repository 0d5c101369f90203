//===- RunPasses.h - Passes, and what to do when one fails -----*- C++ -*-===//
//
// What a user can cause has an error with its reason. A pass that fails without
// one, or ends the process, leaves a file from which it can be repeated.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DRIVER_RUNPASSES_H
#define TPUC_DRIVER_RUNPASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace tpuc {

/// Runs the passes of `manager` on `module`. Whatever fails is a diagnostic of
/// the context: the pass's own, or one that names the pass and a file for
/// `tpuc-opt --run-reproducer`, which has the module before it, the pipeline
/// and the versions.
mlir::LogicalResult runPasses(mlir::PassManager &manager,
                              mlir::ModuleOp module);

/// Whether a pass crashed: what it was at work on is better never destroyed.
bool hasCrashed();

} // namespace tpuc

#endif // TPUC_DRIVER_RUNPASSES_H
