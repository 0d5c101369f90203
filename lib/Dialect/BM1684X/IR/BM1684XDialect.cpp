//===- BM1684XDialect.cpp - The command dialect ---------------------------===//
//
// Registers the dialect and instantiates its generated operations. How a
// command is built, checked, parsed and printed is in CommandSyntax.cpp.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace tpuc::bm1684x;

#include "Dialect/BM1684X/IR/BM1684XDialect.cpp.inc"
#include "Dialect/BM1684X/IR/BM1684XInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/BM1684X/IR/BM1684XTypes.cpp.inc"
#define GET_OP_CLASSES
#include "Dialect/BM1684X/IR/BM1684XOps.cpp.inc"

namespace tpuc::bm1684x {
#include "Dialect/BM1684X/IR/BM1684XCommands.cpp.inc"
} // namespace tpuc::bm1684x

void BM1684XDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "Dialect/BM1684X/IR/BM1684XTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Dialect/BM1684X/IR/BM1684XOps.cpp.inc"
      >();
}
