//===- PrecisionAttributes.h - The precision of ops in the IR ---*- C++ -*-===//
//
// The attributes that top-assign-precision writes and convert-top-to-tpu reads.
// Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONATTRIBUTES_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONATTRIBUTES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tpuc {

/// Of a function: the float type in which ops compute. Of an op: the one in
/// which it does instead, or that the quantize table gave it.
inline constexpr llvm::StringLiteral kElementAttrName = "top.element";
/// Of a convolution: those of its filter and its result, where these differ.
inline constexpr llvm::StringLiteral kFilterAttrName = "top.filter_element";
inline constexpr llvm::StringLiteral kResultAttrName = "top.result_element";
/// Of an op: it computes in its INT8 form.
inline constexpr llvm::StringLiteral kInt8AttrName = "top.int8";
/// Of a value: all that read it prefer INT8.
inline constexpr llvm::StringLiteral kPrefersInt8AttrName = "top.prefers_int8";
/// Of a value: the !quant.uniform type in which INT8 readers take it.
inline constexpr llvm::StringLiteral kQuantTypeAttrName = "top.quant_type";
/// Of a value: finite numbers beyond a 16-bit type become its largest.
inline constexpr llvm::StringLiteral kSaturatesAttrName = "top.saturates";
/// Of a function: its results may be INT8.
inline constexpr llvm::StringLiteral kQuantizesResultsAttrName =
    "top.quantizes_results";
inline constexpr llvm::StringLiteral kPrecisionAttrNames[] = {
    kElementAttrName,   kFilterAttrName,          kResultAttrName,
    kInt8AttrName,      kPrefersInt8AttrName,     kQuantTypeAttrName,
    kSaturatesAttrName, kQuantizesResultsAttrName};

/// Checks those of a function, which a person may have written.
llvm::LogicalResult verifyPrecision(mlir::func::FuncOp function);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONATTRIBUTES_H
