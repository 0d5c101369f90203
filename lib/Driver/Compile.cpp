//===- Compile.cpp - From a model to a .bmodel ----------------------------===//
//
// Puts the phases' passes in order and finds out at which phase a module is.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"
#include "Driver/RunPasses.h"

#include "Conversion/TopToTpu/Passes.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/Transforms/Passes.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Plan/Passes.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Target/BM1684X/Translation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tpuc;

/// In the order of Phase.
static constexpr StringRef kPhaseNames[] = {"top", "tpu", "layout", "plan",
                                            "commands"};

ArrayRef<StringRef> tpuc::phaseNames() { return kPhaseNames; }

std::optional<Phase> tpuc::findPhase(StringRef name) {
  const auto *found = llvm::find(kPhaseNames, name);
  if (found == std::end(kPhaseNames))
    return std::nullopt;
  return Phase(found - std::begin(kPhaseNames));
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
    else if (op->hasAttr(tpu::kPlanAttrName))
      phase = Phase::Plan;
    else if (tpu::getLayout(op))
      phase = std::max(phase, Phase::Layout);
    else if (dialect == tpu::TpuDialect::getDialectNamespace())
      phase = std::max(phase, Phase::Tpu);
    return phase == Phase::Commands ? WalkResult::interrupt()
                                    : WalkResult::advance();
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
  TopAssignPrecisionOptions assignment;
  assignment.precision = options.precision;
  assignment.quantizeTable = options.quantizeTable;
  assignment.asymmetric = options.asymmetric;
  assignment.quantInput = options.quantInput;
  assignment.quantOutput = options.quantOutput;
  assignment.quantInputs.assign(options.quantInputs.begin(),
                                options.quantInputs.end());
  assignment.quantOutputs.assign(options.quantOutputs.begin(),
                                 options.quantOutputs.end());
  manager.addPass(createTopAssignPrecision(assignment));
  manager.addPass(createConvertTopToTpu());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(tpu::createTpuFuseActivation());
}

static void buildLayout(OpPassManager &manager, unsigned optLevel) {
  manager.addNestedPass<func::FuncOp>(tpu::createTpuAllowSplit());
  if (optLevel > 1) {
    manager.addPass(tpu::createTpuChooseBatchSplit());
    manager.addPass(tpu::createTpuChooseInputCasts());
    manager.addPass(tpu::createTpuChoosePixelBlocks());
  } else {
    manager.addNestedPass<func::FuncOp>(tpu::createTpuFoldPixels());
  }
  tpu::buildLanesPipeline(manager.nest<func::FuncOp>());
}

static void buildPlan(OpPassManager &manager, unsigned optLevel) {
  manager.addNestedPass<func::FuncOp>(tpu::createTpuPackWeights());
  tpu::TpuLayerGroupOptions options;
  options.keepResident = options.fuse = options.prefetch = optLevel > 1;
  options.search = optLevel - 1;
  manager.addPass(tpu::createTpuLayerGroup(options));
}

static void buildCommands(OpPassManager &manager) {
  manager.addPass(tpu::createTpuVerifyPlan());
  manager.addPass(createConvertTpuToBM1684X());
  manager.addNestedPass<func::FuncOp>(bm1684x::createBM1684XVerifyHazards());
}

void tpuc::buildCompilePipeline(OpPassManager &manager,
                                const CompileOptions &options,
                                std::optional<Phase> first) {
  if (options.last >= Phase::Tpu) {
    tpu::TpuAttachTargetOptions target;
    target.chip = options.chip;
    manager.addPass(tpu::createTpuAttachTarget(target));
  }
  // Canonical top is brought to the same form again at no cost, so that a file
  // edited by hand is as good as an imported one.
  if (!first || *first == Phase::Top)
    buildTop(manager);
  if (options.last >= Phase::Tpu && (!first || *first < Phase::Tpu))
    buildTpu(manager, options);
  if (options.last >= Phase::Layout && (!first || *first < Phase::Layout))
    buildLayout(manager, options.optLevel);
  if (options.last >= Phase::Plan && (!first || *first < Phase::Plan))
    buildPlan(manager, options.optLevel);
  if (options.last >= Phase::Commands && (!first || *first < Phase::Commands))
    buildCommands(manager);
}

namespace {

struct PhaseOptions : public PassPipelineOptions<PhaseOptions> {
  Option<unsigned> opt{*this, "opt",
                       llvm::cl::desc("How much is done for speed, 1 to 3"),
                       llvm::cl::init(2)};
};

} // namespace

void tpuc::registerCompilePasses() {
  registerTransformsPasses();
  top::registerTopPasses();
  top::registerPipelines();
  registerTopToTpuPasses();
  tpu::registerTpuPasses();
  tpu::registerTpuPlanPasses();
  bm1684x::registerBM1684XPasses();
  registerTpuToBM1684XPasses();
  static PassPipelineRegistration<PhaseOptions> layoutPhase(
      "tpuc-layout", "Assign the lanes of a tpu module",
      [](OpPassManager &manager, const PhaseOptions &options) {
        buildLayout(manager, options.opt);
      });
  static PassPipelineRegistration<PhaseOptions> planPhase(
      "tpuc-plan", "Plan a tpu module whose lanes are assigned",
      [](OpPassManager &manager, const PhaseOptions &options) {
        buildPlan(manager, options.opt);
      });
  static PassPipelineRegistration<PhaseOptions> commandsPhase(
      "tpuc-commands", "Turn a tpu module into commands",
      [](OpPassManager &manager, const PhaseOptions &options) {
        buildLayout(manager, options.opt);
        buildPlan(manager, options.opt);
        buildCommands(manager);
      });
}

LogicalResult tpuc::compileModule(ModuleOp module,
                                  const CompileOptions &options) {
  PassManager manager(module.getContext());
  buildCompilePipeline(manager, options, phaseOf(module));
  return runPasses(manager, module);
}

FailureOr<target::Bmodel> tpuc::compileToBmodel(ModuleOp module,
                                                CompileOptions options) {
  options.last = Phase::Commands;
  if (failed(compileModule(module, options)))
    return failure();
  return target::exportBmodel(module);
}
