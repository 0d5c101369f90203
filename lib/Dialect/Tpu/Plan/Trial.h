//===- Trial.h - Cycles of a changed copy of a network ----------*- C++ -*-===//
//
// For passes that try changes and keep the fastest. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_PLAN_TRIAL_H
#define TPUC_LIB_DIALECT_TPU_PLAN_TRIAL_H

#include "Dialect/Tpu/Plan/Passes.h"
#include "mlir/Pass/PassManager.h"

namespace tpuc::tpu {

/// Calls `choose` for every function with a body, beside which it may make
/// copies.
void forEachNetwork(mlir::ModuleOp module,
                    llvm::function_ref<void(mlir::func::FuncOp)> choose);

/// Runs passes on a function, as a pass may.
using PassRunner = llvm::function_ref<llvm::LogicalResult(mlir::OpPassManager &,
                                                          mlir::func::FuncOp)>;

/// A copy of `function` beside it.
mlir::func::FuncOp copyOf(mlir::func::FuncOp function);

/// The cycles that `copy`, which is erased, takes as it is planned; nothing
/// when it cannot be.
std::optional<uint64_t> tryOut(mlir::func::FuncOp copy, PassRunner run,
                               bool isSearched = false);

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_PLAN_TRIAL_H
