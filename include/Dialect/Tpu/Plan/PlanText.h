//===- PlanText.h - Plans as attributes and regions -------------*- C++ -*-===//
//
// Writes LayerGroup's plan of a function into its operations and reads it back.
// Numbers of operations (`tpu.op`) are those of all that are no constants, in
// order; LayerGroup's own indices count only those that have kernels.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_PLAN_PLANTEXT_H
#define TPUC_DIALECT_TPU_PLAN_PLANTEXT_H

#include "Dialect/Tpu/Plan/Network.h"

namespace tpuc {

/// Numbers the operations of a function and writes `plan` to them, except for
/// the groups.
void writePlan(const Network &network, const group::Plan &plan);

/// Reads the plan of a function, whether its groups stand or not; all of its
/// operations have numbers. Reports what is missing or not consistent.
mlir::FailureOr<group::Plan> readPlan(const Network &network);

/// A view as an attribute.
tpu::ViewAttr viewAttr(const AliasAnalysis::Alias &alias);

/// The number of an operation.
std::optional<int64_t> numberOf(mlir::Operation *op);

/// Moves operations into the groups of the plan, which was written: fused
/// chains with slices, and runs that resident values connect.
void formGroups(const Network &network, const group::Plan &plan);

/// Moves the operations of all groups back, into the order of their numbers.
/// Reports an operation that has none, or would come before what it reads.
mlir::LogicalResult dissolveGroups(mlir::func::FuncOp function);

/// Number of slices of an operator with one kernel; null when it only moves
/// data.
tpu::SlicesAttr slicesOf(const Network &network, const group::Plan &plan,
                         unsigned op);

/// For each operator, the one that computes it after the fusions of `plan`.
llvm::SmallVector<unsigned> ownersOf(const group::Program &program,
                                     const group::Plan &plan);

/// First and last operator that touch each value, after the fusions of `plan`.
llvm::SmallVector<std::pair<unsigned, unsigned>>
lifetimesOf(const group::Program &program, const group::Plan &plan);

} // namespace tpuc

#endif // TPUC_DIALECT_TPU_PLAN_PLANTEXT_H
