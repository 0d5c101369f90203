//===- TpuShapeOps.cpp - Views and movement of data -----------------------===//
//
// Verifiers and builders of the ops that move data. Their folders and
// canonicalisation are in TpuCanonicalize.cpp.
//
//===----------------------------------------------------------------------===//

#include "Analysis/Boxes.h"
#include "Verify.h"

#include <algorithm>

using namespace mlir;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuShapeOps.cpp.inc"

static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

/// The type of `like` with another shape.
static Type withShape(Value like, ArrayRef<int64_t> shape) {
  return cast<RankedTensorType>(like.getType()).clone(shape);
}

void ReshapeOp::build(OpBuilder &builder, OperationState &state, Value input,
                      ArrayRef<int64_t> shape) {
  build(builder, state, withShape(input, shape), input);
}

LogicalResult ReshapeOp::verify() {
  /*reshape_c1*/
  int64_t from = getInput().getType().getNumElements();
  int64_t to = getOutput().getType().getNumElements();
  if (from != to)
    return emitOpError("has ") << from << " elements in and " << to
                               << " out, expected equal numbers";
  return success();
}

static SmallVector<int64_t> getPermutedShape(Value input,
                                             ArrayRef<int64_t> order) {
  SmallVector<int64_t> shape;
  for (int64_t axis : order)
    shape.push_back(getShape(input)[axis]);
  return shape;
}

void PermuteOp::build(OpBuilder &builder, OperationState &state, Value input,
                      ArrayRef<int64_t> order) {
  build(builder, state, withShape(input, getPermutedShape(input, order)), input,
        order);
}

LogicalResult PermuteOp::verify() {
  /*permute_c1*/
  size_t rank = getShape(getInput()).size();
  SmallVector<bool> seen(rank);
  bool valid = getOrder().size() == rank;
  for (int64_t axis : getOrder()) {
    valid &= axis >= 0 && axis < int64_t(rank) && !seen[axis];
    if (!valid)
      break;
    seen[axis] = true;
  }
  if (!valid)
    return emitOpError("'order' is ")
           << str(getOrder()) << ", expected a permutation of " << rank
           << " axes";
  /*permute_c2*/
  return verifyResultShape(*this, getPermutedShape(getInput(), getOrder()));
}

LogicalResult RelayoutOp::verify() {
  /*relayout_c1, relayout_c2, relayout_c3*/
  if (llvm::Error error = checkBoxes(getBoxes(), getAxes(),
                                     getOutput().getType().getNumElements(),
                                     getInput().getType().getNumElements()))
    return emitOpError(llvm::toString(std::move(error)));
  return success();
}

void ConcatOp::build(OpBuilder &builder, OperationState &state,
                     ValueRange inputs, int64_t axis) {
  SmallVector<int64_t> shape(getShape(inputs.front()));
  shape[axis] = 0;
  for (Value input : inputs)
    shape[axis] += getShape(input)[axis];
  build(builder, state, withShape(inputs.front(), shape), inputs,
        builder.getI64IntegerAttr(axis));
}

LogicalResult ConcatOp::verify() {
  /*concat_c1*/
  if (getInputs().empty())
    return emitOpError("has no operands, expected at least 1");
  /*concat_c2*/
  SmallVector<int64_t> expected(getShape(getInputs().front()));
  size_t axis = getAxis();
  if (failed(verifyAxis(*this, "axis", getAxis(), expected.size())))
    return failure();
  /*concat_c3*/
  Type element = getElement(getOutput());
  expected[axis] = 0;
  for (Value input : getInputs()) {
    ArrayRef<int64_t> shape = getShape(input);
    bool fits = shape.size() == expected.size() && getElement(input) == element;
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = i == axis || shape[i] == expected[i];
    if (!fits)
      return emitOpError("has an operand of type ")
             << input.getType() << ", expected element type " << element
             << " and the sizes of " << getInputs().front().getType()
             << " but for axis " << axis;
    expected[axis] += shape[axis];
  }
  /*concat_c4*/
  return verifyResultShape(*this, expected);
}

void SliceOp::build(OpBuilder &builder, OperationState &state, Value input,
                    ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                    ArrayRef<int64_t> steps) {
  build(builder, state, withShape(input, sizes), input, offsets, sizes, steps);
}

LogicalResult SliceOp::verify() {
  ArrayRef<int64_t> input = getShape(getInput());
  /*slice_c1, slice_c2*/
  size_t rank = input.size();
  if (failed(
          verifyEntries(*this, "offsets", getOffsets(), rank, 0, kUnlimited)) ||
      failed(verifyEntries(*this, "sizes", getSizes(), rank, 1, kUnlimited)) ||
      failed(verifyEntries(*this, "steps", getSteps(), rank, 1, kUnlimited)))
    return failure();
  /*slice_c3*/
  for (size_t i = 0; i < rank; ++i) {
    int64_t offset = getOffsets()[i], count = getSizes()[i] - 1;
    // Divides, since the product of two numbers from a file may overflow.
    if (offset >= input[i] || (input[i] - 1 - offset) / getSteps()[i] < count)
      return emitOpError("takes ")
             << getSizes()[i] << " elements of axis " << i << " from " << offset
             << " in steps of " << getSteps()[i] << ", expected to stay below "
             << input[i];
  }
  /*slice_c4*/
  return verifyResultShape(*this, getSizes());
}

static SmallVector<int64_t> getPaddedShape(Value input,
                                           ArrayRef<int64_t> pads) {
  SmallVector<int64_t> shape(getShape(input));
  for (size_t i = 0; i < shape.size(); ++i)
    shape[i] += pads[i] + pads[shape.size() + i];
  return shape;
}

void PadOp::build(OpBuilder &builder, OperationState &state, Value input,
                  ArrayRef<int64_t> pads, double value) {
  build(builder, state, withShape(input, getPaddedShape(input, pads)), input,
        builder.getDenseI64ArrayAttr(pads), builder.getF64FloatAttr(value));
}

LogicalResult PadOp::verify() {
  /*pad_c1*/
  if (failed(verifyEntries(*this, "pads", getPads(),
                           2 * getShape(getInput()).size(), 0, INT32_MAX)))
    return failure();
  /*pad_c2*/
  if (failed(verifyResultShape(*this, getPaddedShape(getInput(), getPads()))))
    return failure();
  /*pad_c3*/
  return verifyConstant(*this, getValue(), getElement(getInput()));
}

static SmallVector<int64_t> getGatheredShape(Value input, Value indices,
                                             int64_t axis) {
  ArrayRef<int64_t> from = getShape(input);
  SmallVector<int64_t> shape(from.take_front(axis));
  llvm::append_range(shape, getShape(indices));
  llvm::append_range(shape, from.drop_front(axis + 1));
  return shape;
}

void GatherOp::build(OpBuilder &builder, OperationState &state, Value input,
                     Value indices, int64_t axis) {
  build(builder, state,
        withShape(input, getGatheredShape(input, indices, axis)), input,
        indices, builder.getI64IntegerAttr(axis));
}

LogicalResult GatherOp::verify() {
  /*gather_c1*/
  if (failed(verifyAxis(*this, "axis", getAxis(), getShape(getInput()).size())))
    return failure();
  /*gather_c2*/
  return verifyResultShape(
      *this, getGatheredShape(getInput(), getIndices(), getAxis()));
}

void BroadcastOp::build(OpBuilder &builder, OperationState &state, Value input,
                        ArrayRef<int64_t> shape) {
  build(builder, state, withShape(input, shape), input);
}

LogicalResult BroadcastOp::verify() {
  ArrayRef<int64_t> from = getShape(getInput()), to = getShape(getOutput());
  /*broadcast_c1, broadcast_c2*/
  std::optional<SmallVector<int64_t>> shape = broadcastShapes({from, to});
  if (!shape || ArrayRef<int64_t>(*shape) != to)
    return emitOpError("operand has shape ")
           << str(from) << ", expected rank " << to.size()
           << " and at each axis 1 or the size of " << str(to);
  return success();
}
