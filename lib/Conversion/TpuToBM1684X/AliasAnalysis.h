//===- AliasAnalysis.h - Values that share memory ---------------*- C++ -*-===//
//
// Finds out which values of a function are views of others.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_ALIASANALYSIS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_ALIASANALYSIS_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace tpuc {

/// The lanes that tpu-assign-lane-layout chose for a value; not known without
/// them.
kernel::LaneLayout laneLayoutOf(mlir::Value value);

/// Whether a value is made by a constant-like operation.
bool isConstant(mlir::Value value);

/// Whether a value is an argument or a constant: nothing that a result of the
/// function may share memory with.
bool isForeign(mlir::Value value);

/// Whether a reshape can make rows of what lies one element a lane within local
/// memory: its elements are 16-bit floats or INT8, of which a product with the
/// identity matrix makes rows.
bool canTransposeLanes(tpu::ReshapeOp reshape);

/// Whether it does, by the lanes assigned to both of its sides. Its result then
/// has an allocation of its own.
bool isLaneTranspose(tpu::ReshapeOp reshape);

class AliasAnalysis {
public:
  explicit AliasAnalysis(mlir::func::FuncOp function);

  /// Copies results that would lie in an argument, a constant or another
  /// result: these belong to the caller, who must not see memory twice. Whether
  /// there were any.
  static bool copyResults(mlir::func::FuncOp function);

  /// Where a value lies: in the memory of another, or its own.
  struct Alias {
    mlir::Value root;
    int64_t offset = 0; ///< bytes from the root's start
  };

  /// A reshape that is no copy and does not turn lanes lies in its operand, and
  /// so does a slice that is one run of its.
  Alias aliasOf(mlir::Value value) const;
  mlir::Value rootOf(mlir::Value value) const { return aliasOf(value).root; }

private:
  /// Lays operands of `concat` into its result.
  void aliasOperands(tpu::ConcatOp concat, bool isResult);

  AliasAnalysis() = default;

  /// The memory that belongs to the caller.
  llvm::SmallDenseSet<mlir::Value> results;
  /// Values that lie in the result of a concatenation.
  llvm::SmallDenseMap<mlir::Value, Alias> concatenated;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_ALIASANALYSIS_H
