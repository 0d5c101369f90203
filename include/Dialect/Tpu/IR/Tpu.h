//===- Tpu.h - The tpu dialect ----------------------------------*- C++ -*-===//
//
// Declares the dialect, its enumerations and its ops. What the ops mean is in
// Tpu*Ops.td.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPU_H
#define TPUC_DIALECT_TPU_IR_TPU_H

#include "Dialect/Top/IR/Recurrent.h"
#include "Interfaces/BatchSplit.h"
#include "Interfaces/DataMovement.h"
#include "Interfaces/Evaluable.h"
#include "Interfaces/LaneLayout.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tpuc::tpu {

/// Whether elements are INT8 with one scale: the type of INT8 activations.
inline bool isQuantized(mlir::Type element) {
  auto type = llvm::dyn_cast<mlir::quant::UniformQuantizedType>(element);
  return type && type.getStorageTypeIntegralWidth() == 8;
}

/// Whether elements are i8 with a scale a channel and no zero points: the type
/// of INT8 filters.
inline bool isQuantizedPerAxis(mlir::Type element) {
  auto type = llvm::dyn_cast<mlir::quant::UniformQuantizedPerAxisType>(element);
  return type && type.getStorageTypeIntegralWidth() == 8 && type.isSigned() &&
         llvm::all_of(type.getZeroPoints(),
                      [](int64_t zeroPoint) { return zeroPoint == 0; });
}

/// The type in which elements are stored: i8 for quantised ones, else their
/// own.
inline mlir::Type getStorageElement(mlir::Type element) {
  if (auto type = llvm::dyn_cast<mlir::quant::QuantizedType>(element))
    return type.getStorageType();
  return element;
}

/// A tensor type with its elements as they are stored.
inline mlir::RankedTensorType getStorageType(mlir::RankedTensorType type) {
  return llvm::cast<mlir::RankedTensorType>(
      type.clone(getStorageElement(type.getElementType())));
}

/// Checks that all operands of `op` have one rank and broadcast to its result.
llvm::LogicalResult verifyPointwise(mlir::Operation *op);

/// The trait of element-wise ops: an element of the result is computed from
/// those at its position, where operands repeat their axes of size 1.
template <typename ConcreteType>
class Pointwise : public mlir::OpTrait::TraitBase<ConcreteType, Pointwise> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifyPointwise(op);
  }
};

/// What `op` computes, as the op of the top dialect that has its name and its
/// attributes: in f32, with the result rounded to its element type.
llvm::Expected<llvm::SmallVector<Buffer>>
evaluateAsTop(mlir::Operation *op, llvm::ArrayRef<Buffer> operands);

/// The trait of ops that are evaluated in this way.
template <typename ConcreteType>
class EvaluatesAsTop
    : public mlir::OpTrait::TraitBase<ConcreteType, EvaluatesAsTop> {
public:
  llvm::Expected<llvm::SmallVector<Buffer>>
  evaluate(llvm::ArrayRef<Buffer> operands) {
    return evaluateAsTop(this->getOperation(), operands);
  }
};

} // namespace tpuc::tpu

#include "Dialect/Tpu/IR/TpuDialect.h.inc"
#include "Dialect/Tpu/IR/TpuEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Dialect/Tpu/IR/TpuAttributes.h.inc"

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuAttentionOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuConstantOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuConvOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuElementwiseOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuGroupOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuNormOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuRecurrentOps.h.inc"
#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuShapeOps.h.inc"

namespace tpuc::tpu {

/// The attributes by which later passes say what they decided.
inline constexpr llvm::StringLiteral kLayoutAttrName = "tpu.layout";
inline constexpr llvm::StringLiteral kNumberAttrName = "tpu.op";
inline constexpr llvm::StringLiteral kMemoryAttrName = "tpu.mem";
inline constexpr llvm::StringLiteral kKernelsAttrName = "tpu.kernels";
inline constexpr llvm::StringLiteral kPlanAttrName = "tpu.plan";
/// On a reshape whose result has memory of its own.
inline constexpr llvm::StringLiteral kCopyAttrName = "tpu.copy";

/// The lane layout of the result of `op`; null when it has none.
inline LaneLayoutAttr getLayout(mlir::Operation *op) {
  return op->getAttrOfType<LaneLayoutAttr>(kLayoutAttrName);
}

/// The static shape of a tensor value.
inline llvm::ArrayRef<int64_t> getShape(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The element type of a tensor value.
inline mlir::Type getElement(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType();
}

/// The shape that shapes of equal rank broadcast to (axes of size 1 are
/// repeated), or nothing when they do not.
std::optional<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

/// True when a permute by `order` of a tensor of `shape` only moves axes of
/// size 1, so that it is a reshape.
bool isReshape(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> order);

/// The output size of a window of `taps` positions, `dilation` apart, that
/// moves by `stride` over `input` positions with `pads` more in all; below 1
/// when the window does not fit.
int64_t getWindowCount(int64_t input, int64_t pads, int64_t taps,
                       int64_t stride, int64_t dilation = 1);

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_IR_TPU_H
