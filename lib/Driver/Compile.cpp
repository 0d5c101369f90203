//===- Compile.cpp - From a model to a .bmodel ----------------------------===//
//
// Puts the phases' passes in order and finds out at which phase a module is.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"

#include "Conversion/TopToTpu/Passes.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/Transforms/Passes.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Target/BM1684X/Translation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tpuc;

std::optional<Phase> tpuc::findPhase(StringRef name) {
  return llvm::StringSwitch<std::optional<Phase>>(name)
      .Case("top", Phase::Top)
      .Case("tpu", Phase::Tpu)
      .Case("commands", Phase::Commands)
      .Default(std::nullopt);
}

void tpuc::registerCompileDialects(DialectRegistry &registry) {
  registry.insert<func::FuncDialect, quant::QuantDialect, top::TopDialect,
                  tpu::TpuDialect, bm1684x::BM1684XDialect>();
  registerTpuKernels(registry);
}

Phase tpuc::phaseOf(ModuleOp module) {
  Phase phase = Phase::Top;
  module.walk([&](Operation *op) {
    StringRef dialect = op->getName().getDialectNamespace();
    if (dialect == bm1684x::BM1684XDialect::getDialectNamespace())
      phase = Phase::Commands;
    else if (dialect == tpu::TpuDialect::getDialectNamespace())
      phase = Phase::Tpu;
    else
      return WalkResult::advance();
    return WalkResult::interrupt();
  });
  return phase;
}

static void buildTop(OpPassManager &manager) {
  top::buildCanonicalizePipeline(manager);
}

static void buildTpu(OpPassManager &manager, const CompileOptions &options) {
  if (!options.calibrationTable.empty()) {
    top::TopImportCalibrationOptions calibration;
    calibration.table = options.calibrationTable;
    manager.addPass(top::createTopImportCalibration(calibration));
  }
  ConvertTopToTpuOptions lowering;
  lowering.precision = options.precision;
  lowering.quantizeTable = options.quantizeTable;
  lowering.asymmetric = options.asymmetric;
  lowering.quantInput = options.quantInput;
  lowering.quantOutput = options.quantOutput;
  lowering.quantInputs.assign(options.quantInputs.begin(),
                              options.quantInputs.end());
  lowering.quantOutputs.assign(options.quantOutputs.begin(),
                               options.quantOutputs.end());
  manager.addPass(createConvertTopToTpu(lowering));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(tpu::createTpuFuseActivation());
}

static void buildCommands(OpPassManager &manager, unsigned optLevel) {
  ConvertTpuToBM1684XOptions options;
  options.keepResident = options.fuse = options.prefetch = optLevel > 1;
  options.search = optLevel - 1;
  if (optLevel > 1)
    manager.addPass(createChooseBatchSplit());
  buildLanesPipeline(manager.nest<func::FuncOp>());
  manager.addPass(createConvertTpuToBM1684X(options));
  manager.addNestedPass<func::FuncOp>(bm1684x::createBM1684XVerifyHazards());
}

void tpuc::buildCompilePipeline(OpPassManager &manager,
                                const CompileOptions &options,
                                std::optional<Phase> first) {
  // Canonical top is brought to the same form again at no cost, so that a file
  // edited by hand is as good as an imported one.
  if (!first || *first == Phase::Top)
    buildTop(manager);
  if (options.last >= Phase::Tpu && (!first || *first < Phase::Tpu))
    buildTpu(manager, options);
  if (options.last >= Phase::Commands && (!first || *first < Phase::Commands))
    buildCommands(manager, options.optLevel);
}

namespace {

struct CommandsOptions : public PassPipelineOptions<CommandsOptions> {
  Option<unsigned> opt{*this, "opt",
                       llvm::cl::desc("How much is done for speed, 1 to 3"),
                       llvm::cl::init(2)};
};

} // namespace

void tpuc::registerCompilePipelines() {
  static PassPipelineRegistration<CommandsOptions> commandsPhase(
      "tpuc-commands", "Turn a tpu module into commands",
      [](OpPassManager &manager, const CommandsOptions &options) {
        buildCommands(manager, options.opt);
      });
}

LogicalResult tpuc::compileModule(ModuleOp module,
                                  const CompileOptions &options) {
  PassManager manager(module.getContext());
  buildCompilePipeline(manager, options, phaseOf(module));
  return manager.run(module);
}

FailureOr<target::Bmodel> tpuc::compileToBmodel(ModuleOp module,
                                                CompileOptions options) {
  options.last = Phase::Commands;
  if (failed(compileModule(module, options)))
    return failure();
  return target::exportBmodel(module);
}
