//===- CommandOpSink.h - Commands of kernels as operations -----*- C++ -*-===//
//
// Makes bm1684x operations of what kernels emit.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_COMMANDOPSINK_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_COMMANDOPSINK_H

#include "Kernel/DependencyTracker.h"
#include "Kernel/CommandSink.h"
#include "mlir/IR/Builders.h"

namespace tpuc {

class CommandOpSink : public kernel::CommandSink {
public:
  CommandOpSink(mlir::OpBuilder &builder, uint64_t coefficientBase,
                uint64_t activationBase)
      : builder(builder), coefficients(coefficientBase),
        activations(activationBase) {}

  /// The location of the commands that follow.
  void setLocation(mlir::Location newLocation) { location = newLocation; }

  void emit(codec::Layout layout, const codec::Registers &registers) override;
  uint64_t coefficientBase() const override { return coefficients; }
  uint64_t activationBase() const override { return activations; }

private:
  mlir::OpBuilder &builder;
  mlir::Location location = builder.getUnknownLoc();
  uint64_t coefficients, activations;
  kernel::DependencyTracker tracker;
  llvm::SmallVector<mlir::Value> tokens[2];
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_COMMANDOPSINK_H
