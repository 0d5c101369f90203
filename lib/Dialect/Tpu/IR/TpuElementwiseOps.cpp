//===- TpuElementwiseOps.cpp - Element by element -------------------------===//
//
// Verifiers and builders of the elementwise ops. Canonicalisation of the cast
// is with that of the movements, in TpuCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuElementwiseOps.cpp.inc"

/// The type that elementwise operands give, with the first one's element type;
/// the first operand's own type when they do not fit, for the verifier to find.
static Type getBroadcastType(ArrayRef<Value> operands) {
  auto first = cast<RankedTensorType>(operands.front().getType());
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : operands)
    shapes.push_back(getShape(operand));
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  return shape ? first.clone(*shape) : first;
}

LogicalResult tpuc::tpu::verifyPointwise(Operation *op) {
  /*c1, c2 of element-wise ops*/
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : op->getOperands())
    shapes.push_back(getShape(operand));
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  if (shape)
    return verifyResultShape(op, *shape);
  InFlightDiagnostic error = op->emitOpError("has operands of shapes ");
  llvm::interleaveComma(shapes, error,
                        [&](ArrayRef<int64_t> shape) { error << str(shape); });
  return error << ", expected equal ranks and sizes that are equal or 1";
}

LogicalResult UnaryOp::verify() {
  if (getKind() != UnaryKind::Clip)
    return success();
  /*unary_c1*/
  if (getAlpha().isNaN() || getBeta().isNaN() || getBeta() < getAlpha())
    return emitOpError("clips to [")
           << getAlpha().convertToDouble() << ", "
           << getBeta().convertToDouble() << "], expected alpha <= beta";
  return success();
}

LogicalResult ScalarOp::verify() {
  /*scalar_c1, scalar_c2*/
  return verifyConstant(*this, getValue(), getElement(getInput()));
}

void BinaryOp::build(OpBuilder &builder, OperationState &state, BinaryKind kind,
                     Value lhs, Value rhs) {
  build(builder, state, getBroadcastType({lhs, rhs}), kind, lhs, rhs);
}

LogicalResult BinaryOp::verify() {
  /*binary_c3*/
  Type element = getElement(getOutput());
  if (getKind() == BinaryKind::Div && element.isInteger())
    return emitOpError("divides 'i32', expected a float type");
  bool isSupported = getKind() == BinaryKind::Add ||
                     getKind() == BinaryKind::Sub ||
                     getKind() == BinaryKind::Mul;
  if (isQuantized(element) && !isSupported)
    return emitOpError("has kind '") << stringifyBinaryKind(getKind())
                                     << "' on INT8, expected add, sub or mul";
  /*binary_c4*/
  Type lhs = getElement(getLhs()), rhs = getElement(getRhs());
  bool allBytes = isQuantized(lhs) && isQuantized(rhs) && isQuantized(element);
  if (!allBytes && (lhs != rhs || lhs != element))
    return emitOpError("failed to verify that all of {lhs, rhs, output} have "
                       "same element type");
  return success();
}

void CompareOp::build(OpBuilder &builder, OperationState &state,
                      CompareKind kind, Value lhs, Value rhs) {
  build(builder, state, getBroadcastType({lhs, rhs}), kind, lhs, rhs);
}

void SelectOp::build(OpBuilder &builder, OperationState &state, Value condition,
                     Value lhs, Value rhs) {
  build(builder, state, getBroadcastType({lhs, rhs, condition}), condition, lhs,
        rhs);
}

void CastOp::build(OpBuilder &builder, OperationState &state, Value input,
                   Type elementType) {
  auto type = cast<RankedTensorType>(input.getType());
  build(builder, state, type.clone(elementType), input);
}

LogicalResult CastOp::verify() {
  /*cast_c2*/
  if (getInput().getType() == getOutput().getType())
    return emitOpError("converts ")
           << getElement(getInput()) << " to itself, expected another type";
  /*cast_c3*/
  Type from = getElement(getInput()), to = getElement(getOutput());
  if ((isQuantized(from) && to.isInteger()) ||
      (isQuantized(to) && from.isInteger()) || isQuantizedPerAxis(from) ||
      isQuantizedPerAxis(to))
    return emitOpError("converts ")
           << from << " to " << to
           << ", expected floats or one scale on either side";
  return success();
}
