//===- TpuNormOps.cpp - Normalisation and reduction -----------------------===//
//
// Verifiers and builders of the ops that combine elements along the last axes.
//
//===----------------------------------------------------------------------===//

#include "Verify.h"

using namespace mlir;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuNormOps.cpp.inc"

static LogicalResult verifyHasAxis(Operation *op, Value input) {
  if (!getShape(input).empty())
    return success();
  return op->emitOpError("has an operand of rank 0, expected at least 1 axis");
}

LogicalResult SoftmaxOp::verify() {
  /*softmax_c1*/
  return verifyHasAxis(*this, getInput());
}

template <typename OpTy> static LogicalResult verifyNorm(OpTy op) {
  /*norm_c1*/
  if (failed(verifyHasAxis(op, op.getInput())))
    return failure();
  /*norm_c2*/
  int64_t size = getShape(op.getInput()).back();
  if (failed(verifyVector(op, "scale", op.getScale(), size)) ||
      failed(verifyVector(op, "bias", op.getBias(), size)))
    return failure();
  for (Value value : {op.getScale(), op.getBias()})
    if (value && getElement(value) != getElement(op.getInput()))
      return op.emitOpError("has scale or bias of element type ")
             << getElement(value) << ", expected the input's, "
             << getElement(op.getInput());
  /*norm_c3*/
  if (op.getEpsilon().isNaN() || op.getEpsilon().isNegative())
    return op.emitOpError("'epsilon' is ")
           << op.getEpsilon().convertToDouble() << ", expected >= 0";
  /*norm_c4*/
  if (op.getBias() && !op.getScale())
    return op.emitOpError("has a bias without a scale");
  return success();
}

LogicalResult LayerNormOp::verify() { return verifyNorm(*this); }

LogicalResult RMSNormOp::verify() { return verifyNorm(*this); }

static SmallVector<int64_t> getReducedShape(Value input, int64_t axis) {
  SmallVector<int64_t> shape(getShape(input));
  for (size_t i = axis; i < shape.size(); ++i)
    shape[i] = 1;
  return shape;
}

void ReduceOp::build(OpBuilder &builder, OperationState &state, ReduceKind kind,
                     Value input, int64_t axis) {
  auto type = cast<RankedTensorType>(input.getType());
  build(builder, state, type.clone(getReducedShape(input, axis)), kind, input,
        static_cast<uint64_t>(axis));
}

LogicalResult ReduceOp::verify() {
  /*reduce_c1*/
  int64_t axis = getAxis();
  if (failed(verifyAxis(*this, "axis", axis, getShape(getInput()).size())))
    return failure();
  /*reduce_c2*/
  return verifyResultShape(*this, getReducedShape(getInput(), axis));
}
