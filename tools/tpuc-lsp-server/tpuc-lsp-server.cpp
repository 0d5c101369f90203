//===- tpuc-lsp-server.cpp - Modules in an editor -------------------------===//
//
// MLIR's language server with the dialects of every level: errors while one
// types, definitions, uses, documentation of operations.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  tpuc::registerCompileDialects(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
