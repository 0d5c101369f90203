//===- LowerShape.cpp - Lowering of views and movements -------------------===//
//
// Ops that move data keep the precision of what they move.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"

using namespace mlir;
using namespace tpuc;

static LogicalResult lowerReshape(top::ReshapeOp op, Lowering &lowering) {
  lowering.replace(op.getResult(), lowering.reshape(lowering.get(op.getInput()),
                                                    getShape(op.getOutput())));
  return success();
}

/// Whether all readers of `value` are convolutions of floats of type `element`.
static bool isConvolvedIn(Value value, Type element, Lowering &lowering) {
  return !value.use_empty() &&
         llvm::all_of(value.getUsers(), [&](Operation *user) {
           if (auto reshape = dyn_cast<top::ReshapeOp>(user))
             return isConvolvedIn(reshape.getResult(), element, lowering);
           auto conv = dyn_cast<top::ConvOp>(user);
           return conv && conv.getInput() == value && !lowering.isInt8(conv) &&
                  lowering.getConvElements(conv).input == element;
         });
}

/// The last axis that has more than one entry; 0 when none has.
static size_t getInnermostAxis(ArrayRef<int64_t> shape) {
  size_t axis = shape.size();
  while (axis > 1 && shape[axis - 1] == 1)
    --axis;
  return axis == 0 ? 0 : axis - 1;
}

/// Whether a network's input is transposed for convolutions in 16 bits: once it
/// is rounded, a product transposes it within local memory.
static bool roundsBeforeTransposing(top::PermuteOp op, Lowering &lowering) {
  constexpr int64_t kFew = 16;
  Type element = lowering.getFloatElement(op);
  ArrayRef<int64_t> from = getShape(op.getInput()),
                    to = getShape(op.getOutput());
  if (!isa<BlockArgument>(op.getInput()) || from.empty() ||
      !getElement(op.getInput()).isF32() || element.isF32())
    return false;
  size_t rows = getInnermostAxis(from), columns = getInnermostAxis(to);
  return op.getOrder()[columns] != int64_t(rows) && from[rows] >= kFew &&
         to[columns] >= kFew &&
         isConvolvedIn(op.getResult(), element, lowering);
}

static LogicalResult lowerPermute(top::PermuteOp op, Lowering &lowering) {
  Value input = roundsBeforeTransposing(op, lowering)
                    ? lowering.get(op.getInput(), lowering.getFloatElement(op))
                    : lowering.get(op.getInput());
  lowering.replace(op.getResult(), lowering.permute(input, op.getOrder()));
  return success();
}

static LogicalResult lowerRelayout(top::RelayoutOp op, Lowering &lowering) {
  Value x = lowering.get(op.getInput());
  auto type =
      cast<RankedTensorType>(x.getType()).clone(getShape(op.getOutput()));
  lowering.replace(op.getResult(), lowering.emit<tpu::RelayoutOp>(
                                       type, x, op.getBoxes(), op.getAxes()));
  return success();
}

static LogicalResult lowerConcat(top::ConcatOp op, Lowering &lowering) {
  Type element = lowering.getNaturalElement(op, op.getInputs());
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(lowering.get(input, element));
  Value result = inputs.front();
  if (inputs.size() > 1)
    result =
        lowering.emit<tpu::ConcatOp>(ValueRange(inputs), int64_t(op.getAxis()));
  lowering.replace(op.getResult(), result);
  return success();
}

/// Axes with a negative step are taken by a list of indices, all others by a
/// slice.
static LogicalResult lowerSlice(top::SliceOp op, Lowering &lowering) {
  Value x = lowering.get(op.getInput());
  ArrayRef<int64_t> shape = getShape(op.getInput());
  SmallVector<int64_t> offsets(op.getOffsets()), sizes(op.getSizes()),
      steps(op.getSteps());
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (sizes[axis] == 1)
      steps[axis] = 1;
    if (steps[axis] > 0)
      continue;
    SmallVector<int64_t> list;
    for (int64_t i = 0; i < sizes[axis]; ++i)
      list.push_back(offsets[axis] + i * steps[axis]);
    x = lowering.gather(x, list, axis);
    offsets[axis] = 0;
    steps[axis] = 1;
  }
  if (getShape(x) != ArrayRef<int64_t>(sizes))
    x = lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(offsets),
                                    ArrayRef<int64_t>(sizes),
                                    ArrayRef<int64_t>(steps));
  lowering.replace(op.getResult(), x);
  return success();
}

/// The input position of position `index` of a padded axis of `size`.
static int64_t getSource(top::PadMode mode, int64_t index, int64_t size) {
  switch (mode) {
  case top::PadMode::Reflect:
    if (index < 0)
      index = -index;
    return index < size ? index : 2 * (size - 1) - index;
  case top::PadMode::Wrap:
    return (index % size + size) % size;
  case top::PadMode::Edge:
  case top::PadMode::Constant:
    break;
  }
  return std::clamp<int64_t>(index, 0, size - 1);
}

/// Pads by a constant. Where the innermost padded axis leaves short runs, by
/// itself first: rows are put together in local memory, and the other axes then
/// move rows that are longer.
static Value emitPad(Value x, ArrayRef<int64_t> pads, double value,
                     Lowering &lowering) {
  size_t rank = pads.size() / 2, axis = rank;
  SmallVector<int64_t> own(pads.size(), 0), others(pads);
  while (axis-- > 0 && pads[axis] == 0 && pads[rank + axis] == 0)
    ;
  std::swap(own[axis], others[axis]);
  std::swap(own[rank + axis], others[rank + axis]);
  bool hasOthers = llvm::any_of(others, [](int64_t pad) { return pad != 0; });
  Type storage = tpu::getStorageElement(getElement(x));
  int64_t run = getProduct(getShape(x).drop_front(axis)) *
                int64_t(storage.getIntOrFloatBitWidth()) / 8;
  if (hasOthers && run < lowering.getArch().shortestRowBytes) {
    x = lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(own), value);
    pads = others;
  }
  return lowering.emit<tpu::PadOp>(x, pads, value);
}

/// Constant padding has a form; every other one is a list of indices an axis.
static LogicalResult lowerPad(top::PadOp op, Lowering &lowering) {
  Value x = lowering.get(op.getInput());
  ArrayRef<int64_t> shape = getShape(op.getInput()), pads = op.getPads();
  if (op.getMode() == top::PadMode::Constant) {
    double value = op.getValue().convertToDouble();
    if (isa<IntegerType>(getElement(x)))
      value = std::trunc(value);
    if (getShape(op.getOutput()) != shape)
      x = emitPad(x, pads, value, lowering);
    lowering.replace(op.getResult(), x);
    return success();
  }
  for (size_t axis = 0, rank = shape.size(); axis < rank; ++axis) {
    int64_t begin = pads[axis], end = pads[rank + axis];
    if (begin == 0 && end == 0)
      continue;
    SmallVector<int64_t> list;
    for (int64_t i = -begin; i < shape[axis] + end; ++i)
      list.push_back(getSource(op.getMode(), i, shape[axis]));
    x = lowering.gather(x, list, axis);
  }
  lowering.replace(op.getResult(), x);
  return success();
}

/// tile(x) -> every repeated axis as [1, size], broadcast to [repeats, size]
static LogicalResult lowerTile(top::TileOp op, Lowering &lowering) {
  Value x = lowering.get(op.getInput());
  SmallVector<int64_t> split, repeated;
  for (auto [size, repeats] :
       llvm::zip(getShape(op.getInput()), op.getRepeats())) {
    if (repeats > 1 && size > 1) {
      split.append({1, size});
      repeated.append({repeats, size});
    } else {
      split.push_back(size);
      repeated.push_back(size * repeats);
    }
  }
  x = lowering.broadcast(lowering.reshape(x, split), repeated);
  lowering.replace(op.getResult(),
                   lowering.reshape(x, getShape(op.getOutput())));
  return success();
}

static LogicalResult lowerBroadcast(top::BroadcastOp op, Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  Value x = lowering.getOfRank(op.getInput(),
                               lowering.getNaturalElement(op, op.getInput()),
                               shape.size());
  lowering.replace(op.getResult(), lowering.broadcast(x, shape));
  return success();
}

/// [n, (row, column, depth), h, w] or [n, (depth, row, column), h, w]
/// -> [n, depth, (h, row), (w, column)]
static LogicalResult lowerDepthToSpace(top::DepthToSpaceOp op,
                                       Lowering &lowering) {
  Value x = lowering.get(op.getInput());
  ArrayRef<int64_t> shape = getShape(op.getInput());
  int64_t block = op.getBlockSize(), depth = shape[1] / (block * block);
  bool depthFirst = op.getMode() == top::BlockOrder::CRD;
  SmallVector<int64_t> split = {shape[0], block,    block,
                                depth,    shape[2], shape[3]};
  SmallVector<int64_t> order = {0, 3, 4, 1, 5, 2};
  if (depthFirst) {
    split = {shape[0], depth, block, block, shape[2], shape[3]};
    order = {0, 1, 4, 2, 5, 3};
  }
  x = lowering.permute(lowering.reshape(x, split), order);
  lowering.replace(op.getResult(),
                   lowering.reshape(x, getShape(op.getOutput())));
  return success();
}

/// [n, depth, (h, row), (w, column)] -> [n, (row, column, depth), h, w]
static LogicalResult lowerSpaceToDepth(top::SpaceToDepthOp op,
                                       Lowering &lowering) {
  Value x = lowering.get(op.getInput());
  ArrayRef<int64_t> shape = getShape(op.getInput());
  int64_t block = op.getBlockSize();
  x = lowering.reshape(x, {shape[0], shape[1], shape[2] / block, block,
                           shape[3] / block, block});
  x = lowering.permute(x, {0, 3, 5, 1, 2, 4});
  lowering.replace(op.getResult(),
                   lowering.reshape(x, getShape(op.getOutput())));
  return success();
}

void tpuc::populateShapeLowerings(LoweringSet &set) {
  set.addMove(lowerReshape);
  set.addMove(lowerPermute);
  set.addMove(lowerRelayout);
  set.addMove(lowerConcat);
  set.addMove(lowerSlice);
  set.addMove(lowerPad);
  set.addMove(lowerTile);
  set.addMove(lowerBroadcast);
  set.addMove(lowerDepthToSpace);
  set.addMove(lowerSpaceToDepth);
}
