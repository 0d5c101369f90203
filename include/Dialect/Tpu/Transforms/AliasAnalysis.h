//===- AliasAnalysis.h - Values that share memory ---------------*- C++ -*-===//
//
// Which values of a function are views of others.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_TRANSFORMS_ALIASANALYSIS_H
#define TPUC_DIALECT_TPU_TRANSFORMS_ALIASANALYSIS_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace tpuc {

/// The layout that tpu-assign-lane-layout chose for a value, or an unknown one.
kernel::LaneLayout laneLayoutOf(mlir::Value value);

/// Whether a value is made by a constant-like operation.
bool isConstant(mlir::Value value);

/// Whether a value is an argument or a constant, with which no result of the
/// function may share memory.
bool isForeign(mlir::Value value);

/// Whether a reshape can turn one element a lane into rows within local memory,
/// by a product with the identity matrix: its elements are 16-bit floats or
/// INT8.
bool canTransposeLanes(tpu::ReshapeOp reshape);

/// Whether it does, by the layouts of both of its sides. Its result then has an
/// allocation of its own.
bool isLaneTranspose(tpu::ReshapeOp reshape);

/// Whether a value is an input or an output of the function, or a view of one:
/// it is transferred anyway, in any order.
bool isTransferred(mlir::Value value);

class AliasAnalysis {
public:
  AliasAnalysis(const Arch &arch, mlir::func::FuncOp function);

  /// Copies results that would lie in an argument, a constant or another
  /// result: these belong to the caller, who must not see memory twice. Whether
  /// there were any.
  static bool copyResults(mlir::func::FuncOp function);

  /// The value in whose memory a value lies, which may be itself.
  struct Alias {
    mlir::Value root;
    int64_t offset = 0; ///< bytes from the root's start
  };

  /// A reshape that is neither a copy nor a lane transpose is a view of its
  /// operand, and so is a contiguous slice.
  Alias aliasOf(mlir::Value value) const;
  mlir::Value rootOf(mlir::Value value) const { return aliasOf(value).root; }

private:
  /// Makes operands of `concat` views of its result, where they may be.
  void aliasOperands(const Arch &arch, tpu::ConcatOp concat, bool isResult);

  AliasAnalysis() = default;

  /// Roots of the function's results.
  llvm::SmallDenseSet<mlir::Value> results;
  /// Views of the results of concatenations.
  llvm::SmallDenseMap<mlir::Value, Alias> concatenated;
};

} // namespace tpuc

#endif // TPUC_DIALECT_TPU_TRANSFORMS_ALIASANALYSIS_H
