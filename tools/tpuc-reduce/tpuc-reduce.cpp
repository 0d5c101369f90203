//===- tpuc-reduce.cpp - Makes a module that shows a fault smaller --------===//
//
// MLIR's reducer with the dialects and passes of every level.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tpuc::registerCompileDialects(registry);
  tpuc::registerCompilePasses();
  mlir::MLIRContext context(registry);
  return failed(mlir::mlirReduceMain(argc, argv, context));
}
