//===- tpuc-opt.cpp - Runs passes over any level's text -------------------===//
//
// Registers the dialects and passes of every level with MLIR's opt driver. It
// holds no pass itself.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TopToTpu/Passes.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/Transforms/Passes.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect>();
  registry.insert<tpuc::bm1684x::BM1684XDialect>();
  registry.insert<tpuc::top::TopDialect>();
  registry.insert<tpuc::tpu::TpuDialect>();
  tpuc::registerTpuKernels(registry);

  mlir::registerTransformsPasses();
  tpuc::top::registerTopPasses();
  tpuc::top::registerPipelines();
  tpuc::registerTopToTpuPasses();
  tpuc::bm1684x::registerBM1684XPasses();
  tpuc::registerTpuToBM1684XPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "tpuc optimizer driver\n", registry));
}
