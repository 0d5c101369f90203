//===- BM1684X.h - The command dialect --------------------------*- C++ -*-===//
//
// Declares the bm1684x dialect: one operation a command layout, the token that
// stands for a command's completion, and the helpers that build and inspect
// commands of any layout. What a command does is not known here.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_BM1684X_H
#define TPUC_DIALECT_BM1684X_IR_BM1684X_H

#include "Target/BM1684X/Codec.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Dialect/BM1684X/IR/BM1684XDialect.h.inc"
#include "Dialect/BM1684X/IR/BM1684XInterfaces.h.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/BM1684X/IR/BM1684XTypes.h.inc"

namespace tpuc::bm1684x {

/// Creates the command of `layout` whose function and fields are those of
/// `registers`; form, opcode and ids in `registers` are ignored, as are fields
/// that the layout lacks. The operation waits for the tokens `waits`. A value
/// that does not fit its field is reported by the operation's verifier.
mlir::Operation *createCommand(mlir::OpBuilder &builder,
                               mlir::Location location, codec::Layout layout,
                               const codec::Registers &registers,
                               mlir::ValueRange waits = {});

/// The fields of `layout` that an operation holds, in layout order: all but
/// those that the encoder derives.
llvm::ArrayRef<codec::FieldInfo> heldFields(codec::Layout layout);

namespace detail {

/// The attributes of a command operation.
struct CommandValues {
  mlir::IntegerAttr function;
  mlir::DictionaryAttr fields;
};

/// Fills in operands and result type of `state` and returns the attributes.
CommandValues prepareCommand(mlir::OpBuilder &builder,
                             mlir::OperationState &state, codec::Layout layout,
                             const codec::Registers &registers,
                             mlir::ValueRange waits);

/// Sets function and fields of `registers`, which verifyCommand() accepts, and
/// zero elsewhere.
void readRegisters(codec::Layout layout, uint32_t function,
                   mlir::DictionaryAttr fields, codec::Registers &registers);

/// Checks the function, and that each field exists and its value fits.
mlir::LogicalResult verifyCommand(mlir::Operation *op, codec::Layout layout,
                                  uint32_t function,
                                  mlir::DictionaryAttr fields);

/// Reads `keyword {field = value, ...} wait(%tokens)` and optional attributes.
mlir::ParseResult parseCommand(mlir::OpAsmParser &parser,
                               mlir::OperationState &result,
                               codec::Layout layout,
                               mlir::IntegerAttr &function,
                               mlir::DictionaryAttr &fields);

/// Writes what parseCommand reads; fields that are zero are left out.
void printCommand(mlir::OpAsmPrinter &printer, mlir::Operation *op,
                  codec::Layout layout, uint32_t function,
                  mlir::DictionaryAttr fields, mlir::ValueRange waits);

} // namespace detail
} // namespace tpuc::bm1684x

#define GET_OP_CLASSES
#include "Dialect/BM1684X/IR/BM1684XOps.h.inc"

#endif // TPUC_DIALECT_BM1684X_IR_BM1684X_H
