//===- Weights.h - Conversion of constants ----------------------*- C++ -*-===//
//
// Rounds the elements of constants to the types in which the chip reads them.
// It changes no layout. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_WEIGHTS_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_WEIGHTS_H

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace tpuc {

/// Converts a constant of f32, i64, i32 or i1 to elements of type f32, f16,
/// bf16 or i32. The result shares the data when the type does not change; data
/// of a resource becomes a new resource called after the old one. Fails when a
/// finite element is beyond the type's range, an integer does not fit into i32,
/// or a resource has no data.
llvm::Expected<mlir::ElementsAttr> convertElements(mlir::ElementsAttr from,
                                                   mlir::Type element);

/// True when every finite element of the f32 constant is finite in `element`,
/// too.
bool fitsElement(mlir::ElementsAttr from, mlir::Type element);

/// What becomes of a constant in an element type: it overflows; or it becomes 0
/// or loses half its bits.
struct ConstantFit {
  bool isTooLarge = false, isTooSmall = false;
};
ConstantFit getFit(double value, mlir::Type element);

/// Elements as i8 with a scale for each entry of one axis.
struct QuantizedElements {
  mlir::DenseResourceElementsAttr elements;
  llvm::SmallVector<double> scales;
};

/// Quantises an f32 constant: of each entry of `axis` the largest magnitude
/// becomes 127. Nothing when it has no data, or is not finite.
std::optional<QuantizedElements> quantizeElements(mlir::ElementsAttr from,
                                                  int64_t axis);

/// An f32 constant as integers of a type with one scale: what lies beyond its
/// range becomes its least or largest integer. Fails when it has no data or a
/// NaN.
llvm::Expected<mlir::ElementsAttr>
quantizeElements(mlir::ElementsAttr from,
                 mlir::quant::UniformQuantizedType type);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_WEIGHTS_H
