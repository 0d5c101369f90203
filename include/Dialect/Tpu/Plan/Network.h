//===- Network.h - A function as a Program ---------------------*- C++ -*-===//
//
// Builds the kernels of a function's operators and gives its values virtual
// memory: what is planned, and what commands are emitted from.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_PLAN_NETWORK_H
#define TPUC_DIALECT_TPU_PLAN_NETWORK_H

#include "Dialect/Tpu/Transforms/AliasAnalysis.h"

#include "Dialect/Tpu/Plan/KernelContext.h"
#include "LayerGroup/Schedule.h"

#include <map>

namespace tpuc {

class Network {
public:
  /// `function` holds no groups.
  Network(const Arch &arch, mlir::func::FuncOp function,
          bool allowsLaneProducts)
      : function(function), allowsLaneProducts(allowsLaneProducts),
        aliases(arch, function), context(arch, allowsLaneProducts),
        program(arch) {}

  /// Gives the values virtual memory, by which kernels are asked for.
  mlir::LogicalResult place();

  /// Places the values and builds all kernels. Every operator that has none, or
  /// whose kernel refuses it, is reported.
  mlir::LogicalResult build();

  /// The index of the value that holds `value`; nothing for constants.
  std::optional<unsigned> indexOf(mlir::Value value) const;

  /// Coefficients at the start of global memory, activations behind them.
  group::GlobalBases bases() const;

  mlir::func::FuncOp function;
  bool allowsLaneProducts;
  AliasAnalysis aliases;
  KernelContext context;
  group::Program program;
  llvm::SmallVector<mlir::Value> values; ///< by index
  /// The values that are views.
  llvm::SmallVector<std::pair<mlir::Value, AliasAnalysis::Alias>> views;
  llvm::SmallVector<mlir::Operation *> operators; ///< by index

private:
  mlir::LogicalResult addValue(mlir::Value value);
  mlir::LogicalResult addOperators();

  llvm::DenseMap<mlir::Value, unsigned>
      indices; ///< of values that are no views
  int64_t nextOffset = 0;
};

/// The networks of a module's functions, kept from the pass that plans them for
/// the passes that read the plan, so that kernels are built once. Lives until a
/// pass that does not preserve it.
struct NetworkCache {
  explicit NetworkCache(mlir::Operation *) {}

  std::map<mlir::Operation *, std::unique_ptr<Network>> networks;
};

} // namespace tpuc

#endif // TPUC_DIALECT_TPU_PLAN_NETWORK_H
