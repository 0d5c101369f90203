//===- TensorRecorder.h - Where named tensors come to lie ------*- C++ -*-===//
//
// Notes on commands which tensors of the source model are complete in global
// memory once they have run. It changes locations only.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_TENSORRECORDER_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_TENSORRECORDER_H

#include "Conversion/TpuToBM1684X/KernelContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace tpuc {

class TensorRecorder {
public:
  /// `commands` is the block that receives the commands of the operators of
  /// `function`.
  TensorRecorder(mlir::func::FuncOp function, mlir::Block &commands,
                 KernelContext &context, uint64_t activationBase);

  /// Call after the commands of `op` were appended to the block, for each
  /// operator in order, also for those without commands.
  void addOperator(mlir::Operation *op);

private:
  mlir::Block &commands;
  KernelContext &context;
  uint64_t activationBase;
  /// The values that hold a tensor, with its name: of several, the last.
  llvm::DenseMap<mlir::Value, llvm::StringRef> names;
  /// The command that wrote the last part of a value.
  llvm::DenseMap<mlir::Value, mlir::Operation *> writers;
  mlir::Operation *lastSeen = nullptr;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_TENSORRECORDER_H
