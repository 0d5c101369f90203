//===- Pipelines.cpp - Pipelines of the top dialect -----------------------===//
//
// The order in which an imported network is brought into canonical form.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace tpuc;

void top::buildCanonicalizePipeline(OpPassManager &manager) {
  manager.addPass(createTopRotateAllRows());
  // Formulas are compared by value, so equal expressions become one first.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createTopRecognizeOps());
  manager.addPass(createTopFoldAffine());
  manager.addPass(createTopPackProjections());
  // Separates the parts of formulas by reshapes, so it comes after them.
  manager.addPass(createTopFlattenRows());
  manager.addPass(createTopMixAxes());
  manager.addPass(createTopJoinHeads());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createTopPropagateTransposes());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createTopShareWeights());
  manager.addPass(createCSEPass());
}

void top::registerPipelines() {
  PassPipelineRegistration<>(
      "top-canonicalize",
      "Brings a network into canonical form: canonicalises, recognises "
      "composite ops, folds constants into weights",
      [](OpPassManager &manager) { buildCanonicalizePipeline(manager); });
}
