//===- tpuc-opt.cpp - Runs passes over any level's text -------------------===//
//
// Registers the dialects and passes of every level with MLIR's opt driver. It
// holds no pass itself.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#ifdef TPUC_INCLUDE_TESTS
namespace tpuc::test {
void registerTestDialect(mlir::DialectRegistry &registry);
void registerTestEvaluate();
} // namespace tpuc::test
#endif

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tpuc::registerCompileDialects(registry);

  tpuc::registerCompilePasses();
#ifdef TPUC_INCLUDE_TESTS
  tpuc::test::registerTestDialect(registry);
  tpuc::test::registerTestEvaluate();
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "tpuc optimizer driver\n", registry));
}
