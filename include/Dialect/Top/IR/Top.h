//===- Top.h - The top dialect ----------------------------------*- C++ -*-===//
//
// Declares the dialect, its enumerations and its ops, and the helpers with
// which others build and read them. What the ops mean is in Top*Ops.td.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOP_H
#define TPUC_DIALECT_TOP_IR_TOP_H

#include "Dialect/Top/IR/Recurrent.h"
#include "Interfaces/DataMovement.h"
#include "Interfaces/Evaluable.h"
#include "Interfaces/Magnitude.h"
#include "Interfaces/RowOrder.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tpuc::top {

/// True when a static shape has 1 to 2^40 elements, each axis at least one.
/// Every tensor of the dialect has: sizes computed from it do not overflow.
bool hasValidSize(llvm::ArrayRef<int64_t> shape);

/// Whether a tensor of type `from` broadcasts to the shape of `to` as in numpy.
bool isRepeatedTo(mlir::Type from, mlir::Type to);

/// The trait of element-wise ops: an element of the result is computed from
/// those at its position, where operands repeat their axes of size 1 as in
/// numpy.
template <typename ConcreteType>
class Pointwise : public mlir::OpTrait::TraitBase<ConcreteType, Pointwise> {};

} // namespace tpuc::top

#include "Dialect/Top/IR/TopDialect.h.inc"

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopBinaryOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopConstantOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopConvOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopNormOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopRecurrentOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopShapeOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopUnaryOps.h.inc"

namespace tpuc::top {

/// The attribute of an argument that says how it is made from a picture: a
/// dictionary of mean and scale (array<f64>, a number a channel), pixel_format
/// (rgb, bgr, gray or rgba), channel_format (nchw or nhwc), and how to resize.
inline constexpr llvm::StringLiteral kPreprocessAttrName = "top.preprocess";

/// The attribute of an argument that holds the type of its elements in the
/// compiled network, `!quant.uniform`.
inline constexpr llvm::StringLiteral kPortAttrName = "top.port";

/// Builds the op called `name` ("top.conv") at the builder's insertion point
/// and verifies it. Attributes have the names and types of the op's definition;
/// those with a default may be left out. `results` may be empty when the op
/// infers its types. Emits an error at `loc` and fails when the op is unknown
/// or wrong; nothing is inserted then.
mlir::FailureOr<mlir::Operation *>
buildOp(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef name,
        mlir::ValueRange operands, llvm::ArrayRef<mlir::NamedAttribute> attrs,
        mlir::TypeRange results = {});

/// The shape that `shapes` broadcast to as in numpy, or nothing when they do
/// not.
std::optional<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

/// The f32 elements of a constant, in row-major order: of a `top.weight` that
/// defines `value`. Fails when it is something else.
mlir::FailureOr<Buffer> getConstant(mlir::Value value);

/// The number that all elements of the constant `value` equal, if they do.
std::optional<double> getSplat(mlir::Value value);

} // namespace tpuc::top

#endif // TPUC_DIALECT_TOP_IR_TOP_H
