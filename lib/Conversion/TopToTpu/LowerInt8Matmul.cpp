//===- LowerInt8Matmul.cpp - Lowering of linear layers to INT8 ------------===//
//
// A product with one matrix of weights takes INT8; products of computed
// matrices stay in floats.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Lowering.h"

using namespace mlir;
using namespace tpuc;

static bool isConstant(Value value) {
  return bool(value.getDefiningOp<top::WeightOp>());
}

/// Whether the right operand is one matrix of weights. Longer sums than a
/// command's are made of parts, in floats.
static bool isLinear(top::MatMulOp op) {
  return isConstant(op.getRhs()) && !op.getLeftTranspose() &&
         getShape(op.getRhs()).size() == 2 &&
         getShape(op.getLhs()).back() <= archOf(op).maxSize &&
         (!op.getBias() || isConstant(op.getBias()));
}

static FailureOr<bool> lowerMatMul(top::MatMulOp op, Lowering &lowering) {
  ArrayRef<int64_t> right = getShape(op.getRhs());
  FailureOr<Value> left = lowering.getInt8(op.getLhs());
  if (failed(left))
    return failure();
  FailureOr<Type> element = lowering.getContractionElement(op, op.getOutput());
  if (failed(element))
    return failure();
  bool isTransposed = op.getRightTranspose();
  Value filter =
      lowering.getFilter(op.getRhs(), /*axis=*/isTransposed ? 0 : 1, right);
  if (!filter)
    return false;
  Value bias;
  if (op.getBias())
    bias = lowering.get(op.getBias(), Float32Type::get(op.getContext()));
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  int64_t depth = getShape(*left).back(), columns = shape.back();
  int64_t rows = op.getOutput().getType().getNumElements() / columns;
  Value output = lowering.emit<tpu::MatMulOp>(
      RankedTensorType::get({rows, columns}, *element),
      lowering.reshape(*left, {rows, depth}), filter, bias,
      /*left_transpose=*/false, isTransposed, /*do_relu=*/false, APFloat(-1.0));
  lowering.replace(op.getResult(), lowering.reshape(output, shape));
  return true;
}

void tpuc::populateInt8MatmulLowerings(LoweringSet &set) {
  set.addInt8(lowerMatMul, Int8Use::Contracts, isLinear);
  set.addZeroPoint<top::MatMulOp>();
}
