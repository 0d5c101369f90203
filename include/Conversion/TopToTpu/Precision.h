//===- Precision.h - Precision of a network and of its ops -----*- C++ -*-===//
//
// The precisions in which a network runs, and the table that chooses them for
// single ops. It decides nothing by itself.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TOPTOTPU_PRECISION_H
#define TPUC_CONVERSION_TOPTOTPU_PRECISION_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace tpuc {

/// Element type in which ops compute. INT8 is for those that have such a form;
/// the others then compute in f16.
enum class Precision { F32, F16, BF16, INT8 };

/// "F32", "F16", "BF16" or "INT8".
llvm::StringRef stringifyPrecision(Precision precision);

/// The float type of a precision: f16 for INT8.
mlir::FloatType getElementType(Precision precision, mlir::MLIRContext *context);

/// Precisions of single ops, by their names.
using QuantizeTable = llvm::StringMap<Precision>;

/// Parses a quantize table: a line holds an op's name, which may have blanks in
/// it, and its precision; what follows a `#` at the line's begin or behind a
/// blank is a comment. `file` is for messages. Fails on a line of
/// another form, an unknown precision, and two precisions for one op.
llvm::Expected<QuantizeTable> parseQuantizeTable(llvm::StringRef text,
                                                 llvm::StringRef file);

/// Reads and parses a quantize table.
llvm::Expected<QuantizeTable> readQuantizeTable(llvm::StringRef file);

} // namespace tpuc

#endif // TPUC_CONVERSION_TOPTOTPU_PRECISION_H
