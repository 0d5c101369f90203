//===- tpuc-tblgen.cpp - Generator over the command description -----------===//
//
// The driver of tpuc's own TableGen backends. It holds no backend itself.
//
//===----------------------------------------------------------------------===//

#include "mlir/Tools/mlir-tblgen/MlirTblgenMain.h"

int main(int argc, char **argv) { return mlir::MlirTblgenMain(argc, argv); }
