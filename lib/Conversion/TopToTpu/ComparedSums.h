//===- ComparedSums.h - Sums of which the largest is sought -----*- C++ -*-===//
//
// What products do not round to 16 bits.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_COMPAREDSUMS_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_COMPAREDSUMS_H

#include "Dialect/Top/IR/Top.h"

namespace tpuc {

/// The element type of a product's result: f32 where sums are only compared to
/// find the largest, since rounding makes equal ones of the best; else
/// `element`.
inline mlir::Type getSumElement(mlir::Value result, mlir::Type element) {
  bool isCompared = !result.use_empty() &&
                    llvm::all_of(result.getUsers(), llvm::IsaPred<top::ArgOp>);
  return isCompared ? mlir::Float32Type::get(element.getContext()) : element;
}

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_COMPAREDSUMS_H
