//===- ReservedAttr.h - Reserved bits as an attribute -----------*- C++ -*-===//
//
// What other compilers leave in bits of a command that no field owns, kept on
// its operation: `bm1684x.reserved = array<i32: byte, bits, ...>`.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_RESERVEDATTR_H
#define TPUC_DIALECT_BM1684X_IR_RESERVEDATTR_H

#include "Target/BM1684X/ReservedBits.h"
#include "mlir/IR/Operation.h"

namespace tpuc::bm1684x {

/// Keeps the bits on a command; no bits, no attribute.
void setReservedBytes(mlir::Operation *op, const codec::ReservedBytes &bytes);

/// The bits that are kept. Fails, after a diagnostic, when the attribute holds
/// no pairs of bytes and bits.
mlir::FailureOr<codec::ReservedBytes> getReservedBytes(mlir::Operation *op);

} // namespace tpuc::bm1684x

#endif // TPUC_DIALECT_BM1684X_IR_RESERVEDATTR_H
