//===- tpuc-opt.cpp - Runs passes over any level's text -------------------===//
//
// Registers the dialects and passes of every level with MLIR's opt driver. It
// holds no pass itself.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TopToTpu/Passes.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/Transforms/Passes.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Driver/Compile.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

#ifdef TPUC_INCLUDE_TESTS
namespace tpuc::test {
void registerTestEvaluate();
} // namespace tpuc::test
#endif

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tpuc::registerCompileDialects(registry);

  mlir::registerTransformsPasses();
  tpuc::top::registerTopPasses();
  tpuc::top::registerPipelines();
  tpuc::registerTopToTpuPasses();
  tpuc::tpu::registerTpuPasses();
  tpuc::bm1684x::registerBM1684XPasses();
  tpuc::registerTpuToBM1684XPasses();
  tpuc::registerCompilePipelines();
#ifdef TPUC_INCLUDE_TESTS
  tpuc::test::registerTestEvaluate();
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "tpuc optimizer driver\n", registry));
}
