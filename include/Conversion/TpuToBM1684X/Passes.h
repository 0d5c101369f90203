//===- Passes.h - From operators to commands -------------------*- C++ -*-===//
//
// Declares the passes that give a tpu module addresses and turn it into
// commands, and the kernels of the tpu dialect's operators.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TPUTOBM1684X_PASSES_H
#define TPUC_CONVERSION_TPUTOBM1684X_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tpuc {

#define GEN_PASS_DECL
#include "Conversion/TpuToBM1684X/Passes.h.inc"

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

/// Attaches the kernels to the operators of the tpu dialect.
void registerTpuKernels(mlir::DialectRegistry &registry);

#define GEN_PASS_REGISTRATION
#include "Conversion/TpuToBM1684X/Passes.h.inc"

} // namespace tpuc

#endif // TPUC_CONVERSION_TPUTOBM1684X_PASSES_H
