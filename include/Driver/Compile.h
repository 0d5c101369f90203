//===- Compile.h - From a model to a .bmodel -------------------*- C++ -*-===//
//
// The phases of a compilation and what drives them. The phases are pipelines
// of passes; nothing here transforms anything itself.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DRIVER_COMPILE_H
#define TPUC_DRIVER_COMPILE_H

#include "Conversion/TopToTpu/Precision.h"
#include "Target/BM1684X/Bmodel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace tpuc {

/// The levels at which a compilation can stop and be resumed.
enum class Phase {
  Top,      ///< canonical top dialect
  Tpu,      ///< tpu dialect, precisions chosen
  Layout,   ///< tpu dialect, lanes assigned
  Plan,     ///< tpu dialect with the plan of LayerGroup
  Commands, ///< bm1684x dialect
};

/// The phases' names, in order.
llvm::ArrayRef<llvm::StringRef> phaseNames();

/// The phase of that name, if there is one.
std::optional<Phase> findPhase(llvm::StringRef name);

struct CompileOptions {
  /// The chip to compile for; empty for what the module says, else the default.
  std::string chip;
  Precision precision = Precision::F16;
  /// File with the precision of single operators; empty for none.
  std::string quantizeTable;
  /// File with the ranges of tensors, for INT8; empty for none.
  std::string calibrationTable;
  /// Quantise activations asymmetrically, with a zero point.
  bool asymmetric = true;
  /// How much is done for a fast program: 1 nothing stays in local memory
  /// between operators, 2 the usual, 3 many schedules are compared.
  unsigned optLevel = 2;
  /// Take inputs, give outputs in the types that the network computes in.
  bool quantInput = false, quantOutput = false;
  /// Those that the two are for, numbered from 1; empty for all.
  std::vector<int64_t> quantInputs, quantOutputs;
  /// The last phase to run.
  Phase last = Phase::Commands;
};

/// Every dialect, interface and kernel that the phases need.
void registerCompileDialects(mlir::DialectRegistry &registry);

/// The phase that a module is at, from the dialects that it uses and from what
/// has been decided.
Phase phaseOf(mlir::ModuleOp module);

/// Appends the passes that bring a module from the end of `first`, or from the
/// importer when `first` is nothing, to the end of `options.last`.
void buildCompilePipeline(mlir::OpPassManager &manager,
                          const CompileOptions &options,
                          std::optional<Phase> first = std::nullopt);

/// Registers the passes of every level, and phases as pipelines: `tpuc-layout`
/// and `tpuc-plan`, from the phase before, and `tpuc-commands`, all from a tpu
/// module on. The others are `top-canonicalize` and `convert-top-to-tpu`.
void registerCompilePasses();

/// Brings `module` to the end of `options.last`, from wherever it is. Errors
/// are diagnostics of its context.
mlir::LogicalResult compileModule(mlir::ModuleOp module,
                                  const CompileOptions &options);

/// Brings `module` to its commands and makes a container of them, which views
/// the module's coefficients.
mlir::FailureOr<target::Bmodel> compileToBmodel(mlir::ModuleOp module,
                                                CompileOptions options);

} // namespace tpuc

#endif // TPUC_DRIVER_COMPILE_H
