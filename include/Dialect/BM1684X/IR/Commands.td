//===- Commands.td - The BM1684X commands, bit by bit -------*- tablegen -*-===//
//
// The single description of the command words. tpuc-tblgen generates the codec,
// the text form of the operations and the register reference from it.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_COMMANDS_TD
#define TPUC_DIALECT_BM1684X_IR_COMMANDS_TD

include "Dialect/BM1684X/IR/TiuCommands.td"
include "Dialect/BM1684X/IR/TiuMoveCommands.td"
include "Dialect/BM1684X/IR/GdmaCommands.td"

#endif // TPUC_DIALECT_BM1684X_IR_COMMANDS_TD
