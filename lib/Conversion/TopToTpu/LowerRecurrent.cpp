//===- LowerRecurrent.cpp - Lowering of recurrent cells -------------------===//
//
// The cell computes in f32; its weights and its result have the network's
// precision. What does not fit into local memory becomes cells of one direction
// each, and these cells of a part of the steps each, which pass on their state.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Recurrent.h"
#include "Lowering.h"

using namespace mlir;
using namespace tpuc;
using top::CellDirection;

/// Bytes of a lane that a cell may take, so that there is room for what others
/// hold or load ahead.
static int64_t cellBytes(const Arch &arch) { return arch.laneBytes * 7 / 8; }

namespace {

/// A cell to be emitted: all of an op, or a part.
struct CellPart {
  const Arch &arch;
  top::RecurrentOp op;
  CellDirection direction;
  Value input, weight, state, units, mask;

  int64_t getSteps() const { return getShape(input)[2]; }
  int64_t getUnits() const { return getShape(weight)[2]; }
  int64_t getStates() const { return getShape(state)[0]; }
  int64_t getDirections() const { return getShape(state)[1]; }
  int64_t getBatch() const { return getShape(state)[3]; }

  /// Bytes of a lane with `steps` of the steps.
  int64_t getLaneBytes(int64_t steps) const {
    auto typed = [](Value value) {
      kernel::GlobalTensor tensor;
      tensor.type = getElement(value).isF32() ? kernel::ElementType::F32
                                              : kernel::ElementType::F16;
      return tensor;
    };
    top::RecurrentOp op = this->op;
    kernel::RecurrentParams params;
    params.cell = kernel::RecurrentParams::Cell(op.getKind());
    params.linearBeforeReset = op.getLinearBeforeReset();
    params.directions = getDirections();
    params.units = getUnits();
    params.steps = steps;
    params.batch = getBatch();
    params.input = typed(input);
    params.weight = params.result = typed(weight);
    params.state = typed(state);
    if (units)
      params.extra = typed(units);
    if (mask)
      params.mask = typed(mask);
    params.setShapes();
    return kernel::recurrentLaneBytes(arch, params);
  }

  Value emit(Lowering &lowering) const {
    top::RecurrentOp op = this->op;
    auto sizes = {int64_t(1), getDirections() * getUnits(),
                  getSteps() + getStates(), getBatch()};
    SmallVector<Value> options;
    for (Value option : {units, mask})
      if (option)
        options.push_back(option);
    return lowering.emit<tpu::RecurrentOp>(
        RankedTensorType::get(sizes, getElement(weight)), input, weight, state,
        options, op.getKind(), direction, op.getGateActivation(),
        op.getCellActivation(), op.getOutputActivation(), op.getAlphas(),
        op.getBetas(), op.getClip(), op.getLinearBeforeReset(),
        op.getInputForget());
  }
};

} // namespace

/// `size` entries of an axis from `offset` on; nothing of nothing.
static Value slice(Value value, size_t axis, int64_t offset, int64_t size,
                   Lowering &lowering) {
  if (!value)
    return value;
  SmallVector<int64_t> sizes(getShape(value));
  if (sizes[axis] == size)
    return value;
  SmallVector<int64_t> offsets(sizes.size(), 0), ones(sizes.size(), 1);
  offsets[axis] = offset;
  sizes[axis] = size;
  return lowering.emit<tpu::SliceOp>(value, ArrayRef<int64_t>(offsets),
                                     ArrayRef<int64_t>(sizes),
                                     ArrayRef<int64_t>(ones));
}

static Value concat(ArrayRef<Value> parts, int64_t axis, Lowering &lowering) {
  return lowering.emit<tpu::ConcatOp>(ValueRange(parts), axis);
}

/// The parts of a cell of one direction of at most `most` steps each, in the
/// order in which they run.
static Value emitInParts(const CellPart &cell, int64_t most,
                         Lowering &lowering) {
  int64_t steps = cell.getSteps(), states = cell.getStates();
  int64_t count = llvm::divideCeil(steps, most);
  int64_t size = llvm::divideCeil(steps, count);
  bool isReverse = cell.direction == CellDirection::Reverse;
  CellPart part = cell;
  SmallVector<Value> results;
  Value last;
  for (int64_t done = 0; done < steps; done += size) {
    int64_t own = std::min(size, steps - done);
    int64_t begin = isReverse ? steps - done - own : done;
    part.input = slice(cell.input, 2, begin, own, lowering);
    part.mask = slice(cell.mask, 0, begin, own, lowering);
    Value all = part.emit(lowering);
    results.push_back(slice(all, 2, 0, own, lowering));
    last = slice(all, 2, own, states, lowering);
    // [1, H, S, B] as [S, 1, H, B]
    part.state = lowering.cast(lowering.permute(last, {2, 0, 1, 3}),
                               getElement(cell.state));
  }
  if (isReverse)
    std::reverse(results.begin(), results.end());
  results.push_back(last);
  return concat(results, 2, lowering);
}

static FailureOr<Value> emitCell(const CellPart &cell, Lowering &lowering) {
  if (cell.getLaneBytes(cell.getSteps()) <= cellBytes(cell.arch))
    return cell.emit(lowering);
  int64_t directions = cell.getDirections();
  if (directions == 2) {
    SmallVector<Value> parts;
    int64_t rows = getShape(cell.input)[1] / directions;
    for (int64_t index = 0; index < directions; ++index) {
      CellPart part = cell;
      part.direction = index ? CellDirection::Reverse : CellDirection::Forward;
      part.input = slice(cell.input, 1, index * rows, rows, lowering);
      part.weight = slice(cell.weight, 0, index, 1, lowering);
      part.state = slice(cell.state, 1, index, 1, lowering);
      part.units = slice(cell.units, 0, index, 1, lowering);
      FailureOr<Value> result = emitCell(part, lowering);
      if (failed(result))
        return failure();
      parts.push_back(*result);
    }
    return concat(parts, 1, lowering);
  }
  int64_t fits = 0, tooMany = cell.getSteps();
  while (tooMany - fits > 1) {
    int64_t middle = (fits + tooMany) / 2;
    (cell.getLaneBytes(middle) <= cellBytes(cell.arch) ? fits : tooMany) =
        middle;
  }
  if (fits > 0)
    return emitInParts(cell, fits, lowering);
  return LogicalResult(lowering.fail(
      cell.op, "a step of its " + Twine(cell.getUnits()) + " units and " +
                   Twine(cell.getBatch()) + " samples takes " +
                   Twine(cell.getLaneBytes(1) / 1024) +
                   " KiB a lane, of which there are " +
                   Twine(cellBytes(cell.arch) / 1024) +
                   "; use fewer units, a smaller batch or 16 bits"));
}

static LogicalResult lowerRecurrent(top::RecurrentOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Type f32 = Float32Type::get(op.getContext());
  top::RecurrentSizes sizes = top::getRecurrentSizes(op);
  auto getOption = [&](unsigned operand) {
    return operand ? lowering.get(op->getOperand(operand), f32) : Value();
  };
  CellPart cell{lowering.getArch(),
                op,
                op.getDirection(),
                lowering.get(op.getInput(), element),
                lowering.get(op.getWeight(), element),
                lowering.get(op.getState(), f32),
                getOption(sizes.unitsOperand),
                getOption(sizes.maskOperand)};
  FailureOr<Value> result = emitCell(cell, lowering);
  if (failed(result))
    return failure();
  lowering.replace(op.getResult(), *result);
  return success();
}

void tpuc::populateRecurrentLowerings(LoweringSet &set) {
  set.add(lowerRecurrent);
}
