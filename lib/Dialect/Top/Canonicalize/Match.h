//===- Match.h - Helpers of the top dialect's patterns ----------*- C++ -*-===//
//
// What the pattern families share: constants and views. Not for other
// libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_CANONICALIZE_MATCH_H
#define TPUC_LIB_DIALECT_TOP_CANONICALIZE_MATCH_H

#include "Dialect/Top/IR/Top.h"
#include "mlir/IR/PatternMatch.h"

namespace tpuc::top {

/// The static shape of a value.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The type of a value with another shape.
inline mlir::RankedTensorType withShape(mlir::Value value,
                                        llvm::ArrayRef<int64_t> shape) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).clone(shape);
}

inline bool isF32(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType())
      .getElementType()
      .isF32();
}

inline bool isConstant(mlir::Value value) {
  return value.getDefiningOp<WeightOp>() != nullptr;
}

/// True for functions of one element, whose result has the operand's type.
inline bool isFunction(mlir::Operation *op) {
  return op->hasTrait<Pointwise>() && op->getNumOperands() == 1 &&
         op->getOperand(0).getType() == op->getResult(0).getType();
}

/// True when all elements of `value` are the constant `expected`, to a relative
/// precision that f32 constants of a network have.
inline bool isSplat(mlir::Value value, double expected,
                    double tolerance = 1e-6) {
  std::optional<double> splat = getSplat(value);
  return splat && std::abs(*splat - expected) <= tolerance * std::abs(expected);
}

/// A reshape of `value`, or `value` itself when it has that shape.
inline mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value value, llvm::ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return value;
  return ReshapeOp::create(builder, loc, withShape(value, shape), value);
}

/// An f32 constant of the given shape.
inline mlir::Value makeWeight(mlir::OpBuilder &builder, mlir::Location loc,
                              const Buffer &buffer) {
  auto type =
      mlir::RankedTensorType::get(buffer.getShape(), builder.getF32Type());
  return WeightOp::create(builder, loc, attrFromBuffer(buffer, type));
}

/// The one axis along which a constant varies when it is broadcast to `shape`,
/// or nothing; all other axes of the constant have size 1. A constant of one
/// element varies along no axis and gives -1.
std::optional<int64_t> getVaryingAxis(mlir::Value constant,
                                      llvm::ArrayRef<int64_t> shape);

/// The location of a step on the way to what `loc` names. The name of a tensor
/// stands inside that of its node; a step holds other elements, or the same in
/// another order, and must not claim to be it.
mlir::Location getStepLoc(mlir::Location loc);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_CANONICALIZE_MATCH_H
