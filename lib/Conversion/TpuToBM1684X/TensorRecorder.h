//===- TensorRecorder.h - Addresses of the model's tensors ------*- C++ -*-===//
//
// Notes on commands which tensors of the source model are complete in memory
// once they have run. It changes locations only.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_TENSORRECORDER_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_TENSORRECORDER_H

#include "Dialect/BM1684X/IR/TensorRecords.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace tpuc {

class TensorRecorder {
public:
  explicit TensorRecorder(mlir::func::FuncOp function);

  /// The last command of each queue that an operator issued; null without one.
  struct LastCommands {
    mlir::Operation *tiu = nullptr, *gdma = nullptr;
  };

  /// Fills memory, address, dims and strides of a record with the allocation of
  /// a value; false when it has none.
  using FindAllocation =
      llvm::function_ref<bool(mlir::Value, bm1684x::TensorRecord &)>;

  /// Whether an operand is a view of a result.
  using SharesMemory = llvm::function_ref<bool(mlir::Value, mlir::Value)>;

  /// Notes the results of `op`. Call for each operator in order, also for those
  /// without commands: views are complete when what they view is.
  void addOperator(mlir::Operation *op, const LastCommands &last,
                   FindAllocation findAllocation, SharesMemory sharesMemory);

private:
  /// The values that hold a tensor, with its name: of several, the last.
  llvm::DenseMap<mlir::Value, llvm::StringRef> names;
  /// The commands that wrote the last part of a value.
  llvm::DenseMap<mlir::Value, LastCommands> writers;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_TENSORRECORDER_H
