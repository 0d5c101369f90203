//===- ValuePlaces.cpp - Values that share memory -------------------------===//
//
// Traces values through reshapes and contiguous slices.
//
//===----------------------------------------------------------------------===//

#include "ValuePlaces.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace tpuc;

/// The elements before a slice that is one run of its input, or nothing when
/// it is not: all axes but the first longer than 1 must be whole.
static std::optional<int64_t> contiguousStart(tpu::SliceOp slice) {
  ArrayRef<int64_t> shape = slice.getInput().getType().getShape();
  SmallVector<int64_t> strides = computeStrides(shape);
  int64_t start = 0;
  bool mustBeWhole = false;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    int64_t taken = slice.getSizes()[axis];
    if (taken != 1 && slice.getSteps()[axis] != 1)
      return std::nullopt;
    if (mustBeWhole && taken != size)
      return std::nullopt;
    mustBeWhole |= taken != 1;
    start += slice.getOffsets()[axis] * strides[axis];
  }
  return start;
}

static bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

/// Whether `value` is memory of the caller or a constant: nothing that a
/// result may share.
static bool isForeign(Value value) {
  return isa<BlockArgument>(value) || isConstant(value);
}

bool tpuc::canTurnLanes(tpu::ReshapeOp reshape) {
  Type element = tpu::getElement(reshape.getOutput());
  return element.isF16() || element.isBF16();
}

bool tpuc::turnsLanes(tpu::ReshapeOp reshape) {
  Operation *producer = reshape.getInput().getDefiningOp();
  auto from = producer
                  ? producer->getAttrOfType<DenseI64ArrayAttr>(kLanesAttrName)
                  : DenseI64ArrayAttr();
  auto to = reshape->getAttrOfType<DenseI64ArrayAttr>(kLanesAttrName);
  if (!from || !to || !canTurnLanes(reshape))
    return false;
  int64_t count = reshape.getOutput().getType().getNumElements();
  bool isOneALane = from[0] * from[1] == count && from[1] > 1;
  return isOneALane && to[0] * to[1] * from[1] == count;
}

ValuePlaces::ValuePlaces(func::FuncOp function) {
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  OpBuilder builder(terminator);
  llvm::SmallDenseSet<Value> taken;
  for (OpOperand &operand : terminator->getOpOperands()) {
    Value value = operand.get();
    if (!isForeign(rootOf(value)) && taken.insert(rootOf(value)).second)
      continue;
    auto copy =
        tpu::ReshapeOp::create(builder, value.getLoc(), value.getType(), value);
    separate.insert(copy);
    operand.set(copy);
    taken.insert(copy);
  }
}

ValuePlaces::Place ValuePlaces::placeOf(Value value) const {
  Place place{value};
  while (Operation *op = place.root.getDefiningOp()) {
    if (separate.contains(op))
      break;
    if (auto reshape = dyn_cast<tpu::ReshapeOp>(op)) {
      if (turnsLanes(reshape))
        break;
      place.root = reshape.getInput();
      continue;
    }
    auto slice = dyn_cast<tpu::SliceOp>(op);
    std::optional<int64_t> start;
    if (slice && !isConstant(rootOf(slice.getInput())))
      start = contiguousStart(slice);
    if (!start)
      break;
    Type type = tpu::getStorageElement(tpu::getElement(slice.getInput()));
    place.offset += *start * int64_t(type.getIntOrFloatBitWidth()) / 8;
    place.root = slice.getInput();
  }
  return place;
}
