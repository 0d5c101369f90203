//===- Passes.h - From operators to a plan ----------------------*- C++ -*-===//
//
// Declares the passes that plan a tpu module.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_PLAN_PASSES_H
#define TPUC_DIALECT_TPU_PLAN_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tpuc::tpu {

#define GEN_PASS_DECL
#include "Dialect/Tpu/Plan/Passes.h.inc"

/// The passes that prepare a function of the tpu dialect for its conversion:
/// attention as one operator, outputs early, moves of channels folded, the
/// lanes of every value.
void buildLanesPipeline(mlir::OpPassManager &manager);

/// How many cycles the commands of `function` take; nothing when it cannot be
/// scheduled. Without `isSearched` only one schedule is made, and the commands
/// of a conversion take less. Changes the function; reports no error.
std::optional<uint64_t> estimateCycles(mlir::ModuleOp module,
                                       mlir::func::FuncOp function,
                                       bool isSearched);

#define GEN_PASS_REGISTRATION
#include "Dialect/Tpu/Plan/Passes.h.inc"

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_PLAN_PASSES_H
