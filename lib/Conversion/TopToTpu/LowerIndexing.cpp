//===- LowerIndexing.cpp - Lowering of gather and scatter -----------------===//
//
// A gather of slices has a form on the chip. Every other op that picks elements
// by constant indices becomes a gather of single elements, whose indices are
// found by evaluating the op on the numbers of the elements.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"

using namespace mlir;
using namespace tpuc;

/// Makes negative indices count from the start. Fails on those out of range.
static LogicalResult normalise(MutableArrayRef<int64_t> indices, int64_t size,
                               Operation *op, Lowering &lowering) {
  for (int64_t &index : indices) {
    if (index < -size || index >= size)
      return lowering.fail(op, "index " + Twine(index) +
                                   " is out of range of an axis of size " +
                                   Twine(size) + "; correct the model");
    if (index < 0)
      index += size;
  }
  return success();
}

/// The distance of equidistant, ascending indices, or nothing.
static std::optional<int64_t> getStep(ArrayRef<int64_t> indices) {
  if (indices.size() == 1)
    return 1;
  int64_t step = indices[1] - indices[0];
  for (size_t i = 1; i < indices.size(); ++i)
    if (indices[i] - indices[i - 1] != step)
      return std::nullopt;
  return step >= 1 ? std::optional(step) : std::nullopt;
}

/// Makes computed indices count from the start, too:
/// index + size * (index < 0), where min(max(index, -1), 0) is -1 or 0.
static Value emitFromStart(Value indices, int64_t size, Lowering &lowering) {
  Value sign =
      lowering.emit<tpu::ScalarOp>(tpu::ScalarKind::Max, indices, -1.0);
  sign = lowering.emit<tpu::ScalarOp>(tpu::ScalarKind::Min, sign, 0.0);
  Value shift =
      lowering.emit<tpu::ScalarOp>(tpu::ScalarKind::Mul, sign, -double(size));
  return lowering.emit<tpu::BinaryOp>(tpu::BinaryKind::Add, indices, shift);
}

static LogicalResult lowerGather(top::GatherOp op, Lowering &lowering) {
  int64_t axis = op.getAxis();
  ArrayRef<int64_t> from = getShape(op.getInput());
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  Value x = lowering.get(op.getInput());
  std::optional<SmallVector<int64_t>> indices =
      getConstantInts(op.getIndices());
  Value result;
  if (indices) {
    if (failed(normalise(*indices, from[axis], op, lowering)))
      return failure();
    if (std::optional<int64_t> step = getStep(*indices)) {
      SmallVector<int64_t> offsets(from.size(), 0), sizes(from),
          steps(from.size(), 1);
      offsets[axis] = indices->front();
      sizes[axis] = indices->size();
      steps[axis] = *step;
      result = x;
      if (ArrayRef<int64_t>(sizes) != from)
        result = lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(offsets),
                                             ArrayRef<int64_t>(sizes),
                                             ArrayRef<int64_t>(steps));
    } else {
      result = lowering.gather(x, *indices, axis);
    }
  } else {
    Value list =
        lowering.get(op.getIndices(), IntegerType::get(op.getContext(), 32));
    list = emitFromStart(list, from[axis], lowering);
    if (getShape(list).empty())
      list = lowering.reshape(list, int64_t(1));
    result = lowering.emit<tpu::GatherOp>(x, list, axis);
  }
  lowering.replace(op.getResult(), lowering.reshape(result, shape));
  return success();
}

/// Lowers an op that only picks elements of its first operand, by the constants
/// that are its other operands.
template <typename OpTy>
static LogicalResult lowerByIndexMap(OpTy op, Lowering &lowering) {
  ArrayRef<int64_t> from = getShape(op.getInput());
  int64_t count = getNumElements(from);
  SmallVector<Buffer> operands = {Buffer::ints(from)};
  for (int64_t i = 0; i < count; ++i)
    operands[0].getMutableInts()[i] = i;
  for (Value operand : op->getOperands().drop_front()) {
    FailureOr<Buffer> constant = top::getConstant(operand);
    if (failed(constant))
      return lowering.fail(op, "its indices are computed by the network, and "
                               "the chip gathers slices only; make them "
                               "constants or rewrite it with gather");
    operands.push_back(*constant);
  }
  llvm::Expected<SmallVector<Buffer>> picked =
      cast<EvaluableOp>(op.getOperation()).evaluate(operands);
  if (!picked)
    return lowering.fail(op, llvm::toString(picked.takeError()) +
                                 "; correct the model");
  Value x = lowering.reshape(lowering.get(op.getInput()), count);
  x = lowering.gather(x, picked->front().getInts(), 0);
  lowering.replace(op.getResult(),
                   lowering.reshape(x, getShape(op.getOutput())));
  return success();
}

/// A scatter by constant indices without combination picks from the old and the
/// new elements, one after the other.
static LogicalResult lowerScatterND(top::ScatterNDOp op, Lowering &lowering) {
  FailureOr<Buffer> indices = top::getConstant(op.getIndices());
  if (failed(indices) || op.getReduction() != top::ScatterReduction::None)
    return lowering.fail(op, "the chip scatters by constant indices and "
                             "without combination only; make the indices "
                             "constants and the reduction none");
  ArrayRef<int64_t> from = getShape(op.getInput());
  ArrayRef<int64_t> updates = getShape(op.getUpdates());
  int64_t count = getNumElements(from), newCount = getNumElements(updates);
  SmallVector<Buffer> operands = {Buffer::ints(from), *indices,
                                  Buffer::ints(updates)};
  for (int64_t i = 0; i < count; ++i)
    operands[0].getMutableInts()[i] = i;
  for (int64_t i = 0; i < newCount; ++i)
    operands[2].getMutableInts()[i] = count + i;
  llvm::Expected<SmallVector<Buffer>> picked =
      cast<EvaluableOp>(op.getOperation()).evaluate(operands);
  if (!picked)
    return lowering.fail(op, llvm::toString(picked.takeError()) +
                                 "; correct the model");
  Type element =
      lowering.getNaturalElement(op, {op.getInput(), op.getUpdates()});
  Value both[] = {
      lowering.reshape(lowering.get(op.getInput(), element), count),
      lowering.reshape(lowering.get(op.getUpdates(), element), newCount)};
  Value x = lowering.emit<tpu::ConcatOp>(ValueRange(both), int64_t(0));
  x = lowering.gather(x, picked->front().getInts(), 0);
  lowering.replace(op.getResult(), lowering.reshape(x, from));
  return success();
}

void tpuc::populateIndexingLowerings(LoweringSet &set) {
  set.addMove(lowerGather);
  set.addMove(lowerByIndexMap<top::GatherElementsOp>);
  set.addMove(lowerByIndexMap<top::GatherNDOp>);
  set.addMove(lowerScatterND);
}
